//! Scenario files: a configuration to try a strategy with, and what its upstream answers. TOML or
//! JSON by the file's ending; a transcript of a run has the same form.

mod exchange;
mod placeholder;
mod secret_text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pangolin_core::location::Location;
use pangolin_core::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::exchange::{Exchange, Failure};
pub(crate) use self::placeholder::{Instants, render};

/// No scenario is larger.
const MAX_FILE: u64 = 4 << 20;
const MAX_FIELDS: usize = 128;
const MAX_EXCHANGES: usize = 512;

const LONGEST_MESSAGE: usize = 400;

/// The name of the file that lies beside a component.
pub(crate) const FILE_NAME: &str = "scenario.toml";

/// What a strategy is tried with.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scenario {
    /// Location of the warehouse; the table is below it. None: one of the strategy's first scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
    /// Of a transcript: what was asked, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recorded: Option<Recorded>,
    /// Fields that are no secrets, those of the storage among them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) config: BTreeMap<String, Value>,
    /// Values of secrets; an empty text stands for one that is made up. Written without values.
    #[serde(with = "secret_text", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) secrets: BTreeMap<String, Secret<String>>,
    /// Of several that match a request the first answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) upstream: Vec<Exchange>,
}

/// One run, as a transcript repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// The export that ran.
    pub(crate) export: String,
    /// Rights that were asked for, as `--access` takes them.
    pub(crate) access: String,
    /// Life that was asked for.
    pub(crate) ttl_seconds: u32,
}

/// Why a scenario is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScenarioError {
    #[error("{path} cannot be read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{0} is larger than 4 MiB")]
    Large(PathBuf),
    #[error("{path}{place}: {message}")]
    Syntax { path: PathBuf, place: String, message: String },
    #[error("{path}: {message}")]
    Content { path: PathBuf, message: String },
}

impl Scenario {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ScenarioError> {
        let failed = |source| ScenarioError::Read { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(std::io::Error::other("it is not a file")));
        }
        if metadata.len() > MAX_FILE {
            return Err(ScenarioError::Large(path.to_owned()));
        }
        Self::parse(&std::fs::read_to_string(path).map_err(failed)?, path)
    }

    /// The file that is named, else the one beside the component, else the one in this folder.
    pub(crate) fn find(named: Option<&Path>, component: &Path) -> Result<Option<Self>, ScenarioError> {
        if let Some(path) = named {
            return Self::read(path).map(Some);
        }
        let beside = component.with_file_name(FILE_NAME);
        let here = PathBuf::from(FILE_NAME);
        match [beside, here].into_iter().find(|path| path.exists()) {
            Some(path) => Self::read(&path).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the text of a file; the ending of `path` says which form it has.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, ScenarioError> {
        // Names of fields are repeated in these, and the file may be somebody else's.
        let syntax = |place: String, message: String| {
            let message = crate::shown::printable(&message, LONGEST_MESSAGE);
            ScenarioError::Syntax { path: path.to_owned(), place, message }
        };
        let scenario: Self = if is_json(path) {
            serde_json::from_str(text).map_err(|error| syntax(format!(" line {}", error.line()), error.to_string()))?
        } else {
            // The library's own text repeats the line, which may hold a secret.
            toml::from_str(text).map_err(|error| syntax(line_of(text, error.span()), error.message().to_owned()))?
        };
        scenario.check().map_err(|message| ScenarioError::Content { path: path.to_owned(), message })?;
        Ok(scenario)
    }

    /// The text of a file.
    pub(crate) fn to_text(&self, path: &Path) -> anyhow::Result<String> {
        Ok(if is_json(path) { serde_json::to_string_pretty(self)? + "\n" } else { toml::to_string(self)? })
    }

    fn check(&self) -> Result<(), String> {
        if let Some(base) = &self.base {
            Location::parse(base).map_err(|error| format!("base: {error}"))?;
        }
        if self.config.len() > MAX_FIELDS || self.secrets.len() > MAX_FIELDS {
            return Err(format!("config and secrets have at most {MAX_FIELDS} fields each"));
        }
        if let Some(name) = self.config.keys().find(|name| self.secrets.contains_key(*name)) {
            return Err(format!("'{}' is in config and in secrets: keep one", name.escape_debug()));
        }
        if self.upstream.len() > MAX_EXCHANGES {
            return Err(format!("upstream has at most {MAX_EXCHANGES} entries"));
        }
        for (index, exchange) in self.upstream.iter().enumerate() {
            exchange.check().map_err(|message| format!("upstream entry {}: {message}", index + 1))?;
        }
        Ok(())
    }
}

/// Whether a file is JSON by its name.
fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"))
}

/// ` line 3`, where the place is known.
fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let before = span.and_then(|span| text.get(..span.start));
    before.map(|before| format!(" line {}", before.matches('\n').count() + 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
