//! One database for one case.

use std::sync::Arc;

use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_store::{AuditSync, Consistency, KeyRing, Store, StoreConfig};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::postgres::Cluster;

/// Base64 of 32 bytes.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Another one.
pub(crate) const OTHER_KEY: &str = "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

pub(crate) struct TestDb {
    pub(crate) store: Store,
    pub(crate) config: StoreConfig,
    dir: Option<tempfile::TempDir>,
}

pub(crate) fn config(url: String) -> StoreConfig {
    StoreConfig {
        url,
        keys: KeyRing::parse(KEY).unwrap(),
        audit_sync: AuditSync::Normal,
        consistency: Consistency::Eventual,
        host_name: "host-a".to_owned(),
    }
}

pub(crate) async fn open(config: &StoreConfig) -> Store {
    Store::open(config.clone(), Arc::new(ManualClock::at(NOW))).await.unwrap()
}

impl TestDb {
    pub(crate) async fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = config(format!("sqlite://{}", dir.path().join("pangolin test.db").display()));
        Self { store: open(&config).await, config, dir: Some(dir) }
    }

    pub(crate) async fn postgres(cluster: &Cluster) -> Self {
        let config = config(cluster.database().await);
        Self { store: open(&config).await, config, dir: None }
    }

    /// The directory of a SQLite database.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.as_ref().unwrap().path()
    }

    /// Closes the store and opens it again, as a restart does.
    pub(crate) async fn restart(self) -> Self {
        let config = self.config.clone();
        self.reopen(config).await
    }

    /// The same with other settings.
    pub(crate) async fn reopen(self, config: StoreConfig) -> Self {
        self.store.close().await;
        let Self { store, dir, .. } = self;
        drop(store);
        Self { store: open(&config).await, config, dir }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn raw(&self, text: &str) -> Vec<AnyRow> {
        let url = self.config.url.replace(' ', "%20");
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let rows = sqlx::query(AssertSqlSafe(text.to_owned())).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows
    }
}

/// What is left when a store is let go.
pub(crate) struct TestDbParts(pub(crate) StoreConfig, pub(crate) Option<tempfile::TempDir>);

impl TestDb {
    /// Lets the store go, and with it the lock of a SQLite file.
    pub(crate) fn into_parts(self) -> TestDbParts {
        TestDbParts(self.config, self.dir)
    }
}
