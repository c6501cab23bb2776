//! Tables and commits.

use pangolin_core::id::CatalogId;
use pangolin_core::ports::StoreError::{AlreadyExists, Conflict, NotFound};
use pangolin_core::ports::{CatalogStore, NewTable, PageRequest};
use pangolin_core::record::Table;
use pangolin_store::Store;

use crate::make::{self, refused};
use crate::testdb::TestDb;

async fn read(store: &Store, table: &Table) -> Table {
    (*store.table(table.catalog_id, &table.namespace, &table.name).await.unwrap().unwrap()).clone()
}

pub(crate) async fn a_table_is_made_once(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let mut table = make::table(catalog.id, "n", "t", "s3://lake/c/n/t");
    table.extra_locations = vec![make::location("s3://lake/c/data/t")];
    store.create_table(&NewTable { table: table.clone() }).await.unwrap();
    assert_eq!(read(store, &table).await, table);
    assert_eq!(store.table_by_id(catalog.id, table.id).await.unwrap().as_deref(), Some(&table));
    assert!(store.table_by_id(CatalogId::generate(), table.id).await.unwrap().is_none());
    assert!(store.table(CatalogId::generate(), &table.namespace, "t").await.unwrap().is_none());
    assert!(store.table(catalog.id, &table.namespace, "T").await.unwrap().is_none());

    let again = NewTable { table: make::table(catalog.id, "n", "t", "s3://lake/c/n/t-2") };
    refused!(store.create_table(&again).await, AlreadyExists("table"));
    let lost = NewTable { table: make::table(catalog.id, "missing", "t", "s3://lake/c/m/t") };
    refused!(store.create_table(&lost).await, NotFound("namespace"));
    let nowhere = NewTable { table: make::table(CatalogId::generate(), "n", "t", "s3://lake/c/n/x") };
    refused!(store.create_table(&nowhere).await, NotFound("catalog"));

    make::stored_table(store, &catalog, "B").await;
    let page = store.list_tables(catalog.id, &make::path("n"), &PageRequest { after: None, limit: 1 }).await.unwrap();
    assert_eq!((page.items[0].0.as_str(), page.next.as_deref()), ("B", Some("B")));
    let rest = PageRequest { after: page.next, limit: 10 };
    let page = store.list_tables(catalog.id, &make::path("n"), &rest).await.unwrap();
    assert_eq!((page.items, page.next), (vec![("t".to_owned(), table.id)], None));
    refused!(store.list_tables(catalog.id, &make::path("x"), &rest).await, NotFound("namespace"));
}

pub(crate) async fn a_commit_replaces_the_version_it_names(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let table = make::stored_table(store, &catalog, "t").await;
    assert_eq!(read(store, &table).await.version, 1);
    store.commit_table(&make::commit(&table, 1, "{\"v\":2}")).await.unwrap();
    let now = read(store, &table).await;
    assert_eq!((now.version, &*now.metadata), (2, "{\"v\":2}"));
    assert_eq!(now.metadata_location, "s3://lake/c/n/t/metadata/2.json");
    for version in [1, 3] {
        refused!(store.commit_table(&make::commit(&table, version, "{}")).await, Conflict("table"));
    }
    assert_eq!(read(store, &table).await, now);
    let unknown = make::table(catalog.id, "n", "x", "s3://lake/c/n/x");
    refused!(store.commit_table(&make::commit(&unknown, 1, "{}")).await, NotFound("table"));
}

pub(crate) async fn several_commits_happen_all_or_none(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let (a, b) = (make::stored_table(store, &catalog, "a").await, make::stored_table(store, &catalog, "b").await);
    let (before_a, before_b) = (read(store, &a).await, read(store, &b).await);
    let mixed = [make::commit(&a, 1, "{\"v\":2}"), make::commit(&b, 7, "{}")];
    refused!(store.commit_tables(&mixed).await, Conflict("table"));
    let twice = [make::commit(&a, 1, "{\"v\":2}"), make::commit(&a, 1, "{\"v\":3}")];
    refused!(store.commit_tables(&twice).await, Conflict("table"));
    assert_eq!((read(store, &a).await, read(store, &b).await), (before_a, before_b));

    // The two tables change places.
    let mut swap = [make::commit(&a, 1, "{\"v\":2}"), make::commit(&b, 1, "{\"v\":2}")];
    swap[0].location = b.location.clone();
    swap[1].location = a.location.clone();
    store.commit_tables(&swap).await.unwrap();
    assert_eq!((read(store, &a).await.location, read(store, &b).await.location), (b.location, a.location));
    store.commit_tables(&[]).await.unwrap();
}

pub(crate) async fn a_table_is_renamed_and_dropped(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    store.create_namespace(&make::namespace(catalog.id, "m")).await.unwrap();
    let table = make::stored_table(store, &catalog, "t").await;
    make::stored_table(store, &catalog, "taken").await;
    let (n, m) = (make::path("n"), make::path("m"));
    read(store, &table).await;
    refused!(store.rename_table(catalog.id, table.id, &n, "taken").await, AlreadyExists("table"));
    refused!(store.rename_table(catalog.id, table.id, &make::path("x"), "t").await, NotFound("namespace"));
    refused!(store.rename_table(CatalogId::generate(), table.id, &n, "u").await, NotFound("catalog"));

    store.rename_table(catalog.id, table.id, &m, "u").await.unwrap();
    assert!(store.table(catalog.id, &n, "t").await.unwrap().is_none(), "not from memory either");
    let moved = store.table(catalog.id, &m, "u").await.unwrap().unwrap();
    assert_eq!((moved.id, moved.version), (table.id, 1));
    store.commit_table(&make::commit(&table, 1, "{\"v\":2}")).await.unwrap();
    assert_eq!(store.table(catalog.id, &m, "u").await.unwrap().unwrap().version, 2);

    store.drop_table(catalog.id, table.id).await.unwrap();
    assert!(store.table(catalog.id, &m, "u").await.unwrap().is_none());
    refused!(store.drop_table(catalog.id, table.id).await, NotFound("table"));
    make::stored_table(store, &catalog, "t").await;
}

pub(crate) async fn one_of_many_commits_wins(db: TestDb) {
    let catalog = make::stored_catalog(&db.store).await;
    let table = make::stored_table(&db.store, &catalog, "t").await;
    for version in 1..=5 {
        let tries: Vec<_> = (0..8)
            .map(|at| {
                let (store, commit) = (db.store.clone(), make::commit(&table, version, &format!("{{\"by\":{at}}}")));
                tokio::spawn(async move { store.commit_table(&commit).await.map(|()| commit.metadata) })
            })
            .collect();
        let mut winners = Vec::new();
        for one in tries {
            match one.await.unwrap() {
                Ok(metadata) => winners.push(metadata),
                Err(Conflict(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(winners.len(), 1);
        let now = read(&db.store, &table).await;
        assert_eq!((now.version, &now.metadata), (version + 1, &winners[0]));
    }
}
