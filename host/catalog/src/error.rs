//! Why the catalog did not do as asked. HTTP-free; the texts go to clients.

use pangolin_core::emit::EmitError;
use pangolin_core::location::InvalidLocation;
use pangolin_core::namespace::{InvalidNamespace, NamespacePath};
use pangolin_core::policy::Denied;
use pangolin_core::ports::{AuditUnavailable, StoreError};
use pangolin_core::vend::VendError;

use crate::storage::StorageError;

/// Why the catalog did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No such catalog, or none that the caller may see.
    #[error("catalog does not exist: {0}")]
    NoSuchCatalog(String),
    /// No such namespace, or none that the caller may see.
    #[error("namespace does not exist: {0}")]
    NoSuchNamespace(String),
    /// No such table, or none that the caller may see.
    #[error("table does not exist: {0}")]
    NoSuchTable(String),
    /// The name is taken.
    #[error("namespace already exists: {0}")]
    NamespaceExists(String),
    /// The name is taken.
    #[error("table already exists: {0}")]
    TableExists(String),
    /// It has tables or children.
    #[error("namespace is not empty: {0}")]
    NamespaceNotEmpty(String),
    /// A right is missing.
    #[error("{0}")]
    Forbidden(String),
    /// A rule forbids it, whatever rights are held.
    #[error("{message}")]
    Refused {
        /// Which rule.
        code: &'static str,
        /// What is refused and what to do.
        message: String,
    },
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The request contradicts itself.
    #[error("{0}")]
    Contradiction(String),
    /// A location overlaps another table's.
    #[error("a location of the table overlaps another table's: choose another one, or none and let the host choose")]
    LocationTaken,
    /// A requirement of the commit is not met, or another commit was first.
    #[error("{0}")]
    CommitConflict(String),
    /// Whether the commit happened is not known: the store failed while it was under way.
    #[error("the commit may or may not have happened: load the table again")]
    CommitUnknown(#[source] StoreError),
    /// The stored metadata cannot be read. The cause is for the log.
    #[error("the stored metadata of the table cannot be read")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The metadata file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No credential.
    #[error(transparent)]
    Vend(VendError),
    /// The strategy's answer cannot be spelled out for clients.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The warehouse vends nothing, and a credential is all that was asked for.
    #[error(
        "this warehouse vends no credentials: its storage is local or its vending strategy is 'None'; set \
         vending_strategy on the warehouse"
    )]
    NothingToVend,
    /// The audit trail cannot be written.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Result of the catalog.
pub(crate) type Result<T> = std::result::Result<T, CatalogError>;

impl CatalogError {
    /// Whether somebody was refused, as against something being wrong or having failed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Forbidden(_) | Self::Refused { .. } => true,
            Self::Vend(error) => error.is_refusal(),
            _ => false,
        }
    }

    /// Whether the caller merely asked for what is not there or makes no sense. Such requests
    /// change nothing and leave no row in the audit trail.
    pub(crate) fn is_harmless(&self) -> bool {
        matches!(
            self,
            Self::NoSuchCatalog(_)
                | Self::NoSuchNamespace(_)
                | Self::NoSuchTable(_)
                | Self::NamespaceExists(_)
                | Self::TableExists(_)
                | Self::NamespaceNotEmpty(_)
                | Self::Invalid(_)
                | Self::Contradiction(_)
                | Self::NothingToVend
        )
    }

    /// Stable code of the error, for replies.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NoSuchCatalog(_) | Self::NoSuchNamespace(_) | Self::NoSuchTable(_) => "not-found",
            Self::NamespaceExists(_) | Self::TableExists(_) => "already-exists",
            Self::NamespaceNotEmpty(_) => "not-empty",
            Self::Forbidden(_) => "missing-right",
            Self::Refused { code, .. } => code,
            Self::Invalid(_) => "bad-request",
            Self::Contradiction(_) => "invalid",
            Self::LocationTaken => "location-taken",
            Self::CommitConflict(_) => "commit-conflict",
            Self::CommitUnknown(_) => "commit-unknown",
            Self::Corrupt(_) => "metadata-unreadable",
            Self::Storage(error) => error.code(),
            Self::Vend(error) => error.code(),
            Self::Emit(_) => "credential-incomplete",
            Self::NothingToVend => "nothing-to-vend",
            Self::Audit(_) => "audit-unavailable",
            Self::Store(_) => "store-failed",
        }
    }

    pub(crate) fn missing(right: &str, on: &str) -> Self {
        Self::Forbidden(format!("missing the right to {right} on {on}"))
    }

    pub(crate) fn no_namespace(path: &NamespacePath) -> Self {
        Self::NoSuchNamespace(path.dotted())
    }

    pub(crate) fn no_table(namespace: &NamespacePath, name: &str) -> Self {
        Self::NoSuchTable(format!("{namespace}.{name}"))
    }
}

impl From<VendError> for CatalogError {
    fn from(error: VendError) -> Self {
        match error {
            VendError::Audit(error) => Self::Audit(error),
            VendError::Store(error) => Self::Store(error),
            other => Self::Vend(other),
        }
    }
}

impl From<StoreError> for CatalogError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LocationTaken => Self::LocationTaken,
            StoreError::Conflict(what) => Self::CommitConflict(format!("{what} was changed by another request")),
            other => Self::Store(other),
        }
    }
}

impl From<Denied> for CatalogError {
    fn from(denied: Denied) -> Self {
        Self::Refused { code: denied.code(), message: denied.to_string() }
    }
}

impl From<InvalidLocation> for CatalogError {
    fn from(error: InvalidLocation) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<InvalidNamespace> for CatalogError {
    fn from(error: InvalidNamespace) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Iceberg's own judgement of a request.
impl From<iceberg::Error> for CatalogError {
    fn from(error: iceberg::Error) -> Self {
        match error.kind() {
            iceberg::ErrorKind::CatalogCommitConflicts => Self::CommitConflict(error.message().to_owned()),
            iceberg::ErrorKind::Unexpected => Self::Corrupt(Box::new(error)),
            _ => Self::Invalid(error.message().to_owned()),
        }
    }
}
