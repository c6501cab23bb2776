//! The operator's word: which plugin may do what. A plugin's rights are what its imports allow,
//! what it asks for in `describe`, and what is granted here, all three.

mod file;
mod hosts;
mod lines;
mod signers;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use pangolin_core::strategy::{Description, Field, HostPattern, Rights, SecretUse};

pub use self::file::{Grant, GrantFile, GrantFileError, SignaturePolicy};
pub(crate) use self::hosts::is_host;
pub(crate) use self::lines::Missing;
pub(crate) use self::signers::{Signatures, Signed, Unsigned, signers};
use crate::limits::Limits;

/// Services that send requests: a component that imports none of them reaches no host.
const SENDERS: [&str; 4] = ["http", "sts", "azure", "gcp"];

/// Services that know the host's own identity.
const IDENTITIES: [&str; 3] = ["sts", "azure", "gcp"];

/// Digests of the components that come with the release. They get what they ask for, unless the
/// operator's file says otherwise.
#[derive(Debug, Clone, Default)]
pub struct BuiltIn {
    /// SHA-256, hexadecimal, lower case.
    pub digests: BTreeSet<String>,
}

/// What one component may do.
#[derive(Debug, Clone, PartialEq)]
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
    /// The same, one by one.
    pub(crate) lacking: Arc<Missing>,
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
#[error(
    "the grant file pins '{name}' to sha256 {pinned}, this file has {found}: restore the file, or \
     write that digest to 'sha256' in the table [plugins.{name}]"
)]
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
    fn imports(&self, interfaces: &[&str]) -> bool {
        let named = |import: &str, interface: &str| {
            import.strip_prefix("pangolin:vending/").and_then(|rest| rest.split('@').next()) == Some(interface)
        };
        self.imports.iter().any(|import| interfaces.iter().any(|interface| named(import, interface)))
    }

    /// Hosts that it asks for and could send something to.
    fn hosts(&self) -> &[HostPattern] {
        if self.imports(&SENDERS) { &self.description.hosts } else { &[] }
    }

    fn uses(&self, wanted: &SecretUse) -> bool {
        self.description.fields.iter().any(|field| field.secret_uses.contains(wanted))
    }

    /// A grant of everything asked for.
    fn everything(&self) -> Grant {
        Grant {
            hosts: self.hosts().iter().map(hosts::to_text).collect(),
            host_identity: self.imports(&IDENTITIES),
            credential_values: self.uses(&SecretUse::CredentialValue),
            raw_hmac: self.uses(&SecretUse::RawHmac),
            ..Grant::default()
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
    let written = file.and_then(|file| file.plugins.get(name));
    if let Some(pinned) = written.and_then(|grant| grant.sha256.as_deref())
        && !pinned.eq_ignore_ascii_case(asked.digest)
    {
        return Err(PinMismatch { name: name.clone(), pinned: pinned.to_owned(), found: asked.digest.to_owned() });
    }
    let everything = asked.everything();
    let grant = written.or_else(|| built_in.digests.contains(asked.digest).then_some(&everything));
    let nothing = Grant::default();
    let given = grant.is_some();
    let grant = grant.unwrap_or(&nothing);
    let lacking = Missing {
        plugin: name.clone(),
        digest: asked.digest.to_owned(),
        has_table: written.is_some(),
        granted_hosts: written.map(|written| written.hosts.clone()).unwrap_or_default(),
        hosts: asked.hosts().iter().filter(|host| !hosts::covered(host, &grant.hosts)).cloned().collect(),
        host_identity: everything.host_identity && !grant.host_identity,
        uses: withheld(asked.description, grant),
    };
    Ok(Granted {
        given,
        hosts: hosts::intersect(asked.hosts(), &grant.hosts).into(),
        fields: asked.description.fields.iter().map(|field| narrowed(field, grant)).collect(),
        host_identity: grant.host_identity && everything.host_identity,
        limits: grant.limits.clone(),
        missing: lacking.lines_unless(given),
        lacking: Arc::new(lacking),
    })
}

/// Whether a use of a secret needs a grant of its own that this one does not have.
fn is_withheld(wanted: &SecretUse, grant: &Grant) -> bool {
    match wanted {
        SecretUse::CredentialValue => !grant.credential_values,
        SecretUse::RawHmac => !grant.raw_hmac,
        _ => false,
    }
}

/// The field without uses that it did not get.
fn narrowed(field: &Field, grant: &Grant) -> Field {
    let mut field = field.clone();
    field.secret_uses.retain(|wanted| !is_withheld(wanted, grant));
    field
}

/// Uses that are asked for and not granted, by field.
fn withheld(description: &Description, grant: &Grant) -> Vec<(String, SecretUse)> {
    let of_field = |field: &Field| {
        let uses = field.secret_uses.iter().filter(|wanted| is_withheld(wanted, grant));
        uses.map(|wanted| (field.name.clone(), wanted.clone())).collect::<Vec<_>>()
    };
    description.fields.iter().flat_map(of_field).collect()
}
