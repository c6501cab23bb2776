//! Secrets at rest: AES-256-GCM, bound to the tenant, row and column that they are stored in.

mod macs;

use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use pangolin_core::secret::Secret;
use zeroize::Zeroizing;

use crate::random;

pub use self::macs::SealFault;
pub(crate) use self::macs::{MacKeys, Parts, mac_key_of};

/// The name of a key that was given without one.
const DEFAULT_KEY_ID: &str = "default";
const NONCE_BYTES: usize = 12;

/// Why keys were refused. No text shows any part of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// Nothing was given.
    #[error("no encryption key given: use base64 of 32 bytes, or id:base64,id:base64")]
    Empty,
    /// Not base64 of 32 bytes.
    #[error("encryption key {0} is not base64 of 32 bytes (make one with: openssl rand -base64 32)")]
    NotAKey(usize),
    /// The name of a key is part of each sealed value.
    #[error("encryption key {0} needs a name of 1 to 32 letters, digits, '-' or '_'")]
    BadId(usize),
    /// Two keys have one name.
    #[error("two encryption keys are called '{0}'")]
    Duplicate(String),
}

/// Why a value could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error("the stored value is not in the sealed form v2:<key id>:<base64>")]
    Form,
    #[error("the value is sealed with encryption key '{0}', which is not in the key ring: add it back")]
    UnknownKey(String),
    #[error("the sealed value does not belong here, was changed, or was sealed with another key of the same name")]
    Refused,
    #[error("the value could not be sealed")]
    Failed,
}

#[derive(Clone)]
struct NamedKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

/// Keys by name. The first seals; all of them open.
#[derive(Clone)]
pub struct KeyRing(Arc<[NamedKey]>);

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|named| &named.id)).finish()
    }
}

/// The place of a sealed value. It is authenticated with the value, so that a value that is
/// moved to another place does not open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
    pub(crate) column: &'static str,
    pub(crate) tenant: &'a str,
}

/// What is bound with the value. Values of the first form do not name their tenant; they are
/// opened still, and sealed in the second form when they are written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    V1,
    V2,
}

impl Place<'_> {
    /// No part holds a `|`: parts are identifiers and our own names.
    fn bytes(&self, form: Form) -> Vec<u8> {
        let Self { table, row, column, tenant } = self;
        match form {
            Form::V1 => format!("{table}|{row}|{column}"),
            Form::V2 => format!("v2|{tenant}|{table}|{row}|{column}"),
        }
        .into_bytes()
    }
}

/// A sealed text, taken apart.
#[derive(Debug, Clone, Copy)]
struct Sealed<'t> {
    form: Form,
    key: &'t str,
    encoded: &'t str,
}

impl<'t> Sealed<'t> {
    fn parse(text: &'t str) -> Result<Self, SealError> {
        let (form, rest) = match text.split_once(':') {
            Some(("v1", rest)) => (Form::V1, rest),
            Some(("v2", rest)) => (Form::V2, rest),
            _ => return Err(SealError::Form),
        };
        let (key, encoded) = rest.split_once(':').ok_or(SealError::Form)?;
        // The name of a key is shown to people: what is no name is no sealed text.
        if is_key_id(key) { Ok(Self { form, key, encoded }) } else { Err(SealError::Form) }
    }
}

/// The name of the key that a sealed text says it is under.
pub(crate) fn key_of(sealed: &str) -> Result<&str, SealError> {
    Sealed::parse(sealed).map(|sealed| sealed.key)
}

fn is_key_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

impl KeyRing {
    /// Reads base64 of 32 bytes (a key called `default`), or `id:base64,id:base64`.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys: Vec<NamedKey> = Vec::new();
        for (at, part) in text.trim().split(',').enumerate() {
            let (id, encoded) = part.trim().split_once(':').unwrap_or((DEFAULT_KEY_ID, part.trim()));
            if encoded.is_empty() {
                return Err(KeyRingError::Empty);
            }
            if !is_key_id(id) {
                return Err(KeyRingError::BadId(at + 1));
            }
            if keys.iter().any(|known| known.id == id) {
                return Err(KeyRingError::Duplicate(id.to_owned()));
            }
            let bytes = Zeroizing::new(BASE64.decode(encoded).map_err(|_| KeyRingError::NotAKey(at + 1))?);
            let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeyRingError::NotAKey(at + 1))?;
            keys.push(NamedKey { id: id.to_owned(), key: Zeroizing::new(key) });
        }
        Ok(Self(keys.into()))
    }

    /// A new key, and the text that [`KeyRing::parse`] reads, for a file that only the host reads.
    #[must_use]
    pub fn generate() -> (Self, Secret<String>) {
        let key = random::key();
        let text = Secret::new(BASE64.encode(*key));
        (Self([NamedKey { id: DEFAULT_KEY_ID.to_owned(), key }].into()), text)
    }

    /// A new key as [`KeyRing::parse`] reads it, with a name.
    ///
    /// # Errors
    /// [`KeyRingError::BadId`].
    pub fn generate_named(id: &str) -> Result<Secret<String>, KeyRingError> {
        if !is_key_id(id) {
            return Err(KeyRingError::BadId(1));
        }
        Ok(Secret::new(format!("{id}:{}", BASE64.encode(*random::key()))))
    }

    /// Names of the keys; the first seals.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|named| named.id.as_str())
    }

    /// Whether a value would be sealed as it is now: with the first key, naming its tenant.
    pub(crate) fn is_current(&self, sealed: &str) -> bool {
        Sealed::parse(sealed).is_ok_and(|sealed| sealed.form == Form::V2 && self.ids().next() == Some(sealed.key))
    }

    /// Keys for another purpose, each derived from the key of that name; the first one leads.
    pub(crate) fn derived(&self, purpose: &str) -> Vec<(String, Zeroizing<[u8; 32]>)> {
        use hmac::Mac as _;
        let derive = |named: &NamedKey| {
            let mut keyed = <hmac::Hmac<sha2::Sha256> as hmac::Mac>::new_from_slice(named.key.as_slice()).ok()?;
            keyed.update(purpose.as_bytes());
            Some((named.id.clone(), Zeroizing::new(keyed.finalize().into_bytes().into())))
        };
        self.0.iter().filter_map(derive).collect()
    }

    /// Seals with the first key: `v2:<key id>:<base64 of nonce and ciphertext>`.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<String, SealError> {
        let named = self.0.first().ok_or(SealError::Failed)?;
        let nonce = random::nonce();
        let mut sealed = nonce.to_vec();
        let payload = Payload { msg: plain, aad: &place.bytes(Form::V2) };
        let ciphertext = cipher(named)?.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| SealError::Failed)?;
        sealed.extend(ciphertext);
        Ok(format!("v2:{}:{}", named.id, BASE64.encode(sealed)))
    }

    /// Opens with the key that the value names.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let Sealed { form, key, encoded } = Sealed::parse(sealed)?;
        let named = self.0.iter().find(|named| named.id == key).ok_or_else(|| SealError::UnknownKey(key.to_owned()))?;
        let bytes = BASE64.decode(encoded).map_err(|_| SealError::Form)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError::Form)?;
        let payload = Payload { msg: ciphertext, aad: &place.bytes(form) };
        cipher(named)?.decrypt(Nonce::from_slice(nonce), payload).map(Zeroizing::new).map_err(|_| SealError::Refused)
    }
}

fn cipher(named: &NamedKey) -> Result<Aes256Gcm, SealError> {
    Aes256Gcm::new_from_slice(named.key.as_slice()).map_err(|_| SealError::Failed)
}

#[cfg(test)]
mod tests;
