//! Shared access signatures of Azure Storage for containers, directories and blobs: a service SAS
//! by the account's key, or a user-delegation SAS by a key that Azure gave to a principal.

mod text;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use percent_encoding::utf8_percent_encode;
use sha2::Sha256;
use zeroize::Zeroizing;

use self::text::{Line, parts};
use crate::UNRESERVED;

/// The version that signatures are made by (`sv`). What is signed changed in 2020-12-06 and, for
/// user delegation, in 2025-07-05; emulators know what lies between.
pub const VERSION: &str = "2021-12-02";

/// Letters of permissions in the order that Azure asks for.
const ORDER: &str = "racwdxltmeopi";

/// What a signature opens. Paths are not encoded, and have no slash at their ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// All of the container.
    Container,
    /// A directory and all below it; with a hierarchical namespace only.
    Directory(&'a str),
    /// One blob.
    Blob(&'a str),
}

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SasFields<'a> {
    /// Name of the storage account.
    pub account: &'a str,
    /// Name of the container.
    pub container: &'a str,
    /// What in it.
    pub resource: Resource<'a>,
    /// Letters in Azure's order, for example `racwdl`.
    pub permissions: &'a str,
    /// None: at once, by Azure's clock.
    pub starts_at: Option<UnixMillis>,
    /// Cut to whole seconds.
    pub expires_at: UnixMillis,
    /// A GUID for Azure's logs; with user delegation only.
    pub correlation_id: Option<&'a str>,
    /// Whether plain HTTP is refused by Azure.
    pub https_only: bool,
}

/// A user-delegation key, each text as Azure gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationKey {
    /// `SignedOid`: the principal's object identifier.
    pub object_id: String,
    /// `SignedTid`: the principal's directory.
    pub tenant_id: String,
    /// `SignedStart`.
    pub starts_at: String,
    /// `SignedExpiry`.
    pub expires_at: String,
    /// `SignedService`.
    pub service: String,
    /// `SignedVersion`.
    pub version: String,
    /// `Value`: the key, base64.
    pub value: Secret<String>,
}

/// A shared access signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sas {
    /// Query string without a leading `?`.
    pub token: Secret<String>,
    /// When it ends, as it says itself.
    pub expires_at: UnixMillis,
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SasError {
    /// The key cannot be one.
    #[error("the key is not base64, as keys of storage accounts are")]
    Key,
    /// A field that is empty, or has a character that would end its line in what is signed.
    #[error("'{0}' of a shared access signature is empty or has control characters")]
    Field(&'static str),
    /// A path with slashes at its ends or empty segments: its depth is not certain.
    #[error("the path of a shared access signature has empty segments")]
    Path,
    /// Not letters in order.
    #[error("the permissions are not letters of '{ORDER}' in this order")]
    Permissions,
    /// It ends before it starts, or is out of the calendar.
    #[error("a shared access signature must end after it starts")]
    Life,
    /// The delegation key ends earlier.
    #[error("the signature would outlive the user-delegation key that makes it, which ends at {0}")]
    KeyEndsBefore(String),
    /// With an account's key there is nowhere to put it.
    #[error("a correlation id needs a user-delegation key")]
    Correlation,
}

/// Signs with the account's key: a service SAS.
///
/// # Errors
/// [`SasError`]; never with a part of the key.
pub fn sign_with_account_key(fields: &SasFields<'_>, key_base64: &Secret<String>) -> Result<Sas, SasError> {
    if fields.correlation_id.is_some() {
        return Err(SasError::Correlation);
    }
    sign(fields, None, key_base64)
}

/// Signs with a user-delegation key.
///
/// # Errors
/// [`SasError`]; never with a part of the key.
pub fn sign_with_delegation_key(fields: &SasFields<'_>, key: &DelegationKey) -> Result<Sas, SasError> {
    let ends = UnixMillis::parse_rfc3339(&key.expires_at).map_err(|_| SasError::Field("SignedExpiry"))?;
    if whole_seconds(fields.expires_at) > ends {
        return Err(SasError::KeyEndsBefore(key.expires_at.clone()));
    }
    sign(fields, Some(key), &key.value)
}

fn sign(fields: &SasFields<'_>, delegation: Option<&DelegationKey>, key: &Secret<String>) -> Result<Sas, SasError> {
    let lines = parts(fields, delegation)?;
    let signed: Vec<&str> = lines.iter().filter(|line| line.is_signed).map(|line| line.value.as_ref()).collect();
    let signature = mac(key, &signed.join("\n"))?;
    let mut token = String::with_capacity(512);
    let last = Line::sent("sig", signature);
    for Line { name, value, .. } in lines.iter().chain([&last]).filter(|line| line.is_sent()) {
        let separator = if token.is_empty() { "" } else { "&" };
        // Writing to a String cannot fail.
        let _ = write!(token, "{separator}{name}={}", utf8_percent_encode(value, UNRESERVED));
    }
    Ok(Sas { token: Secret::new(token), expires_at: whole_seconds(fields.expires_at) })
}

fn whole_seconds(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.div_euclid(1000) * 1000)
}

/// HMAC-SHA256 in base64.
#[expect(clippy::disallowed_methods, reason = "the key's only use: it signs")]
fn mac(key_base64: &Secret<String>, text: &str) -> Result<String, SasError> {
    let key = Zeroizing::new(STANDARD.decode(key_base64.expose().trim()).map_err(|_| SasError::Key)?);
    if key.is_empty() {
        return Err(SasError::Key);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SasError::Key)?;
    mac.update(text.as_bytes());
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests;
