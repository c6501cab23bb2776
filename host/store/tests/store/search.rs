//! Everything that has a name comes up once, in order, in parts.

use pangolin_core::id::{CatalogId, UserId};
use pangolin_core::ports::CatalogStore;
use pangolin_core::record::Catalog;
use pangolin_store::{Named, SearchAt, SearchItem, Store};

use crate::make::{catalog, namespace, path, stored_table, stored_tenant, warehouse};
use crate::testdb::TestDb;

/// A tenant with two catalogs; the first has nested namespaces and tables of one name.
async fn world(store: &Store, tenant: &str) -> [Catalog; 2] {
    let tenant = stored_tenant(store, tenant).await;
    let warehouse = warehouse(tenant.id, "lake", "s3://lake");
    store.create_warehouse(&warehouse, None).await.unwrap();
    let both = [("beta", "s3://lake/b"), ("alpha", "s3://lake/a")].map(|(name, base)| catalog(&warehouse, name, base));
    for made in &both {
        store.create_catalog(made).await.unwrap();
        for name in ["n", "n.deep", "m"] {
            store.create_namespace(&namespace(made.id, name)).await.unwrap();
        }
    }
    both
}

async fn add_table(store: &Store, catalog: &Catalog, namespace: &str, name: &str) {
    let at = format!("{}/{namespace}-{name}", catalog.base);
    let table = crate::make::table(catalog.id, namespace, name, &at);
    store.create_table(&pangolin_core::ports::NewTable { table }).await.unwrap();
}

fn name_of(item: &SearchItem) -> String {
    match &item.named {
        Named::Catalog { .. } => item.catalog.clone(),
        Named::Namespace { path, .. } => format!("{}/{path}", item.catalog),
        Named::Table { namespace, name, .. } => format!("{}/{namespace}#{name}", item.catalog),
    }
}

async fn all(store: &Store, catalog: &Catalog, named: Option<&[CatalogId]>) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(SearchAt::default());
    while let Some(at) = next {
        let part = store.search_part(catalog.tenant_id, named, &at).await.unwrap();
        assert!(part.items.len() <= 500);
        names.extend(part.items.iter().map(name_of));
        next = part.next;
    }
    names
}

pub(crate) async fn everything_comes_up_once_in_order(db: TestDb) {
    let [beta, alpha] = world(&db.store, "acme").await;
    let others = world(&db.store, "other").await;
    for name in ["orders", "Orders", "a%_b"] {
        add_table(&db.store, &beta, "n", name).await;
    }
    add_table(&db.store, &alpha, "n.deep", "orders").await;
    add_table(&db.store, &others[0], "n", "foreign").await;
    let expected = [
        "alpha",
        "beta",
        "alpha/m",
        "alpha/n",
        "alpha/n.deep",
        "beta/m",
        "beta/n",
        "beta/n.deep",
        "alpha/n.deep#orders",
        "beta/n#Orders",
        "beta/n#a%_b",
        "beta/n#orders",
    ];
    assert_eq!(all(&db.store, &beta, None).await, expected);
    let of_alpha: Vec<_> = expected.into_iter().filter(|name| name.starts_with("alpha")).collect();
    assert_eq!(all(&db.store, &beta, Some(&[alpha.id])).await, of_alpha);
    assert_eq!(all(&db.store, &beta, Some(&[])).await, Vec::<String>::new());
    // A catalog of another tenant is none of this one's, whoever names it.
    assert_eq!(all(&db.store, &beta, Some(&[others[0].id])).await, Vec::<String>::new());

    // It goes on after each thing just as well.
    let mut items = Vec::new();
    let mut next = Some(SearchAt::default());
    while let Some(at) = next {
        let part = db.store.search_part(beta.tenant_id, None, &at).await.unwrap();
        next = part.items.first().map(SearchItem::after).or(part.next);
        items.extend(part.items.first().map(name_of));
    }
    assert_eq!(items, expected);
    db.close().await;
}

pub(crate) async fn a_long_list_is_read_in_parts(db: TestDb) {
    let [beta, alpha] = world(&db.store, "acme").await;
    for catalog in [&alpha, &beta] {
        for n in 0..600 {
            db.store.create_namespace(&namespace(catalog.id, &format!("x{n:04}"))).await.unwrap();
        }
    }
    let names = all(&db.store, &beta, None).await;
    assert_eq!(names.len(), 2 + 2 * 603);
    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len());
    assert!(names[2..].is_sorted(), "{names:?}");
    db.close().await;
}

pub(crate) async fn a_cursor_is_for_one_user_and_shows_nothing(db: TestDb) {
    let catalog = crate::make::stored_catalog(&db.store).await;
    let table = stored_table(&db.store, &catalog, "hidden-table").await;
    let item = SearchItem {
        catalog_id: catalog.id,
        catalog: catalog.name.clone(),
        named: Named::Table { id: table.id, namespace: path("n"), name: table.name.clone() },
    };
    let (ann, ben) = (UserId::generate(), UserId::generate());
    let cursor = db.store.search_cursor(catalog.tenant_id, ann, &item.after()).unwrap();
    assert_eq!(db.store.search_at(catalog.tenant_id, ann, &cursor), Some(item.after()));
    assert_eq!(db.store.search_at(catalog.tenant_id, ben, &cursor), None);
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &cursor).unwrap();
    assert!(!String::from_utf8_lossy(&decoded).contains("hidden"));
    for wrong in ["", "x", "{}", &cursor[1..], &format!("{cursor}A")] {
        assert_eq!(db.store.search_at(catalog.tenant_id, ann, wrong), None, "{wrong}");
    }
    db.close().await;
}
