//! The Iceberg REST catalog: namespaces, tables, commits, metadata files.
//!
//! One file per verb under [`namespace`] and [`table`]; [`Catalogs`] is what they are verbs of.
//! Who may do what is asked of [`pangolin_core::permission`], credentials come from
//! [`pangolin_core::vend`], Iceberg's own rules from the `iceberg` crate. No HTTP.

mod catalogs;
mod error;
mod listing;
mod metadata;
mod namespace;
mod place;
mod storage;
mod table;
#[cfg(test)]
mod tests;
mod trail;
mod unusable;

pub use self::catalogs::{Asker, Catalogs};
pub use self::error::CatalogError;
pub use self::listing::{Listed, Paging};
pub use self::namespace::{PropertiesChanged, PropertyChanges};
pub use self::storage::{Refusal, StorageError};
pub use self::table::{
    CommitTable, CommittedTable, CreateTable, CredentialsAsk, Delegation, ExplainTable, ExplainedSignature,
    ExplainedUse, LoadedTable, PresignTable, RegisterTable, RouteForm, SignRequest, SignedRequest, TableChange,
    TableIdentifier,
};
