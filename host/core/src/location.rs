//! Storage locations: parsed strictly, never rewritten. A canonical form serves comparison only.

use serde::{Deserialize, Serialize};

/// Why a location was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocation {
    /// Not `scheme://authority/path`.
    #[error("location '{0}' is not absolute: use for example s3://bucket/path")]
    NotAbsolute(String),
    /// The scheme is not one that the host stores to.
    #[error("location scheme '{0}' is not supported: use s3, s3a, s3n, gs, abfs, abfss, wasb, wasbs or file")]
    Scheme(String),
    /// Clients disagree on what such a location names.
    #[error("location '{0}' is ambiguous: no empty, '.' or '..' segments, no control characters, '?', '#' or '\\'")]
    Ambiguous(String),
    /// The authority has characters that no bucket or container has.
    #[error("location '{0}' has no valid bucket or container")]
    Authority(String),
    /// Over 1,024 bytes of key (the limit of S3) or too long altogether.
    #[error("location is longer than 1024 bytes")]
    TooLong,
}

/// An absolute storage location such as `s3://bucket/sales/orders`.
///
/// The text is kept as given. Two locations are compared by family of scheme (`s3`, `s3a` and
/// `s3n` are one), authority, and path segments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location {
    text: String,
    scheme_end: usize,
    path_start: usize,
}

impl TryFrom<String> for Location {
    type Error = InvalidLocation;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.text
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Location {
    /// Parses an absolute location. One trailing `/` is allowed and kept.
    ///
    /// # Errors
    /// See [`InvalidLocation`].
    pub fn parse(text: &str) -> Result<Self, InvalidLocation> {
        let shown = || text.chars().take(200).collect::<String>().escape_debug().to_string();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| InvalidLocation::NotAbsolute(shown()))?;
        if family(scheme).is_none() {
            return Err(InvalidLocation::Scheme(
                scheme.chars().take(20).collect::<String>().escape_debug().to_string(),
            ));
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '\\')) {
            return Err(InvalidLocation::Ambiguous(shown()));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority_is_fine = if scheme == "file" {
            authority.is_empty()
        } else {
            !authority.is_empty()
                && authority.len() <= 255
                && authority.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'))
        };
        if !authority_is_fine {
            return Err(InvalidLocation::Authority(shown()));
        }
        if path.len() > 1024 {
            return Err(InvalidLocation::TooLong);
        }
        let key = path.strip_suffix('/').unwrap_or(path);
        if path == "/" || !key.is_empty() && key.split('/').any(is_ambiguous_segment) {
            return Err(InvalidLocation::Ambiguous(shown()));
        }
        let path_start = scheme.len() + 3 + authority.len();
        Ok(Self { text: text.to_owned(), scheme_end: scheme.len(), path_start })
    }

    /// The text as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme as given.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.text.get(..self.scheme_end).unwrap_or_default()
    }

    /// Bucket, container (`container@account.host` for Azure) or nothing for `file`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.get(self.scheme_end + 3..self.path_start).unwrap_or_default()
    }

    /// The path below the authority, without slashes at its ends; for `file` absolute without
    /// the leading slash.
    #[must_use]
    pub fn key(&self) -> &str {
        self.text.get(self.path_start..).unwrap_or_default().trim_matches('/')
    }

    /// The same location as a directory: its text ends in `/`.
    #[must_use]
    pub fn as_directory(&self) -> Self {
        if self.text.ends_with('/') { self.clone() } else { Self { text: format!("{}/", self.text), ..self.clone() } }
    }

    /// The same location without a trailing `/`.
    #[must_use]
    pub fn without_slash(&self) -> &str {
        let cut = self.text.strip_suffix('/').unwrap_or(&self.text);
        if cut.len() <= self.path_start { cut.get(..self.path_start).unwrap_or(cut) } else { cut }
    }

    /// A location below this one.
    ///
    /// # Errors
    /// The relative path is ambiguous or too long.
    pub fn join(&self, relative: &str) -> Result<Self, InvalidLocation> {
        Self::parse(&format!("{}/{}", self.without_slash(), relative))
    }

    /// The form for comparison: family of scheme, lower-case authority, key, `/` at the end.
    #[must_use]
    pub fn canonical(&self) -> String {
        let key = self.key();
        let slash = if key.is_empty() { "" } else { "/" };
        format!(
            "{}://{}/{key}{slash}",
            family(self.scheme()).unwrap_or_default(),
            self.authority().to_ascii_lowercase(),
        )
    }

    /// Whether `other` is this location or lies below it, segment by segment: `orders` does
    /// not contain `orders2`.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.canonical().starts_with(&self.canonical())
    }

    /// Whether one contains the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Canonical forms of every location that contains this one, the outermost first, itself last.
    #[must_use]
    pub fn canonical_ancestors(&self) -> Vec<String> {
        let full = self.canonical();
        let root_end = full.find("://").map_or(0, |at| at + 3);
        full.char_indices()
            .filter(|(at, c)| *c == '/' && *at >= root_end)
            .filter_map(|(at, _)| full.get(..=at).map(str::to_owned))
            .collect()
    }
}

/// Whether clients could read the segment as another path, also after percent-decoding.
fn is_ambiguous_segment(segment: &str) -> bool {
    segment.is_empty() || matches!(segment, "." | "..") || {
        let lower = segment.to_ascii_lowercase();
        matches!(lower.replace("%2e", ".").as_str(), "." | "..") || lower.contains("%2f") || lower.contains("%5c")
    }
}

/// Schemes that name the same store.
fn family(scheme: &str) -> Option<&'static str> {
    Some(match scheme {
        "s3" | "s3a" | "s3n" => "s3",
        "gs" => "gs",
        "abfs" | "abfss" | "wasb" | "wasbs" => "abfs",
        "file" => "file",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
