//! The parts of a token, before anything of it is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

/// Longest token that is looked at. Groups make the tokens of some issuers long.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token that can be read. Its claims are anybody's words until a key of the issuer verified it.
#[derive(Debug)]
pub(crate) struct Unverified<'t> {
    signed: &'t str,
    signature: &'t str,
    header: Map<String, Value>,
    /// The claims, to be read after [`Unverified::is_signed_by`] only, but for the issuer's name.
    pub(super) claims: Map<String, Value>,
}

impl<'t> Unverified<'t> {
    /// Reads a token in compact form: three parts, a header and claims.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        if text.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        // A fourth part would be a dot here, which no base64 has.
        Some(Self { signed, signature, header: object(header)?, claims: object(claims)? })
    }

    /// The issuer that the token names.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// The signature that the header names, if the header is one that is understood whole. Keys
    /// that it brings along or points to (`jwk`, `jku`, `x5c`, `x5u`) count for nothing.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        // RFC 7515 §4.1.11: no extension is understood.
        if self.header.contains_key("crit") {
            return None;
        }
        // RFC 8725 §3.11: a logout token or a proof of possession is no access token.
        if let Some(kind) = self.header.get("typ") {
            let kind = kind.as_str()?.to_ascii_lowercase();
            if !matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt") {
                return None;
            }
        }
        match self.header.get("alg")?.as_str()? {
            "RS256" => Some(Algorithm::RS256),
            "RS384" => Some(Algorithm::RS384),
            "RS512" => Some(Algorithm::RS512),
            "PS256" => Some(Algorithm::PS256),
            "PS384" => Some(Algorithm::PS384),
            "PS512" => Some(Algorithm::PS512),
            "ES256" => Some(Algorithm::ES256),
            "ES384" => Some(Algorithm::ES384),
            // RFC 9864 has a name of its own for the only curve that is taken.
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDSA),
            _ => None,
        }
    }

    /// The key that the header names; an error where the name is no text.
    pub(super) fn key_name(&self) -> Result<Option<&str>, NoText> {
        self.header.get("kid").map(|name| name.as_str().ok_or(NoText)).transpose()
    }

    /// Whether the key's owner signed it.
    pub(super) fn is_signed_by(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, algorithm).unwrap_or(false)
    }
}

/// A value that should have been a text.
#[derive(Debug)]
pub(super) struct NoText;

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
