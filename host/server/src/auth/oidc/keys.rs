//! A set of public keys (RFC 7517), and which of them may have signed a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::token::Unverified;

/// More keys than any issuer has.
const MAX_KEYS: usize = 100;
/// RSA keys that are taken, in bytes of modulus: 2048 to 8192 bits.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Why a document is no set of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKeys {
    /// Not JSON, or without an array `keys`.
    #[error("its keys are not a JSON document with an array 'keys'")]
    Form,
    /// Too many.
    #[error("it has {0} keys; {MAX_KEYS} at most are taken")]
    TooMany(usize),
}

/// The keys of an issuer that can verify a signature.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    name: Option<String>,
    kind: Kind,
    /// The one algorithm that the issuer uses the key for.
    algorithm: Option<String>,
    key: DecodingKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// What a set of keys says of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A key of the set signed it.
    Signed,
    /// The key that it names did not, or it could be of several.
    NotSigned,
    /// The set has no such key; a newer one may.
    UnknownKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The members that are looked at. Others, a private part among them, are nobody's business here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a document. A key that is not understood, is too weak, is symmetric or is for
    /// something else is left out (RFC 7517 §5).
    pub(super) fn parse(document: &[u8]) -> Result<Self, NoKeys> {
        let Document { keys } = serde_json::from_slice(document).map_err(|_| NoKeys::Form)?;
        if keys.len() > MAX_KEYS {
            return Err(NoKeys::TooMany(keys.len()));
        }
        let known = keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Ok(Self(known.filter_map(Key::read).collect()))
    }

    /// Their names, in the issuer's order; a key without one counts as well.
    pub(super) fn names(&self) -> Vec<Option<&str>> {
        self.0.iter().map(|key| key.name.as_deref()).collect()
    }

    /// Whether one of the keys signed the token by this algorithm.
    pub(super) fn judge(&self, token: &Unverified<'_>, algorithm: Algorithm) -> Verdict {
        let Ok(name) = token.key_name() else { return Verdict::NotSigned };
        let mut fitting = self.0.iter().filter(|key| key.fits(algorithm));
        let Some(name) = name else {
            // Without a name there must be no choice. A key that replaced the only one has no name
            // either: a wrong signature may mean that.
            return match (fitting.next(), fitting.next()) {
                (Some(only), None) if token.is_signed_by(&only.key, algorithm) => Verdict::Signed,
                (Some(_), Some(_)) => Verdict::NotSigned,
                _ => Verdict::UnknownKey,
            };
        };
        let mut verdict = Verdict::UnknownKey;
        for key in fitting.filter(|key| key.name.as_deref() == Some(name)) {
            if token.is_signed_by(&key.key, algorithm) {
                return Verdict::Signed;
            }
            verdict = Verdict::NotSigned;
        }
        verdict
    }
}

impl Key {
    fn read(jwk: Jwk) -> Option<Self> {
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        if jwk.key_ops.as_ref().is_some_and(|operations| operations.iter().all(|operation| operation != "verify")) {
            return None;
        }
        let (kind, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (Kind::Rsa, rsa(jwk.n.as_deref()?, jwk.e.as_deref()?)?),
            ("EC", Some("P-256")) => (Kind::P256, ec(jwk.x.as_deref()?, jwk.y.as_deref()?, 32)?),
            ("EC", Some("P-384")) => (Kind::P384, ec(jwk.x.as_deref()?, jwk.y.as_deref()?, 48)?),
            ("OKP", Some("Ed25519")) => {
                let x = jwk.x.as_deref()?;
                (bytes(x)?.len() == 32).then_some(())?;
                (Kind::Ed25519, DecodingKey::from_ed_components(x).ok()?)
            }
            _ => return None,
        };
        Some(Self { name: jwk.kid, kind, algorithm: jwk.alg, key })
    }

    /// Whether the key may be used with the algorithm: by its type, and by the issuer's word.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let (name, kind) = match algorithm {
            Algorithm::RS256 => ("RS256", Kind::Rsa),
            Algorithm::RS384 => ("RS384", Kind::Rsa),
            Algorithm::RS512 => ("RS512", Kind::Rsa),
            Algorithm::PS256 => ("PS256", Kind::Rsa),
            Algorithm::PS384 => ("PS384", Kind::Rsa),
            Algorithm::PS512 => ("PS512", Kind::Rsa),
            Algorithm::ES256 => ("ES256", Kind::P256),
            Algorithm::ES384 => ("ES384", Kind::P384),
            Algorithm::EdDSA => ("EdDSA", Kind::Ed25519),
            // A shared secret is no key of an issuer's.
            _ => return false,
        };
        let is_named = |only: &str| only == name || (kind == Kind::Ed25519 && only == "Ed25519");
        self.kind == kind && self.algorithm.as_deref().is_none_or(is_named)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let (n, e) = (bytes(modulus)?, bytes(exponent)?);
    let stripped = n.iter().skip_while(|byte| **byte == 0).count();
    let odd_and_over_one = e.len() <= 8 && e.last().is_some_and(|last| last % 2 == 1) && e != [1];
    (RSA_MODULUS_BYTES.contains(&stripped) && odd_and_over_one).then(|| DecodingKey::from_rsa_raw_components(&n, &e))
}

fn ec(x: &str, y: &str, coordinate: usize) -> Option<DecodingKey> {
    let whole = bytes(x)?.len() == coordinate && bytes(y)?.len() == coordinate;
    whole.then(|| DecodingKey::from_ec_components(x, y).ok()).flatten()
}
