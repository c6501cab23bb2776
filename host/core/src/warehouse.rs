//! A warehouse: storage, strategy, configuration in one normal form, secrets apart.
//!
//! [`create`] and [`update`] turn a request's body, in any of the spellings in use, into the
//! normal form; [`view`] is what replies show of it. Pure: the strategies' own `check-config`
//! comes after.

mod base;
mod blob_service;
mod context;
mod create;
mod field;
mod judge;
mod normalise;
mod problem;
mod request;
mod secrets;
mod spelling;
mod strategy_form;
#[cfg(test)]
mod tests;
mod update;
mod value;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMillis;
use crate::id::{TenantId, WarehouseId};
use crate::location::Location;
use crate::secret::SecretValue;

pub use self::blob_service::{blob_service, is_azures};
pub use self::context::WarehouseContext;
pub use self::create::create;
pub use self::problem::WarehouseProblems;
pub use self::spelling::names_a_secret;
pub use self::update::update;
pub(crate) use self::value::are_certificates;
pub use self::view::view;

/// Name of the strategy that assumes a role; the operator's role stands for a missing one.
pub(crate) const AWS_STS: &str = "AwsSts";

/// Where the objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageKind {
    /// S3 and compatible stores.
    S3,
    /// Azure Data Lake Storage Gen2 and Blob.
    Azure,
    /// Google Cloud Storage.
    Gcs,
    /// A directory of the host, for development.
    Local,
}

/// Whose keys a strategy starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseIdentity {
    /// Keys that the warehouse names.
    Own,
    /// The host's own identity: role and base belong to one tenant.
    Host,
    /// None: local storage, or a strategy that starts from nothing.
    None,
}

/// A warehouse in normal form.
#[derive(Debug, Clone, PartialEq)]
pub struct Warehouse {
    /// Identifier.
    pub id: WarehouseId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Name, unique in the tenant.
    pub name: String,
    /// Where the objects are.
    pub kind: StorageKind,
    /// Bucket or container and prefix; what the warehouse may ever open.
    pub base: Location,
    /// Name of the strategy; none: nothing is vended.
    pub strategy: Option<String>,
    /// Canonical field name to value, of storage and strategy together, without secrets.
    pub config: BTreeMap<String, serde_json::Value>,
    /// Canonical field name to secret.
    pub secrets: BTreeMap<String, SecretValue>,
    /// Whose keys the strategy starts from.
    pub identity: BaseIdentity,
    /// Allows credentials that cannot be narrowed (A22).
    pub allow_unscoped: bool,
    /// Longest life of a credential, in seconds.
    pub max_ttl_seconds: Option<u32>,
    /// Raised by each change; part of every cache key.
    pub revision: i64,
    /// When made.
    pub created_at: UnixMillis,
    /// When changed.
    pub updated_at: UnixMillis,
}

impl Warehouse {
    /// A text field of the configuration.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.config.get(field).and_then(serde_json::Value::as_str)
    }

    /// A boolean field of the configuration; missing is `false`.
    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        self.config.get(field).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }
}

impl StorageKind {
    /// The wire form, as `type` in `storage_config`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "azure",
            Self::Gcs => "gcs",
            Self::Local => "local",
        }
    }
}
