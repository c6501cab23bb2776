//! The grant file (`PANGOLIN_PLUGIN_GRANTS`): TOML, one table per plugin. Unknown keys are
//! refused, so that a right which is not enforced cannot be written down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::hosts;
use crate::limits::{LimitOutOfRange, Limits};

/// The operator's grants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantFile {
    /// By the name that `describe` gives.
    #[serde(default)]
    pub plugins: BTreeMap<String, Grant>,
    /// Where it was read from; read again when the plugins are.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
}

/// What one plugin may do. An empty table lets it vend, without anything that needs a right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grant {
    /// Only the component with this digest.
    pub sha256: Option<String>,
    /// Hosts: a name, `*.suffix`, or `field:` and the name of a field that holds a URL.
    pub hosts: Vec<String>,
    /// May let the host assume roles with the host's own identity.
    pub host_identity: bool,
    /// May pass on the values of its secret fields as credentials.
    pub credential_values: bool,
    /// May use secrets as keys of a raw HMAC.
    pub raw_hmac: bool,
    /// Bounds that differ from the defaults.
    pub limits: Limits,
}

/// Why a grant file is refused.
#[derive(Debug, thiserror::Error)]
pub enum GrantFileError {
    /// The file cannot be read.
    #[error("grant file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others could write grants into it.
    #[error("grant file: {0}")]
    Writable(#[from] crate::load::NotPrivate),
    /// Not TOML of the known form.
    #[error("grant file: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A digest is not 64 hexadecimal digits.
    #[error("grant file: sha256 of '{0}' is not 64 hexadecimal digits")]
    Digest(String),
    /// A host has another form than those known.
    #[error("grant file: '{host}' of '{plugin}' is not a host name, '*.' and a suffix of two labels, or 'field:name'")]
    Host {
        /// The plugin.
        plugin: String,
        /// As written.
        host: String,
    },
    /// A bound is out of range.
    #[error("grant file: '{plugin}': {source}")]
    Limit {
        /// The plugin.
        plugin: String,
        /// Which.
        source: LimitOutOfRange,
    },
}

impl GrantFile {
    /// Parses the text of a grant file.
    ///
    /// # Errors
    /// See [`GrantFileError`].
    pub fn parse(text: &str) -> Result<Self, GrantFileError> {
        let file: Self = toml::from_str(text)?;
        for (name, grant) in &file.plugins {
            if let Some(digest) = &grant.sha256
                && (digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()))
            {
                return Err(GrantFileError::Digest(name.clone()));
            }
            if let Some(host) = grant.hosts.iter().find(|host| hosts::parse(host).is_none()) {
                return Err(GrantFileError::Host { plugin: name.clone(), host: host.clone() });
            }
            grant.limits.check().map_err(|source| GrantFileError::Limit { plugin: name.clone(), source })?;
        }
        Ok(file)
    }

    /// Reads a grant file. It is read again whenever the plugins are.
    ///
    /// # Errors
    /// See [`GrantFileError`]; a file that others can write to is refused.
    pub fn read(path: &Path) -> Result<Self, GrantFileError> {
        let failed = |source| GrantFileError::Read { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        crate::load::require_private(path, &metadata)?;
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Ok(Self { path: Some(path.to_owned()), ..Self::parse(&text)? })
    }
}
