//! Replies about a table. The metadata document is copied once, as the text that it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::emit::{Emitted, SigningProperties};
use pangolin_core::record::Table;
use pangolin_core::vend::Vended;
use serde::Serialize;

use crate::error::{CatalogError, Result};

/// A table on its way to a client.
#[derive(Debug)]
pub struct LoadedTable {
    /// None for a staged table, which has no file yet.
    metadata_location: Option<String>,
    metadata: Arc<str>,
    emitted: Option<Emitted>,
    signing: Option<SigningProperties>,
    etag: String,
    fresh: bool,
}

impl LoadedTable {
    pub(super) fn new(table: &Table, vended: Option<&Vended>, emitted: Option<Emitted>, now: UnixMillis) -> Self {
        Self {
            metadata_location: (!table.metadata_location.is_empty()).then(|| table.metadata_location.clone()),
            metadata: table.metadata.clone(),
            emitted,
            signing: None,
            etag: etag(table, vended),
            fresh: vended.is_none_or(|vended| is_fresh(vended, now)),
        }
    }

    /// The same, with what a client needs to have its requests signed.
    pub(super) fn signed(self, signing: SigningProperties) -> Self {
        // Not what a client has that loaded it without.
        let etag = format!("{}-s\"", self.etag.trim_end_matches('"'));
        Self { signing: Some(signing), etag, ..self }
    }

    /// Names this state of the table together with the credential that goes with it.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// Whether a credential goes out with it.
    #[must_use]
    pub fn has_credential(&self) -> bool {
        self.emitted.is_some()
    }

    /// Whether a client that sent this `If-None-Match` has all of it already, a credential in the
    /// first half of its life included.
    #[must_use]
    pub fn is_known(&self, if_none_match: Option<&str>) -> bool {
        let known = if_none_match.unwrap_or_default();
        self.fresh && known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == self.etag)
    }

    /// The reply of load, create and register.
    ///
    /// # Errors
    /// Never for what was made by this crate.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let credentials = if self.emitted.is_some() { 4096 } else { 0 };
        let mut json = Vec::with_capacity(self.metadata.len() + credentials + 256);
        json.push(b'{');
        if let Some(location) = &self.metadata_location {
            json.extend_from_slice(b"\"metadata-location\":");
            write(&mut json, location)?;
            json.push(b',');
        }
        json.extend_from_slice(b"\"metadata\":");
        json.extend_from_slice(self.metadata.as_bytes());
        json.extend_from_slice(b",\"config\":");
        match (&self.emitted, &self.signing) {
            (None, None) => json.extend_from_slice(b"{}"),
            (None, Some(signing)) => {
                write(&mut json, signing.config())?;
                json.extend_from_slice(b",\"remote-signing-config\":");
                write(&mut json, signing.remote_signing_config())?;
            }
            (Some(emitted), _) => {
                write(&mut json, emitted.config())?;
                json.extend_from_slice(b",\"storage-credentials\":");
                write(&mut json, &emitted.storage_credentials)?;
            }
        }
        json.push(b'}');
        Ok(json)
    }
}

/// A table after a commit.
#[derive(Debug)]
pub struct CommittedTable {
    pub(super) metadata_location: String,
    pub(super) metadata: Arc<str>,
}

impl CommittedTable {
    /// The reply of a commit.
    ///
    /// # Errors
    /// Never for what was made by this crate.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut json = Vec::with_capacity(self.metadata.len() + 256);
        json.extend_from_slice(b"{\"metadata-location\":");
        write(&mut json, &self.metadata_location)?;
        json.extend_from_slice(b",\"metadata\":");
        json.extend_from_slice(self.metadata.as_bytes());
        json.push(b'}');
        Ok(json)
    }
}

fn write(json: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(json, value).map_err(|error| CatalogError::Corrupt(Box::new(error)))
}

fn etag(table: &Table, vended: Option<&Vended>) -> String {
    let mut hash = DefaultHasher::new();
    (table.id, table.version, &table.metadata_location).hash(&mut hash);
    format!("\"{:016x}-{:x}\"", hash.finish(), vended.map_or(0, |vended| vended.issued_at.0))
}

/// In the first half of its life, or without an end.
fn is_fresh(vended: &Vended, now: UnixMillis) -> bool {
    vended.expires_at.is_none_or(|end| end.0.saturating_sub(now.0) > (end.0.saturating_sub(vended.issued_at.0)) / 2)
}
