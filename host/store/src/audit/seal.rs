//! Seals: they show that an end of a chain, or the list of chains, is the host's own word. A seal
//! names its key, so that it can be checked after a rotation.

use super::AuditTail;
use crate::seal::{KeyRing, MacKeys, Parts, SealFault, mac_key_of};

const PURPOSE: &str = "pangolin audit seal";

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

/// The keys of seals by name, each derived from an encryption key. The first seals; all check.
#[derive(Clone, Debug)]
pub struct AuditSeals(MacKeys);

impl AuditClaim<'_> {
    fn feed(&self, parts: &mut Parts<'_>) {
        let (kind, text, tail) = match self {
            Self::End(host, tail) => ("end", host, Some(tail)),
            Self::Start(host, tail) => ("start", host, Some(tail)),
            Self::Hosts(list) => ("hosts", list, None),
        };
        parts.bytes(kind.as_bytes());
        parts.bytes(text.as_bytes());
        if let Some(tail) = tail {
            parts.int(tail.seq);
            parts.bytes(&tail.link);
        }
    }
}

impl AuditSeals {
    /// Derived from the keys of a ring.
    #[must_use]
    pub fn of(keys: &KeyRing) -> Self {
        Self(MacKeys::of(keys, PURPOSE))
    }

    /// `v1:<key id>.<finger print of the key>:<base64>`.
    pub(crate) fn seal(&self, claim: AuditClaim<'_>) -> String {
        self.0.mac(|parts| claim.feed(parts))
    }

    /// Whether a seal stands for the claim.
    ///
    /// # Errors
    /// See [`SealFault`].
    pub fn check(&self, claim: AuditClaim<'_>, seal: Option<&str>) -> Result<(), SealFault> {
        self.0.check(|parts| claim.feed(parts), seal)
    }

    /// Whether the seal names the key that seals now.
    pub(crate) fn is_of_first(&self, seal: &str) -> bool {
        self.0.is_of_first(seal)
    }

    /// The name of a seal's key, for those who read a report.
    pub(crate) fn key_of(seal: &str) -> String {
        mac_key_of(seal).map(str::to_owned).unwrap_or_default()
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
