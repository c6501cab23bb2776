//! Secrets at rest.

use pangolin_core::ports::StoreError;
use pangolin_store::{KeyRing, OffsetPage, StoreConfig};
use sqlx::Row;

use crate::make::{self, PLANTED, refused};
use crate::testdb::{self, KEY, OTHER_KEY, TestDb};
use crate::warehouse_seals;

/// The error with its causes, as a log would have it.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    text
}

pub(crate) async fn secrets_are_not_in_the_row_and_do_not_open_in_another(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let (one, two) = (make::warehouse(acme, "one", "s3://one"), make::warehouse(acme, "two", "s3://two"));
    db.store.create_warehouse(&one, None).await.unwrap();
    db.store.create_warehouse(&two, None).await.unwrap();
    let stored: String = db.raw("SELECT secrets FROM warehouses WHERE name = 'one'").await[0].get("secrets");
    assert!(stored.starts_with("v2:default:"), "{stored}");
    assert!(!stored.contains(PLANTED) && !stored.contains("secret_access_key"));

    db.raw("UPDATE warehouses SET secrets = (SELECT secrets FROM warehouses WHERE name = 'one') WHERE name = 'two'")
        .await;
    refused!(db.store.warehouse(acme, "two").await, StoreError::WarehouseAltered { .. });
    // Were the row sealed with it, as those of before were, the value would not open there.
    let db = warehouse_seals::of_before(db).await;
    let error = db.store.warehouse(acme, "two").await.unwrap_err();
    refused!(Err::<(), _>(&error), StoreError::SecretUnreadable(_));
    assert_eq!(error.to_string(), "a stored secret cannot be opened");
    assert!(chain(&error).contains("does not belong here"), "{}", chain(&error));
    assert!(db.store.warehouse(acme, "one").await.unwrap().is_some());
    // The list shows the other one, and names this one.
    let listed = db.store.list_warehouses(acme, &OffsetPage::default()).await.unwrap();
    assert_eq!(listed[0].as_ref().unwrap().name, "one");
    assert_eq!(listed[1].as_ref().unwrap_err().name, "two");

    // A row that is given to another tenant does not open there either.
    let other = make::stored_tenant(&db.store, "other").await.id;
    db.raw(&format!("UPDATE warehouses SET tenant_id = '{other}' WHERE name = 'one'")).await;
    refused!(db.store.warehouse(other, "one").await, StoreError::WarehouseAltered { .. });
    let db = warehouse_seals::of_before(db).await;
    let error = db.store.warehouse(other, "one").await.unwrap_err();
    assert!(chain(&error).contains("does not belong here"), "{}", chain(&error));
}

pub(crate) async fn an_unknown_key_is_named(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let lake = make::warehouse(acme, "lake", "s3://lake");
    db.store.create_warehouse(&lake, None).await.unwrap();
    db.store.close().await;

    let with = |keys: String| StoreConfig { keys: KeyRing::parse(&keys).unwrap(), ..db.config.clone() };
    drop(db.store);
    let store = testdb::open(&with(format!("new:{OTHER_KEY}"))).await;
    let error = store.warehouse(acme, "lake").await.unwrap_err();
    assert!(chain(&error).contains("encryption key 'default'"), "{}", chain(&error));
    store.close().await;
    drop(store);

    let store = testdb::open(&with(format!("new:{OTHER_KEY},default:{KEY}"))).await;
    let read = store.warehouse(acme, "lake").await.unwrap().unwrap();
    assert_eq!(read.secrets, lake.secrets);
    store.update_warehouse(&read, None).await.unwrap();
    store.close().await;
    drop(store);
    let store = testdb::open(&with(format!("new:{OTHER_KEY}"))).await;
    assert_eq!(store.warehouse(acme, "lake").await.unwrap().unwrap().secrets, lake.secrets, "sealed anew");
}

pub(crate) async fn no_secret_is_in_the_files() {
    let db = TestDb::sqlite().await;
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    db.store.create_warehouse(&make::warehouse(acme, "lake", "s3://lake"), None).await.unwrap();
    let mut found_name = false;
    for entry in std::fs::read_dir(db.dir()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(PLANTED));
        found_name |= holds("s3://lake");
    }
    assert!(found_name, "the files were looked at");
}
