//! Whose signature a component needs, and whether it has it.

use std::collections::BTreeMap;

use super::lines::list;
use super::{BuiltIn, GrantFile};
use crate::load::FileError;
use crate::signature::{self, Finding, PublicKey, SignatureFile, Verdict};
use crate::text;

/// The signatures beside a component, as they were when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signatures {
    /// There is no such file.
    None,
    /// They are these.
    Read(SignatureFile),
    /// The file cannot be used. Only a component that needs a signature suffers by it.
    Unusable(String),
}

impl Signatures {
    /// From the bytes of the file, or why it could not be read.
    pub(crate) fn of<T: AsRef<[u8]>>(read: Result<Option<T>, FileError>) -> Self {
        match read {
            Ok(None) => Self::None,
            Ok(Some(bytes)) => match SignatureFile::from_bytes(bytes.as_ref()) {
                Ok(file) => Self::Read(file),
                Err(error) => Self::Unusable(error.to_string()),
            },
            Err(error) => Self::Unusable(error.to_string()),
        }
    }
}

/// What is known of a component before the compiler sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// Its file's name.
    pub(crate) file: &'a str,
    pub(crate) digest: &'a str,
    pub(crate) signatures: &'a Signatures,
}

/// The component has no signature of those that could vouch for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{demand}, and {found}. {mend}")]
pub(crate) struct Unsigned {
    demand: String,
    found: String,
    mend: String,
}

/// Names of the operator's keys that signed the component; refused where the operator's file wants
/// a signature that it does not have. What one plugin needs is known with its name only: before
/// `describe` ran there is none, and after it this is asked again.
pub(crate) fn signers(
    signed: Signed<'_>,
    name: Option<&str>,
    grants: Option<&GrantFile>,
    built_in: &BuiltIn,
) -> Result<Vec<String>, Unsigned> {
    let Some(grants) = grants else { return Ok(Vec::new()) };
    let keys = &grants.signatures.keys;
    let findings = match signed.signatures {
        Signatures::Read(file) => signature::judge(signed.digest, file, keys),
        Signatures::None | Signatures::Unusable(_) => Vec::new(),
    };
    let held_by = signature::holding(&findings);
    let table = name.and_then(|name| Some((name, grants.plugins.get(name)?)));
    if let Some((name, wanted)) = table.map(|(name, grant)| (name, &grant.signed_by)).filter(|(_, by)| !by.is_empty())
        && !wanted.iter().any(|key| held_by.contains(key))
    {
        let demand = format!("plugin '{name}' must be signed by {}", one_of(wanted, keys));
        let mend = match held_by.is_empty() {
            true => to_sign(signed.file),
            false => {
                let all: Vec<String> = wanted.iter().chain(&held_by).cloned().collect();
                format!(
                    "If that is fine, set in the table [plugins.{name}] of the grant file\nsigned_by = {}",
                    list(&all)
                )
            }
        };
        return Err(Unsigned { demand, found: found(&signed, &findings), mend });
    }
    if grants.signatures.required && held_by.is_empty() && !built_in.digests.contains(signed.digest) {
        let names: Vec<String> = keys.keys().cloned().collect();
        let demand = if names.is_empty() {
            "the grant file requires a signature and names no key of a signer".to_owned()
        } else {
            format!("the grant file requires a signature by {}", one_of(&names, keys))
        };
        return Err(Unsigned { demand, found: found(&signed, &findings), mend: mend(signed.file, &findings, keys) });
    }
    Ok(held_by)
}

/// The keys, each with its id.
fn one_of(names: &[String], keys: &BTreeMap<String, PublicKey>) -> String {
    let shown = names.iter().map(|name| match keys.get(name) {
        Some(key) => format!("'{name}' (key {})", key.id()),
        None => format!("'{name}'"),
    });
    shown.collect::<Vec<_>>().join(" or ")
}

/// What is wrong with the signatures that there are.
fn found(signed: &Signed<'_>, findings: &[Finding]) -> String {
    match signed.signatures {
        Signatures::None => format!("there is no file {}", signature::file_name(signed.file)),
        Signatures::Unusable(why) => format!("{} cannot be used: {why}", signature::file_name(signed.file)),
        Signatures::Read(_) if findings.is_empty() => {
            format!("{} is empty", signature::file_name(signed.file))
        }
        Signatures::Read(_) => findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// The commands or lines that would help a component that nobody vouches for.
fn mend(file: &str, findings: &[Finding], keys: &BTreeMap<String, PublicKey>) -> String {
    let stranger = findings.iter().find(|finding| finding.verdict == Verdict::UnknownKey);
    let Some(stranger) = stranger else { return to_sign(file) };
    let place = match keys.is_empty() {
        true => "add to the grant file\n[signatures.keys]",
        false => "add to the table [signatures.keys] of the grant file",
    };
    let id = &stranger.key_id;
    format!(
        "If that signer is trusted, {place}\nNAME = \"<the public key whose id is {id}, as its owner publishes it>\""
    )
}

fn to_sign(file: &str) -> String {
    // A name that a shell would read as something else is not put into a command.
    let plain = file.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let plain = plain && !file.starts_with('-');
    let shown = if plain { text::printable(file, 255) } else { "<the component>".to_owned() };
    format!("To sign it:\npangolin plugin sign --key <private key> {shown}")
}
