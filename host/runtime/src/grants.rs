//! The operator's word: which plugin may do what. A plugin's rights are what its imports allow,
//! what it asks for in `describe`, and what is granted here, all three.

mod file;
mod hosts;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use pangolin_core::strategy::{Description, Field, HostPattern, Rights, SecretUse};

pub use self::file::{Grant, GrantFile, GrantFileError};
pub(crate) use self::hosts::is_host;
use crate::limits::Limits;

/// Digests of the components that come with the release. They get what they ask for, unless the
/// operator's file says otherwise.
#[derive(Debug, Clone, Default)]
pub struct BuiltIn {
    /// SHA-256, hexadecimal, lower case.
    pub digests: BTreeSet<String>,
}

/// What one component may do.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    /// Whether it may vend at all.
    pub(crate) given: bool,
    /// Hosts that it asked for and got.
    pub(crate) hosts: Arc<[HostPattern]>,
    /// Its fields, with the uses of secrets that it got.
    pub(crate) fields: Arc<[Field]>,
    /// Whether `sts` may use the host's own identity for it.
    pub(crate) host_identity: bool,
    /// Bounds of its calls.
    pub(crate) limits: Limits,
    /// Lines that would grant what is asked for and missing; empty when nothing is.
    pub(crate) missing: String,
}

impl Granted {
    /// For lists.
    pub(crate) fn rights(&self) -> Rights {
        let uses = |wanted: &SecretUse| self.fields.iter().any(|field| field.secret_uses.contains(wanted));
        Rights {
            hosts: self.hosts.iter().map(hosts::to_text).collect(),
            host_identity: self.host_identity,
            credential_values: uses(&SecretUse::CredentialValue),
            raw_hmac: uses(&SecretUse::RawHmac),
        }
    }
}

/// The digest is not the one that the operator pinned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the grant file pins '{name}' to sha256 {pinned}, this file has {found}: restore the file, or change the pin")]
pub(crate) struct PinMismatch {
    name: String,
    pinned: String,
    found: String,
}

/// What a component asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) description: &'a Description,
    pub(crate) imports: &'a [String],
    pub(crate) digest: &'a str,
}

impl Asked<'_> {
    fn imports(&self, interface: &str) -> bool {
        let wanted = format!("pangolin:vending/{interface}@");
        self.imports.iter().any(|import| import.starts_with(&wanted))
    }

    fn uses(&self, wanted: &SecretUse) -> bool {
        self.description.fields.iter().any(|field| field.secret_uses.contains(wanted))
    }

    /// A grant of everything asked for.
    fn everything(&self) -> Grant {
        Grant {
            sha256: Some(self.digest.to_owned()),
            hosts: self.description.hosts.iter().map(hosts::to_text).collect(),
            host_identity: ["sts", "azure", "gcp"].iter().any(|interface| self.imports(interface)),
            credential_values: self.uses(&SecretUse::CredentialValue),
            raw_hmac: self.uses(&SecretUse::RawHmac),
            limits: Limits::default(),
        }
    }
}

/// Intersects what is asked for with what is granted.
pub(crate) fn effective(
    asked: Asked<'_>,
    file: Option<&GrantFile>,
    built_in: &BuiltIn,
) -> Result<Granted, PinMismatch> {
    let name = &asked.description.name;
    let everything = asked.everything();
    let written = file.and_then(|file| file.plugins.get(name));
    if let Some(pinned) = written.and_then(|grant| grant.sha256.as_deref())
        && !pinned.eq_ignore_ascii_case(asked.digest)
    {
        return Err(PinMismatch { name: name.clone(), pinned: pinned.to_owned(), found: asked.digest.to_owned() });
    }
    let grant = written.or_else(|| built_in.digests.contains(asked.digest).then_some(&everything));
    let nothing = Grant::default();
    let given = grant.is_some();
    let grant = grant.unwrap_or(&nothing);
    let hosts: Arc<[HostPattern]> = hosts::intersect(&asked.description.hosts, &grant.hosts).into();
    let fields = asked.description.fields.iter().map(|field| narrowed(field, grant)).collect();
    let missing = if covers(grant, &everything, given) { String::new() } else { lines(name, &everything) };
    Ok(Granted {
        given,
        hosts,
        fields,
        host_identity: grant.host_identity && everything.host_identity,
        limits: grant.limits.clone(),
        missing,
    })
}

/// The field without uses that need a grant of their own and did not get it.
fn narrowed(field: &Field, grant: &Grant) -> Field {
    let mut field = field.clone();
    field.secret_uses.retain(|wanted| match wanted {
        SecretUse::CredentialValue => grant.credential_values,
        SecretUse::RawHmac => grant.raw_hmac,
        _ => true,
    });
    field
}

fn covers(grant: &Grant, everything: &Grant, given: bool) -> bool {
    given
        && (grant.host_identity || !everything.host_identity)
        && (grant.credential_values || !everything.credential_values)
        && (grant.raw_hmac || !everything.raw_hmac)
        && everything.hosts.iter().all(|host| grant.hosts.iter().any(|granted| hosts::text_covers(granted, host)))
}

/// The lines of the grant file that give everything.
fn lines(name: &str, everything: &Grant) -> String {
    let mut out = format!("[plugins.{name}]\n");
    if let Some(digest) = &everything.sha256 {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "sha256 = \"{digest}\"");
    }
    if !everything.hosts.is_empty() {
        let hosts: Vec<String> = everything.hosts.iter().map(|host| format!("\"{host}\"")).collect();
        let _ = writeln!(out, "hosts = [{}]", hosts.join(", "));
    }
    for (key, wanted) in [
        ("host_identity", everything.host_identity),
        ("credential_values", everything.credential_values),
        ("raw_hmac", everything.raw_hmac),
    ] {
        if wanted {
            let _ = writeln!(out, "{key} = true");
        }
    }
    out
}
