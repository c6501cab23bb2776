//! Locations of tables.

use pangolin_core::ports::StoreError::LocationTaken;
use pangolin_core::ports::{CatalogStore, NewTable, TableLocations};

use crate::make::{self, refused};
use crate::testdb::TestDb;

pub(crate) async fn no_table_contains_another(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let mut first = make::table(catalog.id, "n", "first", "s3://lake/c/n/orders");
    first.extra_locations = vec![make::location("s3://lake/c/data/x")];
    store.create_table(&NewTable { table: first.clone() }).await.unwrap();
    for taken in [
        "s3://lake/c/n/orders",
        "s3a://LAKE/c/n/orders/",
        "s3://lake/c/n/orders/inner",
        "s3://lake/c/n",
        "s3://lake",
        "s3://lake/c/data/x/y",
        "s3://lake/c/data",
    ] {
        let table = make::table(catalog.id, "n", "second", taken);
        refused!(store.create_table(&NewTable { table: table.clone() }).await, LocationTaken);
        assert!(store.table(catalog.id, &table.namespace, "second").await.unwrap().is_none(), "nothing of it stays");
        let mut table = make::table(catalog.id, "n", "second", "s3://lake/c/free");
        table.extra_locations = vec![make::location(taken)];
        refused!(store.create_table(&NewTable { table }).await, LocationTaken);
    }
    for (name, free) in [("a", "s3://lake/c/n/orders2"), ("b", "s3://lake/c/n/order"), ("c", "s3://lake/c/n/orders 1")]
    {
        store.create_table(&NewTable { table: make::table(catalog.id, "n", name, free) }).await.unwrap();
    }
    store.drop_table(catalog.id, first.id).await.unwrap();
    let reuse = make::table(catalog.id, "n", "again", "s3://lake/c/n/orders/inner");
    store.create_table(&NewTable { table: reuse }).await.unwrap();
}

pub(crate) async fn a_commit_cannot_move_onto_another_table(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let (a, b) = (make::stored_table(store, &catalog, "a").await, make::stored_table(store, &catalog, "b").await);
    let mut onto = make::commit(&a, 1, "{\"v\":2}");
    onto.extra_locations = vec![make::location("s3://lake/c/n/b/data")];
    refused!(store.commit_table(&onto).await, LocationTaken);
    let now = store.table(catalog.id, &a.namespace, "a").await.unwrap().unwrap();
    assert_eq!((now.version, now.extra_locations.len()), (1, 0), "nothing of it stays");

    let mut own = make::commit(&a, 1, "{\"v\":2}");
    own.extra_locations = vec![make::location("s3://lake/c/data/a"), make::location("s3://lake/c/n/a/metadata")];
    store.commit_table(&own).await.unwrap();
    let mut onto = make::commit(&b, 1, "{\"v\":2}");
    onto.extra_locations = vec![make::location("s3://lake/c/data/a/inner")];
    refused!(store.commit_table(&onto).await, LocationTaken);
    store.commit_table(&make::commit(&a, 2, "{\"v\":3}")).await.unwrap();
    store.commit_table(&onto).await.unwrap();
}

pub(crate) async fn one_of_two_overlapping_tables_is_made(db: TestDb) {
    let catalog = make::stored_catalog(&db.store).await;
    for round in 0..5 {
        let outer = make::table(catalog.id, "n", &format!("outer{round}"), &format!("s3://lake/c/r{round}"));
        let inner = make::table(catalog.id, "n", &format!("inner{round}"), &format!("s3://lake/c/r{round}/x"));
        let tries = [outer, inner].map(|table| {
            let store = db.store.clone();
            tokio::spawn(async move { store.create_table(&NewTable { table }).await })
        });
        let mut made = 0;
        for one in tries {
            match one.await.unwrap() {
                Ok(()) => made += 1,
                Err(LocationTaken) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(made, 1);
    }
}

pub(crate) async fn exclusive_is_asked_again_when_locations_change(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let table = make::stored_table(store, &catalog, "t").await;
    assert!(store.locations_are_exclusive(catalog.id, &table).await.unwrap());
    let before = store.statements();
    assert!(store.locations_are_exclusive(catalog.id, &table).await.unwrap());
    assert_eq!(store.statements(), before, "warm");

    // Another row, as a host with other rules could have written it.
    let other = make::stored_table(store, &catalog, "other").await;
    db.raw(&format!(
        "INSERT INTO table_locations (catalog_id, canonical, table_id) VALUES ('{}', 's3://lake/c/n/t/in/', '{}')",
        catalog.id, other.id
    ))
    .await;
    make::stored_table(store, &catalog, "third").await;
    assert!(!store.locations_are_exclusive(catalog.id, &table).await.unwrap());
    let mut claimed = other.clone();
    claimed.location = table.location.clone();
    assert!(!store.locations_are_exclusive(catalog.id, &claimed).await.unwrap());
}
