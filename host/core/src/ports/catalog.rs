use std::sync::Arc;

use async_trait::async_trait;

use crate::id::{CatalogId, TableId, TenantId, WarehouseId};
use crate::location::Location;
use crate::namespace::NamespacePath;
use crate::record::{CatalogSnapshot, Namespace, Properties, Table};

/// What the store answers when it cannot do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing (of this tenant).
    #[error("{0} does not exist")]
    NotFound(&'static str),
    /// The name is taken.
    #[error("{0} already exists")]
    AlreadyExists(&'static str),
    /// Something still depends on it.
    #[error("{0}")]
    InUse(String),
    /// Somebody else changed it first.
    #[error("{0} was changed by another request")]
    Conflict(&'static str),
    /// The location overlaps another table's or catalog's.
    #[error("location overlaps another one")]
    LocationTaken,
    /// The role or base is not this tenant's to use through the host's own identity. The text
    /// tells nothing of the other tenant.
    #[error("the host's own identity may not be used here")]
    HostIdentityTaken,
    /// A `secret_ref` belongs to another tenant; tells nothing more.
    #[error("a secret_ref of this definition is not yours to use; choose another name or ask the operator")]
    SecretRefTaken,
    /// What is sealed in a row does not open: its key is gone, or the row was changed by hand.
    #[error("a stored secret cannot be opened")]
    SecretUnreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A warehouse's row is not what the host wrote. Nothing of it is used.
    #[error(
        "this warehouse was changed in the database and not by the host, so nothing of it is used and nothing is sent \
         anywhere: an administrator writes it anew, whole and with its secrets, or deletes it"
    )]
    WarehouseAltered {
        /// Which, for the log.
        warehouse: WarehouseId,
        /// What does not fit.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database failed; the cause is logged, never shown.
    #[error("the store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The code of a warehouse that is there and of which nothing is used; none: it is another error.
    #[must_use]
    pub fn unusable_code(&self) -> Option<&'static str> {
        match self {
            Self::WarehouseAltered { .. } => Some("warehouse-altered"),
            Self::SecretUnreadable(_) => Some("secret-unreadable"),
            _ => None,
        }
    }
}

/// A part of a list, ordered by name.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Names after this one.
    pub after: Option<String>,
    /// At most so many; the store never returns more than 1,000.
    pub limit: usize,
}

/// Items and whether there are more.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// A table to be created, together with its first metadata.
#[derive(Debug, Clone)]
pub struct NewTable {
    /// The table; its `version` is 1.
    pub table: Table,
}

/// A commit: it happens only if the table is still at `expected_version`.
#[derive(Debug, Clone)]
pub struct TableCommit {
    /// The table.
    pub table_id: TableId,
    /// The version that the new metadata was made from.
    pub expected_version: i64,
    /// The new metadata file.
    pub metadata_location: String,
    /// The new metadata document.
    pub metadata: Arc<str>,
    /// Its root.
    pub location: Location,
    /// Its locations outside the root.
    pub extra_locations: Vec<Location>,
}

/// Which locations belong to which table.
#[async_trait]
pub trait TableLocations: Send + Sync + std::fmt::Debug {
    /// Whether no location of the table overlaps one of another table of the catalog; asked again
    /// at every vend. Warm: from memory.
    async fn locations_are_exclusive(&self, catalog: CatalogId, table: &Table) -> Result<bool, StoreError>;
}

/// Catalogs, namespaces and tables. Everything is asked by tenant: a foreign thing is `None`
/// or [`StoreError::NotFound`], like one that never was.
#[async_trait]
pub trait CatalogStore: TableLocations {
    /// A catalog with its warehouse, by name. Warm: from memory.
    async fn catalog(&self, tenant: TenantId, name: &str) -> Result<Option<Arc<CatalogSnapshot>>, StoreError>;
    /// Which catalog that is, whether or not its warehouse can be used.
    async fn catalog_id(&self, tenant: TenantId, name: &str) -> Result<Option<CatalogId>, StoreError>;

    /// Creates a namespace below existing parents.
    async fn create_namespace(&self, namespace: &Namespace) -> Result<(), StoreError>;
    /// One namespace.
    async fn namespace(&self, catalog: CatalogId, path: &NamespacePath) -> Result<Option<Namespace>, StoreError>;
    /// Children of `parent`, or the outermost ones.
    async fn list_namespaces(
        &self,
        catalog: CatalogId,
        parent: Option<&NamespacePath>,
        page: &PageRequest,
    ) -> Result<Page<NamespacePath>, StoreError>;
    /// Replaces the properties.
    async fn set_namespace_properties(
        &self,
        catalog: CatalogId,
        path: &NamespacePath,
        properties: &Properties,
    ) -> Result<(), StoreError>;
    /// Drops an empty namespace; `InUse` if it has tables or children.
    async fn drop_namespace(&self, catalog: CatalogId, path: &NamespacePath) -> Result<(), StoreError>;

    /// A table with its metadata. Warm: from memory.
    async fn table(
        &self,
        catalog: CatalogId,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<Option<Arc<Table>>, StoreError>;
    /// A table by its identifier.
    async fn table_by_id(&self, catalog: CatalogId, id: TableId) -> Result<Option<Arc<Table>>, StoreError>;
    /// Names and identifiers of the tables of a namespace.
    async fn list_tables(
        &self,
        catalog: CatalogId,
        namespace: &NamespacePath,
        page: &PageRequest,
    ) -> Result<Page<(String, TableId)>, StoreError>;
    /// Creates a table. In the same transaction: the namespace exists, the name is free, no
    /// location overlaps another table's of the catalog.
    async fn create_table(&self, table: &NewTable) -> Result<(), StoreError>;
    /// Commits: compare and set on the version, and the check of locations, in one transaction.
    async fn commit_table(&self, commit: &TableCommit) -> Result<(), StoreError>;
    /// Commits several tables, all or none.
    async fn commit_tables(&self, commits: &[TableCommit]) -> Result<(), StoreError>;
    /// Forgets a table, if it is still at `expected_version` (none: whatever it is at).
    async fn drop_table(&self, catalog: CatalogId, id: TableId) -> Result<(), StoreError>;
    /// Renames or moves a table within the catalog.
    async fn rename_table(
        &self,
        catalog: CatalogId,
        id: TableId,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<(), StoreError>;
}
