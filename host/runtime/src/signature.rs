//! Signatures of components: Ed25519 over a statement that names the component's digest.
//!
//! They lie beside the component, in `<file>.wasm.sig`: one JSON object a line, one line a signer.
//! What is signed is [`statement`], so `openssl pkeyutl -sign -rawin` makes the same signatures.

mod file;
mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::file::{BadLine, MAX_SIGNATURE_FILE_BYTES, MAX_SIGNATURES, Signature, SignatureFile, SignatureFileError};
pub use self::key::{DoesNotSign, KeyError, PublicKey, SigningKey};

/// The bytes that a signer signs for a component with this digest (SHA-256, hexadecimal, lower
/// case).
#[must_use]
pub fn statement(digest: &str) -> Vec<u8> {
    format!("pangolin-plugin-v1\nsha256:{digest}\n").into_bytes()
}

/// The name of the file with a component's signatures.
#[must_use]
pub fn file_name(component: &str) -> String {
    format!("{component}.sig")
}

/// Names of the keys that signed the component with this digest, sorted.
///
/// # Errors
/// The text is not that of a signature file; see [`SignatureFileError`].
pub fn verify(digest: &str, text: &str, keys: &BTreeMap<String, PublicKey>) -> Result<Vec<String>, SignatureFileError> {
    Ok(holding(&judge(digest, &SignatureFile::parse(text)?, keys)))
}

/// What one signature is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the key that the signature names.
    pub key_id: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// See [`Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the signature of the key with this name.
    Holds(String),
    /// None of the keys has this id.
    UnknownKey,
    /// It was made for another component.
    OtherComponent {
        /// Digest of that one.
        sha256: String,
    },
    /// The key with this name did not make it.
    Wrong(String),
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = &self.key_id;
        match &self.verdict {
            Verdict::Holds(name) => write!(f, "the signature of key {id} ('{name}') holds"),
            Verdict::UnknownKey => write!(f, "the signature of key {id} is of nobody who is known here"),
            Verdict::OtherComponent { sha256 } => {
                write!(f, "the signature of key {id} is for another file (sha256 {sha256})")
            }
            Verdict::Wrong(name) => write!(f, "the signature of key {id} ('{name}') does not hold: it was changed"),
        }
    }
}

/// Judges each signature of the file.
#[must_use]
pub fn judge(digest: &str, file: &SignatureFile, keys: &BTreeMap<String, PublicKey>) -> Vec<Finding> {
    let statement = statement(digest);
    let mut findings = Vec::new();
    for signature in file.signatures() {
        let mut add = |verdict| findings.push(Finding { key_id: signature.key_id().to_owned(), verdict });
        if signature.digest() != digest {
            add(Verdict::OtherComponent { sha256: signature.digest().to_owned() });
            continue;
        }
        // An id is a part of a hash: that two keys share one is no reason to believe either.
        let mut named = keys.iter().filter(|(_, key)| key.id() == signature.key_id()).peekable();
        if named.peek().is_none() {
            add(Verdict::UnknownKey);
        }
        for (name, key) in named {
            let holds = key.verifies(&statement, signature.bytes());
            add(if holds { Verdict::Holds(name.clone()) } else { Verdict::Wrong(name.clone()) });
        }
    }
    findings
}

/// Names of the keys whose signatures hold, sorted, each once.
#[must_use]
pub fn holding(findings: &[Finding]) -> Vec<String> {
    let names = findings.iter().filter_map(|finding| match &finding.verdict {
        Verdict::Holds(name) => Some(name.clone()),
        _ => None,
    });
    let names: std::collections::BTreeSet<String> = names.collect();
    names.into_iter().collect()
}
