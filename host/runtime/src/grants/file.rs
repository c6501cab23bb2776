//! The grant file (`PANGOLIN_PLUGIN_GRANTS`): TOML, one table per plugin. Unknown keys are
//! refused, so that a right which is not enforced cannot be written down.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::hosts;
use crate::limits::{LimitOutOfRange, Limits};
use crate::signature::{KeyError, PublicKey};
use crate::text;

/// Size of the largest grant file.
const MAX_BYTES: u64 = 1 << 20;

/// The operator's grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantFile {
    /// Whose signatures count, and whether they are needed.
    pub signatures: SignaturePolicy,
    /// By the name that `describe` gives.
    pub plugins: BTreeMap<String, Grant>,
    /// Where it was read from; read again when the plugins are.
    pub(crate) path: Option<PathBuf>,
}

/// Whose signatures count, and whether they are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignaturePolicy {
    /// Whether a component needs one to be loaded. Those of the release need none.
    pub required: bool,
    /// By the names that `signed_by` uses.
    pub keys: BTreeMap<String, PublicKey>,
}

/// The file as it is written.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Written {
    signatures: WrittenSignatures,
    plugins: BTreeMap<String, Grant>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct WrittenSignatures {
    required: bool,
    keys: BTreeMap<String, String>,
}

/// What one plugin may do. An empty table lets it vend, without anything that needs a right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grant {
    /// Only the component with this digest.
    pub sha256: Option<String>,
    /// Names of keys, of which one at least must have signed the component.
    #[serde(deserialize_with = "names")]
    pub signed_by: Vec<String>,
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
    /// A name of a key is not one.
    #[error("grant file: '{0}' is not a name of a key: 1 to 64 letters, digits, '-' and '_'")]
    KeyName(String),
    /// A key is none.
    #[error("grant file: key '{name}' of [signatures.keys]: {source}")]
    Key {
        /// The key's name.
        name: String,
        /// Why.
        source: KeyError,
    },
    /// A plugin must be signed by a key that the file does not have.
    #[error(
        "grant file: 'signed_by' of '{plugin}' names the key '{key}', which is not in the table [signatures.keys]; it has \
         {known}"
    )]
    UnknownKey {
        /// The plugin.
        plugin: String,
        /// The key's name.
        key: String,
        /// Names that the table has.
        known: String,
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
        let Written { signatures, plugins } = toml::from_str(text)?;
        let keys = signatures.keys.into_iter().map(key).collect::<Result<_, _>>()?;
        let signatures = SignaturePolicy { required: signatures.required, keys };
        for (name, grant) in &plugins {
            check(name, grant, &signatures)?;
        }
        Ok(Self { signatures, plugins, path: None })
    }

    /// Reads a grant file. It is read again whenever the plugins are.
    ///
    /// # Errors
    /// See [`GrantFileError`]; a file that others can write to is refused.
    pub fn read(path: &Path) -> Result<Self, GrantFileError> {
        let failed = |source| GrantFileError::Read { path: path.to_owned(), source };
        let file = crate::load::open_at_once(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        crate::load::require_private(path, &metadata, &file)?;
        if !metadata.is_file() {
            return Err(failed(std::io::Error::other("it is not a regular file")));
        }
        if metadata.len() > MAX_BYTES {
            return Err(failed(std::io::Error::other(format!("it has more than {MAX_BYTES} bytes"))));
        }
        let text = std::io::read_to_string(file.take(MAX_BYTES)).map_err(failed)?;
        Ok(Self { path: Some(path.to_owned()), ..Self::parse(&text)? })
    }
}

/// One key of the table. The error names it and holds nothing of its value: that might be a private
/// key by mistake.
fn key((name, value): (String, String)) -> Result<(String, PublicKey), GrantFileError> {
    let fits =
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !fits {
        return Err(GrantFileError::KeyName(text::printable(&name, 64)));
    }
    match PublicKey::parse(&value) {
        Ok(key) => Ok((name, key)),
        Err(source) => Err(GrantFileError::Key { name, source }),
    }
}

/// Refuses a table of a plugin that says what cannot be kept.
fn check(name: &str, grant: &Grant, signatures: &SignaturePolicy) -> Result<(), GrantFileError> {
    let plugin = || name.to_owned();
    if let Some(digest) = &grant.sha256
        && (digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        return Err(GrantFileError::Digest(plugin()));
    }
    if let Some(host) = grant.hosts.iter().find(|host| hosts::parse(host).is_none()) {
        return Err(GrantFileError::Host { plugin: plugin(), host: host.clone() });
    }
    if let Some(key) = grant.signed_by.iter().find(|key| !signatures.keys.contains_key(*key)) {
        let known: Vec<&str> = signatures.keys.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(GrantFileError::UnknownKey { plugin: plugin(), key: text::printable(key, 64), known });
    }
    grant.limits.check().map_err(|source| GrantFileError::Limit { plugin: plugin(), source })
}

/// At least one: an empty list would say that nobody can sign, or that nobody must.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    if names.is_empty() {
        return Err(D::Error::invalid_length(0, &"the name of a key of [signatures.keys], or no 'signed_by'"));
    }
    Ok(names)
}
