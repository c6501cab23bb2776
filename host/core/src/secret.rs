//! Secret values: no `Display`, no `Serialize`, a redacting `Debug`, wiped on drop.

use zeroize::Zeroize;

/// The text that stands for a secret in every reply. A write that sends it back
/// keeps the stored value.
pub const REDACTED: &str = "<redacted>";

/// A value that must not be seen. Reading it needs [`Secret::expose`], which is
/// a disallowed method: each use says why it is legal.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value into custody.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Secret<String> {
    /// Whether it is one line of text, as what stands in a header is. Libraries that write headers panic
    /// at anything else.
    #[must_use]
    pub fn is_one_line(&self) -> bool {
        !self.0.chars().any(char::is_control)
    }
}

impl From<String> for Secret<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

/// A secret as a warehouse names it: the value, or where it is found at use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretValue {
    /// Given literally; sealed at rest.
    Literal(Secret<String>),
    /// `{"secret_ref": "name"}`: environment, then `/var/run/secrets`.
    Reference(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line() {
        assert!(Secret::from("AKIA/€+=").is_one_line());
        for odd in ["a\nb", "a\r", "\ta", "a\u{7f}", "a\u{85}"] {
            assert!(!Secret::from(odd).is_one_line(), "{odd:?}");
        }
    }

    #[test]
    fn debug_never_shows_the_value() {
        let secret = Secret::from("hunter2-hunter2");
        assert!(!format!("{secret:?} {:?}", SecretValue::Literal(secret.clone())).contains("hunter2"));
    }
}
