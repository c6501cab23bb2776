//! Warehouses.

use pangolin_core::ports::StoreError::{AlreadyExists, Conflict, InUse, NotFound};
use pangolin_core::warehouse::Warehouse;
use pangolin_store::OffsetPage;

use crate::make::{self, refused};
use crate::testdb::TestDb;

pub(crate) async fn a_warehouse_reads_back_whole(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let lake = make::warehouse(acme, "lake", "s3://lake/base/");
    store.create_warehouse(&lake, None).await.unwrap();
    assert_eq!(store.warehouse(acme, "lake").await.unwrap().as_deref(), Some(&lake));
    assert_eq!(store.warehouse_by_id(acme, lake.id).await.unwrap().as_deref(), Some(&lake));
    let listed = store.list_warehouses(acme, &OffsetPage::default()).await.unwrap();
    assert_eq!(listed.into_iter().map(Result::unwrap).collect::<Vec<_>>(), std::slice::from_ref(&lake));

    assert!(store.warehouse(other, "lake").await.unwrap().is_none());
    assert!(store.warehouse_by_id(other, lake.id).await.unwrap().is_none());
    assert!(store.list_warehouses(other, &OffsetPage::default()).await.unwrap().is_empty());
    refused!(store.create_warehouse(&make::warehouse(acme, "lake", "s3://b"), None).await, AlreadyExists("warehouse"));
    let nowhere = make::warehouse(make::tenant("x").id, "lake", "s3://b");
    refused!(store.create_warehouse(&nowhere, None).await, NotFound("tenant"));
    store.create_warehouse(&make::warehouse(other, "lake", "s3://b"), None).await.unwrap();

    refused!(store.delete_warehouse(other, "sea").await, NotFound("warehouse"));
    store.delete_warehouse(acme, "lake").await.unwrap();
    assert!(store.warehouse(acme, "lake").await.unwrap().is_none());
    assert!(store.warehouse_by_id(acme, lake.id).await.unwrap().is_none());
}

pub(crate) async fn a_warehouse_is_changed_at_its_revision_only(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let lake = make::warehouse(acme, "lake", "s3://lake");
    store.create_warehouse(&lake, None).await.unwrap();
    store.create_warehouse(&make::warehouse(acme, "sea", "s3://sea"), None).await.unwrap();

    let changed = Warehouse { strategy: None, secrets: Default::default(), max_ttl_seconds: None, ..lake.clone() };
    store.update_warehouse(&changed, None).await.unwrap();
    let stored = store.warehouse(acme, "lake").await.unwrap().unwrap();
    assert_eq!(*stored, Warehouse { revision: 2, ..changed.clone() });
    refused!(store.update_warehouse(&lake, None).await, Conflict("warehouse"));
    assert_eq!(store.warehouse(acme, "lake").await.unwrap(), Some(stored.clone()));

    let foreign = Warehouse { tenant_id: other, ..(*stored).clone() };
    refused!(store.update_warehouse(&foreign, None).await, NotFound("warehouse"));
    let taken = Warehouse { name: "sea".to_owned(), ..(*stored).clone() };
    refused!(store.update_warehouse(&taken, None).await, AlreadyExists("warehouse"));
}

pub(crate) async fn a_warehouse_with_catalogs_stays_and_contains_them(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let lake = make::warehouse(acme, "lake", "s3://lake/base");
    store.create_warehouse(&lake, None).await.unwrap();
    store.create_catalog(&make::catalog(&lake, "c", "s3://lake/base/c")).await.unwrap();
    refused!(store.delete_warehouse(acme, "lake").await, InUse(_));
    for outside in ["s3://lake/base/other", "s3://lake/base/c/deeper", "s3://other"] {
        let moved = Warehouse { base: make::location(outside), ..lake.clone() };
        refused!(store.update_warehouse(&moved, None).await, InUse(_));
    }
    let wider = Warehouse { base: make::location("s3://lake"), ..lake.clone() };
    store.update_warehouse(&wider, None).await.unwrap();
    store.delete_catalog(acme, "c").await.unwrap();
    store.delete_warehouse(acme, "lake").await.unwrap();
}
