//! The trail for those who only read it: beside a running host too, which holds a SQLite file.

use std::sync::Arc;

use super::AuditSeals;
use crate::config::StoreConfig;
use crate::db::Db;
use crate::open::{OpenError, connect_to_read};
use crate::store::Store;

/// Reads the trail and checks it.
#[derive(Debug, Clone)]
pub struct AuditReader {
    pub(super) db: Arc<Db>,
    pub(super) seals: AuditSeals,
}

impl AuditReader {
    /// Opens a database that has this version's schema. Nothing is written, and no lock is taken.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        Ok(Self { db: Arc::new(connect_to_read(config).await?), seals: AuditSeals::of(&config.keys) })
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

impl Store {
    /// Reads the trail over this store's connections.
    #[must_use]
    pub fn audit_reader(&self) -> AuditReader {
        AuditReader { db: Arc::clone(self.db()), seals: AuditSeals::of(&self.inner.keys) }
    }
}
