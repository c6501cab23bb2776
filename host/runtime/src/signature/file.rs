//! The file with the signatures of one component: one JSON object a line.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::text;

/// Size of the largest signature file.
pub const MAX_SIGNATURE_FILE_BYTES: usize = 64 << 10;

/// Signatures of one file.
pub const MAX_SIGNATURES: usize = 32;

/// Length of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// Why a text is no signature file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFileError {
    /// Larger than any that is needed.
    #[error("the signature file has more than {MAX_SIGNATURE_FILE_BYTES} bytes")]
    TooLarge,
    /// More lines than any that is needed.
    #[error("the signature file has more than {MAX_SIGNATURES} lines")]
    TooMany,
    /// Not UTF-8.
    #[error("the signature file is not UTF-8")]
    NotText,
    /// One line is not of the known form.
    #[error("line {line} of the signature file: {source}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: BadLine,
    },
}

/// What is wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// Not an object in braces.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// Not JSON, or an object with other members.
    #[error("{0}")]
    Members(String),
    /// The id of the key.
    #[error("'key' is not 16 lower-case hexadecimal digits")]
    Key,
    /// The digest.
    #[error("'sha256' is not 64 lower-case hexadecimal digits")]
    Digest,
    /// The signature.
    #[error("'signature' is not the base64 of {SIGNATURE_BYTES} bytes")]
    Signature,
}

/// One line as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    sha256: String,
    signature: String,
}

/// One signature, of which only the form is known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    key_id: String,
    digest: String,
    bytes: [u8; SIGNATURE_BYTES],
}

impl Signature {
    /// None: the parts do not have the form of a signature.
    pub(super) fn new(key_id: String, digest: &str, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.try_into().ok()?;
        (is_hex(&key_id, 16) && is_hex(digest, 64)).then(|| Self { key_id, digest: digest.to_owned(), bytes })
    }

    /// Id of the key that it names; see [`PublicKey::id`](super::PublicKey::id).
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Digest of the component that it names.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The signature itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The signatures of one component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureFile {
    signatures: Vec<Signature>,
}

impl SignatureFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`SignatureFileError`]: what is not of the known form is refused as a whole.
    pub fn parse(text: &str) -> Result<Self, SignatureFileError> {
        if text.len() > MAX_SIGNATURE_FILE_BYTES {
            return Err(SignatureFileError::TooLarge);
        }
        let mut signatures = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if index == MAX_SIGNATURES {
                return Err(SignatureFileError::TooMany);
            }
            signatures.push(signature(line).map_err(|source| SignatureFileError::Line { line: index + 1, source })?);
        }
        Ok(Self { signatures })
    }

    /// The same for bytes.
    ///
    /// # Errors
    /// See [`Self::parse`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignatureFileError> {
        if bytes.len() > MAX_SIGNATURE_FILE_BYTES {
            return Err(SignatureFileError::TooLarge);
        }
        Self::parse(std::str::from_utf8(bytes).map_err(|_| SignatureFileError::NotText)?)
    }

    /// As they stand in the file.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature. Those that its key made before go: they were for this component or for one
    /// that was here before it.
    pub fn put(&mut self, signature: Signature) {
        self.signatures.retain(|other| other.key_id != signature.key_id);
        self.signatures.push(signature);
    }
}

impl fmt::Display for SignatureFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for signature in &self.signatures {
            let line = Line {
                key: signature.key_id.clone(),
                sha256: signature.digest.clone(),
                signature: STANDARD.encode(signature.bytes),
            };
            writeln!(f, "{}", serde_json::to_string(&line).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

fn signature(line: &str) -> Result<Signature, BadLine> {
    // serde would take an array of three texts as well.
    if !line.starts_with('{') {
        return Err(BadLine::NotAnObject);
    }
    let Line { key, sha256, signature } =
        serde_json::from_str(line).map_err(|error| BadLine::Members(text::printable(&error.to_string(), 200)))?;
    if !is_hex(&key, 16) {
        return Err(BadLine::Key);
    }
    if !is_hex(&sha256, 64) {
        return Err(BadLine::Digest);
    }
    let bytes = STANDARD.decode(&signature).ok();
    bytes.and_then(|bytes| Signature::new(key, &sha256, &bytes)).ok_or(BadLine::Signature)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
