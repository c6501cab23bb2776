//! Metadata files in the table's storage, read and written with what the vend pipeline gives the
//! host for that one table.

mod connector;
mod fault;
mod local;
mod object;
mod turns;

use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::location::Location;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::vend::HostStorage;
use pangolin_egress::EgressClient;

use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;

pub use self::fault::{Refusal, StorageError};
pub(crate) use self::turns::Turn;

/// How the host reaches any storage.
#[derive(Debug)]
pub(crate) struct Storage {
    egress: EgressClient,
    local_root: Option<Arc<PathBuf>>,
    pub(crate) turns: turns::Turns,
}

impl Storage {
    pub(crate) fn new(egress: EgressClient, local_root: Option<PathBuf>) -> Self {
        Self { egress, local_root: local_root.map(Arc::new), turns: turns::Turns::default() }
    }
}

/// The files of one table.
#[derive(Debug)]
pub(crate) enum Files {
    Local(local::LocalFiles),
    Object(object::ObjectFiles),
}

impl Catalogs {
    /// Opens the storage of `table`, and of nothing else.
    pub(crate) async fn files(&self, asker: Asker<'_>, snapshot: &CatalogSnapshot, table: &Table) -> Result<Files> {
        let storage = self.vending.host_storage(snapshot, table, Access::FULL, asker.context).await?;
        Ok(match storage {
            HostStorage::Local => Files::Local(local::LocalFiles::new(self.storage.local_root.clone())?),
            HostStorage::Object(entries) => {
                let egress = self.storage.egress.clone();
                Files::Object(object::ObjectFiles::open(snapshot, table, &entries, self.storage_defaults(), egress)?)
            }
        })
    }
}

impl Files {
    /// Writes a new file; it is durable when the call returns.
    pub(crate) async fn write(&self, file: &Location, content: Arc<str>) -> Result<()> {
        match self {
            Self::Local(files) => files.write(file, content).await?,
            Self::Object(files) => files.write(file, content).await?,
        }
        Ok(())
    }

    /// Reads a file of a bounded size.
    pub(crate) async fn read(&self, file: &Location) -> Result<String> {
        Ok(match self {
            Self::Local(files) => files.read(file).await?,
            Self::Object(files) => files.read(file).await?,
        })
    }

    /// Removes a file that nothing points to. It is litter, not damage, if that fails.
    pub(crate) async fn discard(&self, file: &Location) {
        let done = match self {
            Self::Local(files) => files.delete(file).await,
            Self::Object(files) => files.delete(file).await,
        };
        if let Err(error) = done {
            tracing::warn!(%file, %error, "an unused metadata file is left behind");
        }
    }

    /// Removes everything below a location.
    pub(crate) async fn purge(&self, location: &Location) -> Result<()> {
        match self {
            Self::Local(files) => files.purge(location).await?,
            Self::Object(files) => files.purge(location).await?,
        }
        Ok(())
    }
}

/// Metadata files over this size are refused.
pub(crate) const MAX_METADATA_BYTES: u64 = 64 * 1024 * 1024;
