//! The flat bodies of `POST …/credentials`.

use serde::{Serialize, Serializer};

use super::properties::vended;
use super::{Emission, EmitError, Facts};
use crate::secret::Secret;
use crate::warehouse::StorageKind;

/// One credential, by the names of its cloud. `expiration` is RFC 3339; null: it does not expire.
/// `scoped` is false for a credential that opens more than the table.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum FlatCredential {
    /// S3 and compatible stores.
    Aws {
        /// Access key id.
        #[serde(serialize_with = "value")]
        access_key_id: Secret<String>,
        /// Secret access key.
        #[serde(serialize_with = "value")]
        secret_access_key: Secret<String>,
        /// Session token; null for keys that do not expire.
        #[serde(serialize_with = "optional")]
        session_token: Option<Secret<String>>,
        /// When it ends.
        expiration: Option<String>,
        /// Whether it is limited to the table.
        scoped: bool,
    },
    /// Azure, by SAS or by token.
    Azure {
        /// Shared access signature.
        #[serde(serialize_with = "optional", skip_serializing_if = "Option::is_none")]
        sas_token: Option<Secret<String>>,
        /// Bearer token, where the warehouse vends one.
        #[serde(serialize_with = "optional", skip_serializing_if = "Option::is_none")]
        access_token: Option<Secret<String>>,
        /// Storage account.
        account_name: String,
        /// Container.
        container: String,
        /// When it ends.
        expiration: Option<String>,
        /// Whether it is limited to the table.
        scoped: bool,
    },
    /// Google Cloud Storage.
    Gcs {
        /// Downscoped token.
        #[serde(serialize_with = "value")]
        access_token: Secret<String>,
        /// When it ends.
        expiration: Option<String>,
        /// Whether it is limited to the table.
        scoped: bool,
    },
}

/// The flat form of what [`super::emit`] spells out.
///
/// # Errors
/// See [`EmitError`].
pub fn flat(emission: &Emission<'_>) -> Result<FlatCredential, EmitError> {
    let facts = Facts::new(emission)?;
    let entry = |key: &str| facts.minted_entry(key).cloned();
    let incomplete = || EmitError::Incomplete { strategy: emission.strategy.to_owned(), missing: facts.provider.needs };
    let needed = |key: &str| entry(key).ok_or_else(incomplete);
    let expiration = facts.expires_at().map(crate::clock::UnixMillis::to_rfc3339);
    let scoped = !emission.unscoped;
    match emission.warehouse.kind {
        StorageKind::S3 => Ok(FlatCredential::Aws {
            access_key_id: needed("s3.access-key-id")?,
            secret_access_key: needed("s3.secret-access-key")?,
            session_token: entry("s3.session-token"),
            expiration,
            scoped,
        }),
        StorageKind::Azure => Ok(FlatCredential::Azure {
            sas_token: entry("adls.sas-token"),
            access_token: entry("adls.token"),
            account_name: facts.account.to_owned(),
            container: facts.container.to_owned(),
            expiration,
            scoped,
        }),
        StorageKind::Gcs => Ok(FlatCredential::Gcs { access_token: needed("gcs.oauth2.token")?, expiration, scoped }),
        StorageKind::Local => Err(EmitError::Nothing),
    }
}

fn value<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(vended(secret))
}

fn optional<S: Serializer>(secret: &Option<Secret<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(vended(secret)),
        None => serializer.serialize_none(),
    }
}
