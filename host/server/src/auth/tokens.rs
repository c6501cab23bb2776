//! Tokens of our own: HS256 with the secret's bytes, each recorded under its `jti`.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, TokenId, UserId};
use pangolin_core::principal::{Principal, UserRole};
use pangolin_core::record::TokenRecord;
use pangolin_core::secret::Secret;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::error::ApiError;

/// Longest token text that is looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The claims of a token, in the names of the existing clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user.
    pub(crate) sub: UserId,
    /// The token.
    pub(crate) jti: TokenId,
    /// The tenant; null for Root.
    pub(crate) tenant_id: Option<TenantId>,
    /// The user's name.
    pub(crate) username: String,
    /// The user's rank.
    pub(crate) role: UserRole,
    /// Issued, in seconds.
    pub(crate) iat: i64,
    /// Ends, in seconds.
    pub(crate) exp: i64,
    /// Not before, in seconds; we issue none and honour it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    /// We issue none: a token that has one was meant for somebody else.
    #[serde(default, skip_serializing)]
    pub(crate) aud: Option<serde_json::Value>,
    /// The same.
    #[serde(default, skip_serializing)]
    pub(crate) iss: Option<serde_json::Value>,
    /// Of Root's tokens: the mark of the name and password that Root had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<String>,
}

impl Claims {
    /// Whether the token has ended.
    pub(crate) fn has_ended(&self, now: UnixMillis) -> bool {
        self.exp <= now.0.div_euclid(1000)
    }

    /// Whether the token is the one that was recorded: subject, tenant and end are equal.
    pub(crate) fn match_record(&self, record: &TokenRecord) -> bool {
        self.sub == record.user_id
            && self.tenant_id == record.tenant_id
            && self.exp == record.expires_at.0.div_euclid(1000)
    }
}

/// Signs and verifies.
#[derive(Clone)]
pub(crate) struct TokenIssuer {
    signing: Arc<EncodingKey>,
    verifying: Arc<DecodingKey>,
    validation: Arc<Validation>,
    root: Option<Arc<str>>,
}

impl std::fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenIssuer")
    }
}

impl TokenIssuer {
    #[expect(clippy::disallowed_methods, reason = "the key of our own tokens goes into the signer and nowhere else")]
    pub(crate) fn new(secret: &Secret<String>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Times are checked below against the host's clock; an audience is not ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        Self {
            signing: Arc::new(EncodingKey::from_secret(secret.expose().as_bytes())),
            verifying: Arc::new(DecodingKey::from_secret(secret.expose().as_bytes())),
            validation: Arc::new(validation),
            root: None,
        }
    }

    /// Root is not stored, so nothing can be revoked when the settings give it another password:
    /// its tokens carry a mark of the one that they came by, and end with it, on every host.
    #[expect(clippy::disallowed_methods, reason = "the password goes into a MAC under the key of our tokens")]
    pub(crate) fn with_root(self, name: &str, password: &Secret<String>) -> Result<Self, ApiError> {
        // No token's signed part has a NUL in it, so this is the signature of none.
        let text = format!("root\0{name}\0{}", password.expose());
        let mark = jsonwebtoken::crypto::sign(text.as_bytes(), &self.signing, Algorithm::HS256);
        Ok(Self { root: Some(mark.map_err(ApiError::internal)?.into()), ..self })
    }

    /// Whether a token of Root came by the password that Root has. All others' are none of Root's.
    pub(crate) fn is_of_this_root(&self, claims: &Claims) -> bool {
        claims.sub != UserId::ROOT || claims.root.as_deref() == self.root.as_deref()
    }

    /// A new token of `principal` and the record that makes it valid.
    pub(crate) fn issue(
        &self,
        principal: &Principal,
        now: UnixMillis,
        seconds: i64,
    ) -> Result<(Secret<String>, TokenRecord), ApiError> {
        // Whole seconds, so that the claim and the record are equal.
        let now = UnixMillis(now.0 - now.0.rem_euclid(1000));
        let id = TokenId(uuid::Uuid::new_v4());
        let record = TokenRecord {
            id,
            family: id,
            user_id: principal.user_id,
            tenant_id: principal.tenant_id,
            username: principal.username.to_string(),
            role: principal.role,
            roles: None,
            created_at: now,
            expires_at: now.plus_seconds(seconds),
            revoked_at: None,
        };
        let claims = Claims {
            sub: record.user_id,
            jti: record.id,
            tenant_id: record.tenant_id,
            username: record.username.clone(),
            role: record.role,
            iat: now.0 / 1000,
            exp: record.expires_at.0 / 1000,
            nbf: None,
            aud: None,
            iss: None,
            root: self.root.as_deref().filter(|_| record.user_id == UserId::ROOT).map(str::to_owned),
        };
        let token =
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map_err(ApiError::internal)?;
        Ok((Secret::from(token), record))
    }

    /// The claims of a token whose signature and form are good and which has begun. Whether it has
    /// ended, and whether it is recorded and not revoked, are the caller's next questions.
    pub(crate) fn read(&self, unverified: &str, now: UnixMillis) -> Result<Claims, Refusal> {
        if unverified.len() > MAX_TOKEN_BYTES || !unverified_header_is_ours(unverified) {
            return Err(Refusal::Malformed);
        }
        let decoded = jsonwebtoken::decode::<Claims>(unverified, &self.verifying, &self.validation);
        let claims = decoded.map_err(|_| Refusal::Malformed)?.claims;
        let foreign = claims.aud.is_some() || claims.iss.is_some();
        if foreign || claims.nbf.is_some_and(|start| start > now.0.div_euclid(1000)) {
            return Err(Refusal::Malformed);
        }
        Ok(claims)
    }
}

/// A life of so many seconds, or what is left until `end` if that is less.
pub(crate) fn within(end: Option<UnixMillis>, now: UnixMillis, seconds: i64) -> i64 {
    end.map_or(seconds, |end| (end.0 - now.0).div_euclid(1000).clamp(1, seconds))
}

/// RFC 7515 §4.1.11: a critical extension that is not understood makes the token invalid. We
/// understand none, and no other algorithm than HS256.
fn unverified_header_is_ours(unverified: &str) -> bool {
    use base64::Engine as _;
    #[derive(Deserialize)]
    struct Unverified {
        alg: String,
        crit: Option<serde::de::IgnoredAny>,
    }
    let Some((header, _)) = unverified.split_once('.') else { return false };
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(header)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Unverified>(&bytes).ok())
        .is_some_and(|header| header.alg == "HS256" && header.crit.is_none())
}

#[cfg(test)]
mod tests;
