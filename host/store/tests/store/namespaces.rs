//! Namespaces.

use std::collections::BTreeMap;

use pangolin_core::ports::StoreError::{AlreadyExists, InUse, NotFound};
use pangolin_core::ports::{CatalogStore, PageRequest};

use crate::make::{self, refused};
use crate::testdb::TestDb;

pub(crate) async fn namespaces_nest_below_existing_parents(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await.id;
    refused!(store.create_namespace(&make::namespace(catalog, "n")).await, AlreadyExists("namespace"));
    refused!(store.create_namespace(&make::namespace(catalog, "missing.inner")).await, NotFound("namespace"));
    let nowhere = make::namespace(pangolin_core::id::CatalogId::generate(), "n");
    refused!(store.create_namespace(&nowhere).await, NotFound("catalog"));
    let inner = make::namespace(catalog, "n.inner");
    store.create_namespace(&inner).await.unwrap();
    assert_eq!(store.namespace(catalog, &inner.path).await.unwrap().as_ref(), Some(&inner));

    let properties = BTreeMap::from([("owner".to_owned(), "ann".to_owned())]);
    store.set_namespace_properties(catalog, &inner.path, &properties).await.unwrap();
    assert_eq!(store.namespace(catalog, &inner.path).await.unwrap().unwrap().properties, properties);
    let missing = make::path("missing");
    refused!(store.set_namespace_properties(catalog, &missing, &properties).await, NotFound("namespace"));

    let page = PageRequest::default();
    let children = store.list_namespaces(catalog, Some(&make::path("n")), &page).await.unwrap();
    assert_eq!((children.items, children.next), (vec![inner.path], None));
    assert_eq!(store.list_namespaces(catalog, None, &page).await.unwrap().items, [make::path("n")]);
    refused!(store.list_namespaces(catalog, Some(&missing), &page).await, NotFound("namespace"));
}

pub(crate) async fn a_namespace_in_use_stays(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    store.create_namespace(&make::namespace(catalog.id, "n.inner")).await.unwrap();
    refused!(store.drop_namespace(catalog.id, &make::path("n")).await, InUse(_));
    store.drop_namespace(catalog.id, &make::path("n.inner")).await.unwrap();
    let table = make::stored_table(store, &catalog, "t").await;
    refused!(store.drop_namespace(catalog.id, &make::path("n")).await, InUse(_));
    store.drop_table(catalog.id, table.id).await.unwrap();
    store.drop_namespace(catalog.id, &make::path("n")).await.unwrap();
    refused!(store.drop_namespace(catalog.id, &make::path("n")).await, NotFound("namespace"));
    assert!(store.namespace(catalog.id, &make::path("n")).await.unwrap().is_none());
}

pub(crate) async fn pages_are_in_byte_order(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await.id;
    for name in ["b", "A", "é", "a b", "a"] {
        store.create_namespace(&make::namespace(catalog, name)).await.unwrap();
    }
    let mut names = Vec::new();
    let mut page = PageRequest { after: None, limit: 2 };
    loop {
        let part = store.list_namespaces(catalog, None, &page).await.unwrap();
        assert!(part.items.len() <= 2);
        names.extend(part.items.iter().map(ToString::to_string));
        match part.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(names, ["A", "a", "a b", "b", "n", "é"]);
}
