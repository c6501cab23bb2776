//! The only crate with SQL: tenants, users, warehouses, tables and the audit trail, on SQLite or
//! PostgreSQL through one portable SQL.
//!
//! Invariants: everything tenant-owned is asked by tenant; a warm read runs no SQL; a change is
//! visible to this host when its call returns, and to the others within a second; secrets are
//! sealed before they reach a statement; a warehouse whose row somebody else changed is not used.

mod api_keys;
mod audit;
mod catalog_store;
mod catalogs;
mod claims;
mod config;
mod db;
mod dialect;
mod error;
mod external_users;
mod generation;
mod grants;
mod leases;
mod locations;
mod migrate;
mod mints;
mod namespaces;
mod open;
mod page;
mod passwords;
mod principals;
mod random;
mod reseal;
mod revocations;
mod roles;
mod row;
mod seal;
mod search;
mod secret_refs;
mod service_users;
mod snapshot;
mod sqlite_file;
mod store;
mod tables;
mod tenants;
mod tokens;
mod tx;
mod users;
mod warehouses;

pub use api_keys::{ApiKey, KeyHash, NewApiKey};
pub use audit::{
    AuditBreak, AuditChain, AuditClaim, AuditExport, AuditExportError, AuditExportItem, AuditExportRow, AuditFault,
    AuditFilter, AuditLink, AuditPage, AuditPruned, AuditReader, AuditReport, AuditSealed, AuditSeals, AuditTail,
    PrunedChain, SealFault,
};
pub use config::{AuditSync, Consistency, StoreConfig};
pub use external_users::{Provisioned, Renamed};
pub use leases::LeaseFilter;
pub use migrate::MigrationState;
pub use open::OpenError;
pub use page::OffsetPage;
pub use principals::{HeldRole, PrincipalRecord};
pub use reseal::{SealReport, SealedCount, SealedValue, WhyLeft};
pub use revocations::{RevocationFilter, Revoked};
pub use seal::{KeyRing, KeyRingError};
pub use search::{Named, SearchAt, SearchItem, SearchPart};
pub use service_users::{ServiceUser, ServiceUserChange};
pub use store::Store;
pub use tokens::Basis;
pub use users::UserChange;
pub use warehouses::{UnreadableWarehouse, WarehouseAsStored};
