//! Catalogs.

use pangolin_core::ports::CatalogStore;
use pangolin_core::ports::StoreError::{AlreadyExists, Conflict, InUse, LocationTaken, NotFound};
use pangolin_core::record::Catalog;
use pangolin_store::OffsetPage;

use crate::make::{self, refused};
use crate::testdb::TestDb;

pub(crate) async fn a_catalog_is_made_changed_and_listed(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let tenant = catalog.tenant_id;
    let lake = store.warehouse(tenant, "lake").await.unwrap().unwrap();
    assert_eq!(store.list_catalogs(tenant, &OffsetPage::default()).await.unwrap(), std::slice::from_ref(&catalog));
    for base in ["s3://lake/d", "s3://lake/c"] {
        refused!(store.create_catalog(&make::catalog(&lake, "c", base)).await, AlreadyExists("catalog"));
    }

    let mut changed = catalog.clone();
    changed.properties.insert("owner".to_owned(), "data".to_owned());
    changed.name = "renamed".to_owned();
    store.update_catalog(&changed).await.unwrap();
    assert!(store.catalog(tenant, "c").await.unwrap().is_none());
    let stored = store.catalog(tenant, "renamed").await.unwrap().unwrap();
    assert_eq!(*stored.catalog, Catalog { revision: 2, ..changed.clone() });
    refused!(store.update_catalog(&changed).await, Conflict("catalog"));
    let current = (*stored.catalog).clone();
    let elsewhere = Catalog { warehouse_id: make::warehouse(tenant, "x", "s3://x").id, ..current.clone() };
    refused!(store.update_catalog(&elsewhere).await, InUse(_));
    let foreign = Catalog { tenant_id: make::tenant("x").id, ..current.clone() };
    refused!(store.update_catalog(&foreign).await, NotFound("catalog"));

    make::stored_table(store, &current, "t").await;
    let outside = Catalog { base: make::location("s3://lake/d"), ..current.clone() };
    refused!(store.update_catalog(&outside).await, InUse(_));
    let inside = Catalog { base: make::location("s3://lake/c/n"), ..current };
    store.update_catalog(&inside).await.unwrap();
}

pub(crate) async fn bases_of_catalogs_do_not_overlap(db: TestDb) {
    let store = &db.store;
    let first = make::stored_catalog(store).await;
    let tenant = first.tenant_id;
    let lake = store.warehouse(tenant, "lake").await.unwrap().unwrap();
    for taken in ["s3://lake", "s3://lake/c", "s3a://LAKE/c/", "s3://lake/c/deeper"] {
        refused!(store.create_catalog(&make::catalog(&lake, "d", taken)).await, LocationTaken);
    }
    refused!(store.create_catalog(&make::catalog(&lake, "d", "s3://other/d")).await, Conflict("warehouse"));
    store.create_catalog(&make::catalog(&lake, "d", "s3://lake/cc")).await.unwrap();

    let other = make::stored_tenant(store, "other").await.id;
    let mut foreign = make::catalog(&lake, "e", "s3://lake/e");
    foreign.tenant_id = other;
    refused!(store.create_catalog(&foreign).await, NotFound("warehouse"));
    // Own keys of another tenant are that tenant's own affair.
    let theirs = make::warehouse(other, "lake", "s3://lake");
    store.create_warehouse(&theirs, None).await.unwrap();
    store.create_catalog(&make::catalog(&theirs, "c", "s3://lake/c")).await.unwrap();
}

pub(crate) async fn a_snapshot_has_warehouse_and_siblings(db: TestDb) {
    let store = &db.store;
    let first = make::stored_catalog(store).await;
    let tenant = first.tenant_id;
    let snapshot = store.catalog(tenant, "c").await.unwrap().unwrap();
    assert_eq!(snapshot.warehouse.name, "lake");
    assert_eq!(&*snapshot.warehouse_catalogs, [first.id]);
    assert!(snapshot.host_identity_allowed, "own keys");
    assert!(store.catalog(make::tenant("x").id, "c").await.unwrap().is_none());

    let second = make::catalog(&snapshot.warehouse, "d", "s3://lake/d");
    store.create_catalog(&second).await.unwrap();
    let again = store.catalog(tenant, "c").await.unwrap().unwrap();
    assert_eq!(&*again.warehouse_catalogs, [first.id, second.id]);
    let changed = pangolin_core::warehouse::Warehouse { max_ttl_seconds: None, ..(*snapshot.warehouse).clone() };
    store.update_warehouse(&changed, None).await.unwrap();
    let again = store.catalog(tenant, "c").await.unwrap().unwrap();
    assert_eq!((again.warehouse.revision, again.warehouse.max_ttl_seconds), (2, None));
}

pub(crate) async fn a_catalog_in_use_stays(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let tenant = catalog.tenant_id;
    let table = make::stored_table(store, &catalog, "t").await;
    refused!(store.delete_catalog(tenant, "c").await, InUse(_));
    assert!(store.namespace(catalog.id, &make::path("n")).await.unwrap().is_some(), "nothing of it happened");
    store.drop_table(catalog.id, table.id).await.unwrap();
    store.create_namespace(&make::namespace(catalog.id, "n.inner")).await.unwrap();
    refused!(store.delete_catalog(tenant, "c").await, InUse(_));
    store.drop_namespace(catalog.id, &make::path("n.inner")).await.unwrap();
    store.delete_catalog(tenant, "c").await.unwrap();
    assert!(store.catalog(tenant, "c").await.unwrap().is_none());
    refused!(store.delete_catalog(tenant, "c").await, NotFound("catalog"));
}
