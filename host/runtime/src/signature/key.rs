//! Ed25519 keys: public ones as the grant file writes them, private ones in PEM.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pangolin_core::secret::Secret;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::file::Signature;
use super::statement;

/// Length of a public key.
const KEY_BYTES: usize = 32;

/// What comes before the 32 bytes in the DER form of a public key (RFC 8410).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The points of small order, without the sign bit. For such a 'key' anybody makes signatures that
/// hold, for any text.
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

/// Why a text is no key. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither form of a public key.
    #[error(
        "it is neither the base64 of the 32 bytes of an Ed25519 public key nor its PEM (`openssl pkey -in key.pem -pubout`)"
    )]
    NotPublic,
    /// A private key where a public one belongs.
    #[error(
        "it is a private key: only the public one belongs here (`openssl pkey -in key.pem -pubout`); whoever could read \
         this file can sign with it now"
    )]
    IsPrivate,
    /// A value for which anybody can sign.
    #[error("it is no key that somebody holds: signatures of it can be made by anybody")]
    Weak,
    /// Not a private key.
    #[error(
        "it is not the PEM of an Ed25519 private key (`-----BEGIN PRIVATE KEY-----`, as `openssl genpkey -algorithm \
         ed25519` writes it)"
    )]
    NotPrivate,
    /// A private key behind a passphrase.
    #[error("the private key is encrypted: write it without a passphrase first (`openssl pkey -in key.pem`)")]
    Encrypted,
}

/// The key was not made, or does not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library refused the private key")]
pub struct DoesNotSign;

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    /// Reads the base64 of the 32 bytes, or the PEM that openssl writes.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::IsPrivate);
        }
        let bytes = if text.starts_with("-----BEGIN ") {
            let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::NotPublic)?;
            der.strip_prefix(&SPKI_HEAD).ok_or(KeyError::NotPublic)?.to_vec()
        } else {
            STANDARD.decode(text).map_err(|_| KeyError::NotPublic)?
        };
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| KeyError::NotPublic)?;
        if is_weak(bytes) { Err(KeyError::Weak) } else { Ok(Self(bytes)) }
    }

    /// Which key it is: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = hex::encode(Sha256::digest(self.0));
        id.truncate(16);
        id
    }

    /// The base64 of its 32 bytes, as the grant file writes it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Whether the key made this signature of these bytes.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// Points of small order, and numbers that are not written as RFC 8032 writes them.
fn is_weak(mut bytes: [u8; KEY_BYTES]) -> bool {
    if let Some(last) = bytes.last_mut() {
        *last &= 0x7f;
    }
    // The prime is 2^255 - 19: little-endian ed, then ff, then 7f.
    let [first, middle @ .., last] = bytes;
    let beyond_the_prime = first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last == 0x7f;
    beyond_the_prime || SMALL_ORDER.contains(&hex::encode(bytes).as_str())
}

/// An Ed25519 private key. Its Debug shows nothing; the library wipes it when it goes.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// A new one, from the system's randomness.
    ///
    /// # Errors
    /// [`DoesNotSign`]: there is no randomness.
    pub fn generate() -> Result<Self, DoesNotSign> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| DoesNotSign)
    }

    /// Reads PKCS #8 in PEM: version 1 as openssl writes it, or version 2 with the public key.
    ///
    /// # Errors
    /// [`KeyError`].
    #[expect(clippy::disallowed_methods, reason = "the key becomes one that signs")]
    pub fn from_pem(pem: &Secret<String>) -> Result<Self, KeyError> {
        let pem = pem.expose();
        if pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return Err(KeyError::Encrypted);
        }
        let mut der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::NotPrivate)?;
        let key = Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| KeyError::NotPrivate);
        der.zeroize();
        key.map(Self)
    }

    /// PKCS #8 version 1 in PEM, which openssl reads.
    ///
    /// # Errors
    /// [`DoesNotSign`].
    pub fn to_pem(&self) -> Result<Secret<String>, DoesNotSign> {
        let der = self.0.to_pkcs8v1().map_err(|_| DoesNotSign)?;
        let text = Zeroizing::new(STANDARD.encode(der.as_ref()));
        Ok(Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", text.as_str())))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0; KEY_BYTES];
        for (to, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(bytes)
    }

    /// Signs the [`statement`] of the component with this digest (SHA-256, hexadecimal, lower case).
    ///
    /// # Errors
    /// [`DoesNotSign`].
    pub fn sign(&self, digest: &str) -> Result<Signature, DoesNotSign> {
        let signed = self.0.try_sign(&statement(digest)).map_err(|_| DoesNotSign)?;
        Signature::new(self.public_key().id(), digest, signed.as_ref()).ok_or(DoesNotSign)
    }
}
