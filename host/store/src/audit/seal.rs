//! Seals: they show that an end of a chain, or the list of chains, is the host's own word. A seal
//! names its key, so that it can be checked after a rotation.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::AuditTail;
use crate::seal::KeyRing;

type Keyed = Hmac<Sha256>;

const PURPOSE: &str = "pangolin audit seal";
const PRINT: &str = "finger print of the key";

/// What a seal says.
#[derive(Debug, Clone, Copy)]
pub enum AuditClaim<'a> {
    /// The chain of this host goes up to here.
    End(&'a str, AuditTail),
    /// The chain of this host begins after this: retention removed the rest.
    Start(&'a str, AuditTail),
    /// These are the hosts that have a chain: a JSON list.
    Hosts(&'a str),
}

/// Why a seal is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// It is not there, or not what a key of the ring makes of this claim.
    #[error("the seal is not the host's own")]
    Forged,
    /// Its key is not in the ring.
    #[error("the seal was made with encryption key '{0}', which is not in the key ring: add it back")]
    UnknownKey(String),
}

/// The keys of seals by name, each derived from an encryption key. The first seals; all check.
///
/// A name is that of the key in the ring and a finger print of the key itself, so that another key
/// under the same name, an operator's mistake, is told from a seal that somebody forged.
#[derive(Clone)]
pub struct AuditSeals(Arc<[(String, Keyed)]>);

impl std::fmt::Debug for AuditSeals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl AuditClaim<'_> {
    /// Parts with their lengths, so that no two claims have the same bytes.
    fn feed(&self, keyed: &mut Keyed) {
        let mut part = |bytes: &[u8]| {
            keyed.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            keyed.update(bytes);
        };
        let (kind, text, tail) = match self {
            Self::End(host, tail) => ("end", host, Some(tail)),
            Self::Start(host, tail) => ("start", host, Some(tail)),
            Self::Hosts(list) => ("hosts", list, None),
        };
        part(kind.as_bytes());
        part(text.as_bytes());
        if let Some(tail) = tail {
            part(&tail.seq.to_be_bytes());
            part(&tail.link);
        }
    }
}

impl AuditSeals {
    /// Derived from the keys of a ring.
    #[must_use]
    pub fn of(keys: &KeyRing) -> Self {
        let keyed = |(id, key): (String, zeroize::Zeroizing<[u8; 32]>)| {
            let keyed = Keyed::new_from_slice(key.as_slice()).ok()?;
            let print = keyed.clone().chain_update(PRINT).finalize().into_bytes();
            let print: String = print.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            Some((format!("{id}.{print}"), keyed))
        };
        Self(keys.derived(PURPOSE).into_iter().filter_map(keyed).collect())
    }

    /// `v1:<key id>.<finger print of the key>:<base64>`.
    pub(crate) fn seal(&self, claim: AuditClaim<'_>) -> String {
        let Some((id, keyed)) = self.0.first() else { return String::new() };
        let mut keyed = keyed.clone();
        claim.feed(&mut keyed);
        format!("v1:{id}:{}", BASE64.encode(keyed.finalize().into_bytes()))
    }

    /// Whether a seal stands for the claim.
    ///
    /// # Errors
    /// See [`SealFault`].
    pub fn check(&self, claim: AuditClaim<'_>, seal: Option<&str>) -> Result<(), SealFault> {
        let seal = seal.ok_or(SealFault::Forged)?;
        let (id, encoded) = Self::parts(seal).ok_or(SealFault::Forged)?;
        let found = self.0.iter().find(|(known, _)| known == id);
        let (_, keyed) = found.ok_or_else(|| SealFault::UnknownKey(self.told(id)))?;
        let mut keyed = keyed.clone();
        claim.feed(&mut keyed);
        let bytes = BASE64.decode(encoded).map_err(|_| SealFault::Forged)?;
        keyed.verify_slice(&bytes).map_err(|_| SealFault::Forged)
    }

    /// Whether the seal names the key that seals now.
    pub(crate) fn is_of_first(&self, seal: &str) -> bool {
        Self::parts(seal).zip(self.0.first()).is_some_and(|((id, _), (first, _))| id == first)
    }

    /// The name of a key that is not in the ring, for an operator.
    fn told(&self, name: &str) -> String {
        let id = Self::id_of(name);
        let same = self.0.iter().any(|(known, _)| Self::id_of(known) == id);
        if same { format!("{id} (another key of that name)") } else { id.to_owned() }
    }

    fn id_of(name: &str) -> &str {
        name.split_once('.').map_or(name, |(id, _)| id)
    }

    /// The name of the key and the base64.
    fn parts(seal: &str) -> Option<(&str, &str)> {
        let (id, encoded) = seal.strip_prefix("v1:")?.split_once(':')?;
        // A name that no ring can have is nobody's key.
        let (name, print) = id.split_once('.')?;
        let is_name =
            (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let is_print = print.len() == 8 && print.bytes().all(|b| b.is_ascii_hexdigit());
        (is_name && is_print).then_some((id, encoded))
    }

    /// The name of a seal's key, for those who read a report.
    pub(crate) fn key_of(seal: &str) -> String {
        Self::parts(seal).map(|(id, _)| Self::id_of(id).to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const B: &str = "b:/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn seals(text: &str) -> AuditSeals {
        AuditSeals::of(&KeyRing::parse(text).unwrap())
    }

    #[test]
    fn a_seal_stands_for_one_claim_only() {
        let seals = seals(A);
        let tail = AuditTail { seq: 7, link: [1; 32] };
        let claims = [
            AuditClaim::End("host", tail),
            AuditClaim::End("hos", tail),
            AuditClaim::End("host", AuditTail { seq: 8, ..tail }),
            AuditClaim::End("host", AuditTail { link: [2; 32], ..tail }),
            AuditClaim::Start("host", tail),
            AuditClaim::Hosts("host"),
        ];
        for (at, claim) in claims.iter().enumerate() {
            let seal = seals.seal(*claim);
            for (other, claim) in claims.iter().enumerate() {
                assert_eq!(seals.check(*claim, Some(&seal)).is_ok(), at == other, "{at} {other}");
            }
        }
    }

    #[test]
    fn the_key_is_named_and_asked_for() {
        let claim = AuditClaim::Hosts("[]");
        let old = seals(A).seal(claim);
        let rotated = seals(&format!("{B},{A}"));
        assert_eq!(rotated.check(claim, Some(&old)), Ok(()));
        assert!(!rotated.is_of_first(&old) && rotated.is_of_first(&rotated.seal(claim)));
        assert_eq!(seals(B).check(claim, Some(&old)), Err(SealFault::UnknownKey("a".to_owned())));
        assert_eq!(AuditSeals::key_of(&old), "a");
        let same_name = seals(&B.replace("b:", "a:"));
        let another = SealFault::UnknownKey("a (another key of that name)".to_owned());
        assert_eq!(same_name.check(claim, Some(&old)), Err(another), "an operator's mistake, and nobody's forgery");
        let forged = format!("{}AAAA", old.rsplit_once(':').unwrap().0.to_owned() + ":");
        assert_eq!(rotated.check(claim, Some(&forged)), Err(SealFault::Forged));
        for wrong in [None, Some(""), Some("v1:a:"), Some("v1:a:!"), Some("v1::x"), Some("v1:a\u{7}:x"), Some("v2:a:b")]
            .into_iter()
            .chain([Some("v1:a.:x"), Some("v1:.00000000:x"), Some("v1:a.0000000g:x")])
        {
            assert_eq!(seals(A).check(claim, wrong), Err(SealFault::Forged), "{wrong:?}");
        }
    }
}
