//! The signed statement by which a service account asks for a token (RFC 7523).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use serde_json::{Value, json};

use super::{DoesNotSign, ServiceAccount};

/// Google takes no assertion that lives longer.
pub const MAX_LIFE_SECONDS: u32 = 3600;

/// What is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion<'a> {
    /// `aud`: the token endpoint that it is sent to.
    pub audience: &'a str,
    /// `scope`: separated by spaces.
    pub scope: &'a str,
    /// `iat`, cut to whole seconds.
    pub at: UnixMillis,
    /// `exp - iat`, 1 to [`MAX_LIFE_SECONDS`].
    pub life_seconds: u32,
}

/// Why there is no assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Out of bounds.
    #[error("an assertion lives 1 to {MAX_LIFE_SECONDS} seconds")]
    Life,
    /// See [`DoesNotSign`].
    #[error(transparent)]
    Key(#[from] DoesNotSign),
}

impl ServiceAccount {
    /// A JWT signed by RS256. Whoever has it gets tokens of the account, so it is a secret.
    ///
    /// # Errors
    /// [`AssertionError`].
    pub fn assertion(&self, assertion: &Assertion<'_>) -> Result<Secret<String>, AssertionError> {
        if !(1..=MAX_LIFE_SECONDS).contains(&assertion.life_seconds) {
            return Err(AssertionError::Life);
        }
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(members), Some(id)) = (header.as_object_mut(), self.key_id()) {
            members.insert("kid".to_owned(), Value::from(id));
        }
        let at = assertion.at.0.div_euclid(1000);
        let claims = json!({
            "iss": self.client_email(),
            "scope": assertion.scope,
            "aud": assertion.audience,
            "iat": at,
            "exp": at.saturating_add(i64::from(assertion.life_seconds)),
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(&text)?);
        Ok(Secret::new(format!("{text}.{signature}")))
    }
}
