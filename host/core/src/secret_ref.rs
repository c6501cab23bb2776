//! `secret_ref`: names of secrets that are resolved at use. The grammar and the order of places
//! are here; reading them is the resolver's.

use crate::secret::Secret;

/// Why a reference did not resolve. Names the places, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// Not `^[a-zA-Z0-9][a-zA-Z0-9_-]{0,252}$`.
    #[error("'{0}' is not a secret_ref: use 1 to 253 letters, digits, '-' and '_', beginning with a letter or digit")]
    Name(String),
    /// Neither place has it.
    #[error("secret '{name}' not found: expected in environment variable '{variable}' or in '{path}'")]
    NotFound {
        /// The reference.
        name: String,
        /// The variable looked for.
        variable: String,
        /// The file or directory looked for.
        path: String,
    },
    /// A place is there and cannot be read.
    #[error("secret '{name}' in '{path}' cannot be read: {reason}")]
    Unreadable {
        /// The reference.
        name: String,
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
}

/// Where the orchestrator mounts secrets.
pub const MOUNT: &str = "/var/run/secrets";

/// Checks the grammar.
///
/// # Errors
/// [`SecretRefError::Name`].
pub fn check_name(name: &str) -> Result<(), SecretRefError> {
    let fine = name.len() <= 253
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fine { Ok(()) } else { Err(SecretRefError::Name(name.chars().take(64).collect::<String>().escape_debug().to_string())) }
}

/// The environment variable of a reference: upper case, `-` as `_`.
#[must_use]
pub fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// Reads secrets by reference.
pub trait SecretResolver: Send + Sync + std::fmt::Debug {
    /// The value: environment first, then the mount.
    ///
    /// # Errors
    /// See [`SecretRefError`].
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for name in ["a", "polaris-client-secret", "A_b-9", &"x".repeat(253)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "-a", "_a", "a/b", "a.b", "../x", "ä", "a b", &"x".repeat(254)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert_eq!(variable("db-Password_1"), "DB_PASSWORD_1");
    }
}
