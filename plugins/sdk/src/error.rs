//! What a strategy answers when it cannot.

/// Why something could not be done. The host maps each kind once to HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The warehouse's configuration cannot work. The message names the field.
    InvalidConfig,
    /// The cloud, or the host's own policy, refuses this.
    Denied,
    /// The strategy cannot do what was asked, whatever the configuration.
    Unsupported,
    /// The upstream answered with a fault or with something unreadable.
    Upstream,
    /// The upstream asks for patience.
    Throttled,
    /// There is no room upstream: what is limited is taken.
    Exhausted,
    /// The upstream cannot be reached, or did not answer in time.
    Unavailable,
    /// The plugin itself failed.
    Internal,
}

/// An error that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendError {
    /// What kind.
    pub kind: ErrorKind,
    /// Stable, machine-readable, `kebab-case`, at most 64 characters.
    pub code: String,
    /// What was wrong and how to mend it. Never contains a secret; at most 2,000 characters.
    pub message: String,
    /// When to try again, if the upstream said so.
    pub retry_after_ms: Option<u32>,
}

impl VendError {
    /// An error without a time to retry.
    #[must_use]
    pub fn new(kind: ErrorKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), retry_after_ms: None }
    }

    /// The strategy cannot do what was asked.
    #[must_use]
    pub fn unsupported(code: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, code, message)
    }
}

impl std::fmt::Display for VendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for VendError {}

/// A problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Canonical name of the field, or empty.
    pub field: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Problem {
    /// A problem of this field.
    #[must_use]
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }

    /// A required field that has no value.
    #[must_use]
    pub fn missing(field: &str) -> Self {
        Self::new(field, format!("{field} is missing"))
    }
}

/// A configuration that passed the check, or was never checked, and still cannot work.
impl From<Problem> for VendError {
    fn from(problem: Problem) -> Self {
        Self::from(vec![problem])
    }
}

/// The same, with everything that is wrong.
impl From<Vec<Problem>> for VendError {
    fn from(problems: Vec<Problem>) -> Self {
        let messages: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
        Self::new(ErrorKind::InvalidConfig, "invalid-config", messages.join("; "))
    }
}
