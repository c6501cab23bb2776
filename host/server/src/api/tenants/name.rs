//! What tenants, users and roles may be called.

use crate::error::ApiError;

/// Longest name, in characters.
const MAX_NAME: usize = 128;

/// Refuses a name that is empty, too long, or that cannot be told from another one on a screen.
pub(crate) fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    if fits && name.trim() == name && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let rule = "a name has 1 to 128 characters, no control characters, and no blank at its ends";
    Err(ApiError::unprocessable(field, rule))
}
