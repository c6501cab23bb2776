//! The trail for those who only read it: beside a running host too, which holds a SQLite file.

use std::sync::Arc;

use pangolin_core::ports::StoreError;

use super::{AuditFault, AuditSeals, SealFault};
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

    /// Whether a host of this name, with these keys, would have to refuse to write; none: it writes.
    ///
    /// # Errors
    /// The database failed.
    pub async fn refusal_of(&self, host: &str) -> Result<Option<SealFault>, StoreError> {
        let fault = match self.head(host).await?.ends(&self.seals) {
            Err((_, AuditFault::End(fault) | AuditFault::Start(fault))) => Some(fault),
            Err((_, AuditFault::NoEnd)) => match self.listed().await? {
                Err(AuditFault::List(fault)) => Some(fault),
                _ => None,
            },
            _ => None,
        };
        // Whatever else is wrong is found by a walk, and hosts go on after it.
        Ok(fault.filter(|fault| matches!(fault, SealFault::UnknownKey(_))))
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
