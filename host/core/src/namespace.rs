//! Namespace paths.

use serde::{Deserialize, Serialize};

/// Levels of a namespace, outermost first; never empty. No level holds a `.`, a control
/// character or `%`, so that the joined form is unambiguous in grants and in URLs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "NamespaceWire", into = "String")]
pub struct NamespacePath(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum NamespaceWire {
    Joined(String),
    Levels(Vec<String>),
}

impl TryFrom<NamespaceWire> for NamespacePath {
    type Error = InvalidNamespace;
    fn try_from(wire: NamespaceWire) -> Result<Self, Self::Error> {
        match wire {
            NamespaceWire::Joined(text) => Self::parse_dotted(&text),
            NamespaceWire::Levels(levels) => Self::new(levels),
        }
    }
}

impl From<NamespacePath> for String {
    fn from(path: NamespacePath) -> Self {
        path.dotted()
    }
}

/// Why a namespace was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNamespace {
    /// No level, or an empty one.
    #[error("a namespace needs at least one level and no level may be empty")]
    Empty,
    /// A character that is not allowed.
    #[error("namespace level '{0}' has a character that is not allowed: no '.', '%', '/', '\\' or control characters")]
    Character(String),
    /// More than 32 levels, or a level over 256 bytes.
    #[error("a namespace has at most 32 levels of at most 256 bytes")]
    TooLong,
}

impl NamespacePath {
    /// Checks the levels.
    ///
    /// # Errors
    /// No level, an empty level, a refused character, or too long.
    pub fn new(levels: Vec<String>) -> Result<Self, InvalidNamespace> {
        if levels.is_empty() || levels.iter().any(String::is_empty) {
            return Err(InvalidNamespace::Empty);
        }
        if levels.len() > 32 || levels.iter().any(|level| level.len() > 256) {
            return Err(InvalidNamespace::TooLong);
        }
        match levels.iter().find(|level| level.chars().any(|c| c.is_control() || matches!(c, '.' | '%' | '/' | '\\'))) {
            Some(level) => Err(InvalidNamespace::Character(level.escape_debug().to_string())),
            None => Ok(Self(levels)),
        }
    }

    /// Reads levels joined by `.`.
    ///
    /// # Errors
    /// As [`NamespacePath::new`].
    pub fn parse_dotted(text: &str) -> Result<Self, InvalidNamespace> {
        Self::new(text.split('.').map(str::to_owned).collect())
    }

    /// Reads the form of Iceberg REST paths: levels joined by the unit separator `%1F`,
    /// already percent-decoded; a `.` is accepted as separator as well (document 000).
    ///
    /// # Errors
    /// As [`NamespacePath::new`].
    pub fn parse_path_segment(text: &str) -> Result<Self, InvalidNamespace> {
        let separator = if text.contains('\u{1f}') { '\u{1f}' } else { '.' };
        Self::new(text.split(separator).map(str::to_owned).collect())
    }

    /// The levels.
    #[must_use]
    pub fn levels(&self) -> &[String] {
        &self.0
    }

    /// Levels joined by `.`.
    #[must_use]
    pub fn dotted(&self) -> String {
        self.0.join(".")
    }

    /// The enclosing namespace, if any.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.0.split_last() {
            Some((_, rest)) if !rest.is_empty() => Some(Self(rest.to_vec())),
            _ => None,
        }
    }

    /// Whether `other` is this namespace or lies below it.
    #[must_use]
    pub fn is_ancestor_or_self_of(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl std::fmt::Display for NamespacePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.dotted())
    }
}
