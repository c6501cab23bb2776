//! Opening a SQLite database.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use pangolin_core::clock::SystemClock;
use pangolin_store::{OpenError, Store, StoreConfig};

use crate::make;
use crate::testdb::{self, TestDb, TestDbParts};

async fn open(config: &StoreConfig) -> Result<Store, OpenError> {
    Store::open(config.clone(), Arc::new(SystemClock)).await
}

/// The lock belongs to the open file, so a second opening in this process meets it as another
/// process would.
pub(crate) async fn a_second_process_is_refused() {
    let db = TestDb::sqlite().await;
    let error = open(&db.config).await.unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
    assert!(error.to_string().contains("only one host"), "{error}");
    db.store.ping().await.unwrap();
    db.store.close().await;
    let TestDbParts(config, _dir) = db.into_parts();
    open(&config).await.unwrap();
}

pub(crate) async fn files_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    std::fs::write(&path, b"").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let store = testdb::open(&testdb::config(format!("sqlite://{}", path.display()))).await;
    make::stored_tenant(&store, "acme").await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["p.db", "p.db-shm", "p.db-wal", "p.db.lock"]);
}

pub(crate) async fn migrations_are_looked_at_without_doing_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let config = testdb::config(format!("sqlite://{}", path.display()));
    let state = Store::check_migrations(&config).await.unwrap();
    assert!(state.applied == 0 && state.latest > 0 && !state.is_current());
    assert!(!path.exists(), "looking makes no file");
    let store = testdb::open(&config).await;
    assert!(Store::check_migrations(&config).await.unwrap().is_current(), "beside a running host");
    make::stored_tenant(&store, "acme").await;
    store.close().await;
    drop(store);
    assert!(Store::check_migrations(&config).await.unwrap().is_current());
    let store = testdb::open(&config).await;
    assert_eq!(store.list_tenants(&Default::default()).await.unwrap().len(), 1, "migrated once");
}

pub(crate) async fn a_newer_schema_is_refused() {
    let db = TestDb::sqlite().await;
    db.raw("INSERT INTO schema_migrations (version, name, checksum) VALUES (99, 'future', 'x')").await;
    db.store.close().await;
    let TestDbParts(config, _dir) = db.into_parts();
    for error in [open(&config).await.unwrap_err(), Store::check_migrations(&config).await.unwrap_err()] {
        assert!(matches!(error, OpenError::SchemaNewer { applied: 99, .. }), "{error}");
    }
}

pub(crate) async fn other_urls_are_refused() {
    for url in ["mysql://localhost/x", "sqlite::memory:", "nonsense", "sqlite://"] {
        let config = testdb::config(url.to_owned());
        assert!(matches!(open(&config).await, Err(OpenError::Url)), "{url}");
    }
    let config = testdb::config("sqlite:///nowhere/at/all/p.db".to_owned());
    assert!(matches!(open(&config).await, Err(OpenError::File(_))));
    // Nothing listens on the discard port.
    let config = testdb::config("postgres://user:planted-password@127.0.0.1:9/x".to_owned());
    let error = open(&config).await.unwrap_err();
    assert!(matches!(error, OpenError::Connect(_)), "{error}");
    assert!(!format!("{error} {error:?} {config:?}").contains("planted-password"));
}
