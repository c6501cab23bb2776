//! What a password must be, and how it comes in.

use pangolin_core::secret::Secret;
use serde::{Deserialize, Deserializer};

use crate::error::ApiError;

/// Longer texts are no passwords but a way to keep the host busy.
const MAX_BYTES: usize = 1024;

/// Reads a text straight into custody, for `#[serde(deserialize_with)]`.
pub(crate) fn secret_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret<String>>, D::Error> {
    Option::<String>::deserialize(from).map(|text| text.map(Secret::from))
}

/// Length only: no rules of composition.
#[expect(clippy::disallowed_methods, reason = "the length of the password is looked at, nothing else")]
pub(super) fn check_password(password: &Secret<String>, least: usize) -> Result<(), ApiError> {
    let text = password.expose();
    if text.chars().count() < least {
        return Err(ApiError::unprocessable("password", format!("a password has at least {least} characters")));
    }
    if text.len() > MAX_BYTES {
        return Err(ApiError::unprocessable("password", format!("a password has at most {MAX_BYTES} bytes")));
    }
    Ok(())
}
