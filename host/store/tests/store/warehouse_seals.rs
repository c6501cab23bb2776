//! The seal over a warehouse's row: what the host did not write as it stands is not used.

use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::id::TenantId;
use pangolin_core::ports::{AuditTrail, CatalogStore, LeaseBook, StoreError};
use pangolin_core::warehouse::Warehouse;
use pangolin_store::{Consistency, KeyRing, OffsetPage, Store, StoreConfig, WhyLeft};
use sqlx::Row;

use crate::hosts;
use crate::make::{self, refused};
use crate::testdb::{self, KEY, OTHER_KEY, TestDb};

/// The same database as a host before the seals left it: the next start seals what is there.
pub(crate) async fn of_before(db: TestDb) -> TestDb {
    unsealed(&db).await;
    let config = db.config.clone();
    db.reopen(config).await
}

/// Takes the schema back.
async fn unsealed(db: &TestDb) {
    db.close().await;
    db.raw("ALTER TABLE warehouses DROP COLUMN mac").await;
    db.raw("DELETE FROM schema_migrations WHERE version = 10").await;
}

/// A warehouse without claims, so that its row may become any other.
async fn bare(store: &Store, tenant: TenantId, name: &str) -> Warehouse {
    let mut warehouse = make::warehouse(tenant, name, &format!("s3://{name}"));
    warehouse.secrets.remove("session_token");
    store.create_warehouse(&warehouse, None).await.unwrap();
    warehouse
}

async fn is_refused(store: &Store, tenant: TenantId, name: &str, why: &str) {
    match store.warehouse(tenant, name).await {
        Err(StoreError::WarehouseAltered { .. }) => {}
        other => panic!("{why}: {other:?}"),
    }
    let listed = store.list_warehouses(tenant, &OffsetPage::default()).await.unwrap();
    let found = listed.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(found.cause, StoreError::WarehouseAltered { .. }), "{why}");
}

/// Every column that the table has, whenever it came: one that is not under the seal fails here.
async fn columns(db: &TestDb) -> Vec<String> {
    let select = if db.config.url.starts_with("sqlite") {
        "SELECT name AS called FROM pragma_table_info('warehouses')"
    } else {
        "SELECT column_name::text AS called FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name = 'warehouses'"
    };
    db.raw(select).await.iter().map(|found| found.get("called")).collect()
}

/// Another value for a column: of its own kind where the kind counts.
fn other_value(column: &str, tenant: TenantId) -> String {
    match column {
        "id" => "'00000000-0000-4000-8000-000000000007'".to_owned(),
        "tenant_id" => format!("'{tenant}'"),
        "name" => "'pond'".to_owned(),
        "kind" => "'gcs'".to_owned(),
        "base" => "'s3://elsewhere/'".to_owned(),
        "strategy" => "'AwsStatic'".to_owned(),
        "config" => r#"'{"region":"eu-central-1","sts_endpoint":"https://evil.example"}'"#.to_owned(),
        "secrets" => "NULL".to_owned(),
        "identity" => "'host'".to_owned(),
        "allow_unscoped" => "0".to_owned(),
        _ => format!("{column} + 1"),
    }
}

pub(crate) async fn a_column_that_was_changed_is_refused(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let other = make::stored_tenant(&db.store, "other").await.id;
    bare(&db.store, acme, "lake").await;
    let columns = columns(&db).await;
    assert_eq!(columns.len(), 15, "{columns:?}");
    for column in columns.iter().filter(|column| *column != "mac") {
        db.raw(&format!("CREATE TABLE kept AS SELECT {column} AS was FROM warehouses")).await;
        db.raw(&format!("UPDATE warehouses SET {column} = {}", other_value(column, other))).await;
        let (tenant, name) = match column.as_str() {
            "tenant_id" => (other, "lake"),
            "name" => (acme, "pond"),
            _ => (acme, "lake"),
        };
        is_refused(&db.store, tenant, name, column).await;
        db.raw(&format!("UPDATE warehouses SET {column} = (SELECT was FROM kept)")).await;
        db.raw("DROP TABLE kept").await;
    }
    for (column, value) in [("strategy", "NULL"), ("max_ttl_seconds", "NULL"), ("strategy", "''")] {
        let was: String = match column {
            "strategy" => "'AwsSts'".to_owned(),
            _ => "900".to_owned(),
        };
        db.raw(&format!("UPDATE warehouses SET {column} = {value}")).await;
        is_refused(&db.store, acme, "lake", value).await;
        db.raw(&format!("UPDATE warehouses SET {column} = {was}")).await;
    }
    // All of it is as it was, and good.
    assert!(db.store.warehouse(acme, "lake").await.unwrap().is_some());
}

pub(crate) async fn another_rows_seal_is_refused(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let other = make::stored_tenant(&db.store, "other").await.id;
    bare(&db.store, acme, "lake").await;
    bare(&db.store, acme, "pond").await;
    bare(&db.store, other, "sea").await;
    let own: String = db.raw("SELECT mac FROM warehouses WHERE name = 'lake'").await[0].get("mac");
    assert!(own.starts_with("v1:default."), "{own}");
    for from in ["pond", "sea"] {
        let seal = format!("(SELECT mac FROM warehouses WHERE name = '{from}')");
        db.raw(&format!("UPDATE warehouses SET mac = {seal} WHERE name = 'lake'")).await;
        is_refused(&db.store, acme, "lake", from).await;
    }
    // A whole row of another tenant, with its seal, under this warehouse's identifier.
    let columns = "kind, base, strategy, config, secrets, identity, allow_unscoped, max_ttl_seconds, revision, \
        created_at, updated_at, mac";
    for column in columns.split(", ") {
        let value = format!("(SELECT {column} FROM warehouses WHERE name = 'sea')");
        db.raw(&format!("UPDATE warehouses SET {column} = {value} WHERE name = 'lake'")).await;
    }
    is_refused(&db.store, acme, "lake", "a row of another tenant").await;
    // The audit trail's seals are made for another purpose.
    db.raw("UPDATE warehouses SET mac = (SELECT mac FROM audit_hosts LIMIT 1) WHERE name = 'pond'").await;
    assert!(db.store.warehouse(acme, "pond").await.is_err());
    assert!(db.store.warehouse(other, "sea").await.unwrap().is_some());
}

pub(crate) async fn a_row_without_a_seal_is_never_adopted(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let lake = bare(&db.store, acme, "lake").await;
    let good: String = db.raw("SELECT mac FROM warehouses").await[0].get("mac");
    let mut db = db;
    for nothing in ["NULL", "''", "'v1:default.00000000'", "'v1::'"] {
        db.raw(&format!("UPDATE warehouses SET mac = {nothing}")).await;
        db = db.restart().await;
        is_refused(&db.store, acme, "lake", nothing).await;
        refused!(db.store.warehouse_by_id(acme, lake.id).await, StoreError::WarehouseAltered { .. });
    }
    // A row that somebody put in has none either.
    db.raw(&format!("UPDATE warehouses SET mac = '{good}'")).await;
    db.raw(
        "INSERT INTO warehouses (id, tenant_id, name, kind, base, strategy, config, identity, allow_unscoped, revision, \
         created_at, updated_at) SELECT '00000000-0000-4000-8000-000000000008', tenant_id, 'put in', kind, base, strategy, \
         config, 'host', 1, 1, created_at, updated_at FROM warehouses",
    )
    .await;
    is_refused(&db.store, acme, "put in", "put in").await;
    // A key that the ring does not have is an operator's matter, and is refused too.
    let key = good.replace("v1:default.", "v1:gone.");
    db.raw(&format!("UPDATE warehouses SET mac = '{key}' WHERE name = 'lake'")).await;
    refused!(db.store.warehouse(acme, "lake").await, StoreError::SecretUnreadable(_));
    assert!(!db.store.warehouse_as_stored(acme, "lake").await.unwrap().unwrap().is_genuine);
}

pub(crate) async fn rows_of_before_are_sealed_once(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let lake = bare(&db.store, acme, "lake").await;
    let pond = make::warehouse(acme, "pond", "s3://pond");
    db.store.create_warehouse(&pond, None).await.unwrap();
    let db = of_before(db).await;
    assert_eq!(db.store.warehouse(acme, "lake").await.unwrap().as_deref(), Some(&lake));
    assert_eq!(db.store.warehouse(acme, "pond").await.unwrap().as_deref(), Some(&pond));
    db.raw("UPDATE warehouses SET mac = NULL WHERE name = 'pond'").await;
    let db = db.restart().await;
    is_refused(&db.store, acme, "pond", "a later start").await;
}

pub(crate) async fn rows_of_before_are_not_sealed_under_another_ring(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    bare(&db.store, acme, "lake").await;
    // The trail is sealed with the ring of this database.
    db.store.record(make::event(None, "first")).await.unwrap();
    unsealed(&db).await;
    let config = db.config.clone();
    let testdb::TestDbParts(_, _dir) = db.into_parts();
    for wrong in [format!("other:{OTHER_KEY}"), OTHER_KEY.to_owned()] {
        let wrong = StoreConfig { keys: KeyRing::parse(&wrong).unwrap(), ..config.clone() };
        let clock = std::sync::Arc::new(ManualClock::at(testdb::NOW));
        assert!(Store::open(wrong, clock).await.is_err());
    }
    let store = testdb::open(&config).await;
    assert!(store.warehouse(acme, "lake").await.unwrap().is_some());
}

pub(crate) async fn a_row_that_was_changed_is_written_anew(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let lake = bare(&db.store, acme, "lake").await;
    db.store.create_catalog(&make::catalog(&lake, "c", "s3://lake/c")).await.unwrap();
    db.raw("UPDATE warehouses SET base = 'no location', created_at = 5, revision = 40").await;
    is_refused(&db.store, acme, "lake", "changed").await;
    refused!(CatalogStore::catalog(&db.store, acme, "c").await, StoreError::WarehouseAltered { .. });
    let more = make::catalog(&lake, "d", "s3://lake/d");
    refused!(db.store.create_catalog(&more).await, StoreError::WarehouseAltered { .. });
    let stands = db.store.warehouse_as_stored(acme, "lake").await.unwrap().unwrap();
    assert!(stands.shown.is_none() && !stands.is_genuine);
    assert_eq!((stands.id, stands.revision, stands.created_at), (lake.id, 40, UnixMillis(5)));
    let anew = Warehouse { revision: 40, created_at: stands.created_at, ..lake.clone() };
    db.store.update_warehouse(&anew, None).await.unwrap();
    let read = db.store.warehouse(acme, "lake").await.unwrap().unwrap();
    assert_eq!(*read, Warehouse { revision: 41, ..anew });
    assert!(CatalogStore::catalog(&db.store, acme, "c").await.unwrap().is_some());
    // One that nothing lies on can be deleted as it stands.
    bare(&db.store, acme, "pond").await;
    db.raw("UPDATE warehouses SET kind = 'x' WHERE name = 'pond'").await;
    db.store.delete_warehouse(acme, "pond").await.unwrap();
}

pub(crate) async fn a_rotation_leaves_what_was_changed(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let good = bare(&db.store, acme, "good").await;
    let host = make::claiming(acme, "host", "s3://host", None).0;
    db.store.create_warehouse(&host, None).await.unwrap();
    let changed = bare(&db.store, acme, "changed").await;
    let bald = bare(&db.store, acme, "bald").await;
    db.raw("UPDATE warehouses SET base = 's3://elsewhere/' WHERE name = 'changed'").await;
    db.raw("UPDATE warehouses SET mac = NULL WHERE name = 'bald'").await;
    let both =
        StoreConfig { keys: KeyRing::parse(&format!("new:{OTHER_KEY},default:{KEY}")).unwrap(), ..db.config.clone() };
    let db = db.reopen(both).await;
    // A warehouse without secrets has a seal to renew too.
    assert_eq!(db.store.look_at_seals().await.unwrap().behind, 2);
    let report = db.store.reseal().await.unwrap();
    assert_eq!((report.resealed, report.behind, report.left_count), (2, 0, 2));
    let why = |row: &Warehouse| {
        let left = report.left.iter().find(|left| left.row == row.id.to_string()).unwrap();
        assert_eq!((left.table, left.column), ("warehouses", "mac"));
        left.why.clone()
    };
    assert_eq!((why(&changed), why(&bald)), (WhyLeft::DoesNotOpen, WhyLeft::NotSealed));
    let new = StoreConfig { keys: KeyRing::parse(&format!("new:{OTHER_KEY}")).unwrap(), ..db.config.clone() };
    let db = db.reopen(new).await;
    for kept in [&good, &host] {
        assert_eq!(db.store.warehouse(acme, &kept.name).await.unwrap().as_deref(), Some(kept));
    }
    assert!(db.store.warehouse(acme, "changed").await.is_err());
}

pub(crate) async fn a_lease_ends_with_its_own_papers(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let lake = bare(&db.store, acme, "lake").await;
    let intent = make::intent(&lake, "vms/ada");
    db.store.begin(&intent).await.unwrap();
    db.store.minted(intent.lease.id, &make::lease_grant("planted-key")).await.unwrap();
    db.raw(r#"UPDATE warehouses SET config = '{"endpoint":"https://evil.example"}'"#).await;
    let papers = db.store.papers(intent.lease.id).await.unwrap().unwrap();
    assert!(papers.current.is_none(), "nothing of the row is used");
    assert_eq!((&papers.snapshot, papers.handles.len()), (&lake, 1));
}

pub(crate) async fn another_host_checks_what_it_reads(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let b = hosts::second_host(&db, Consistency::Strict).await;
    let lake = bare(&db.store, acme, "lake").await;
    for round in 1..=3 {
        let read = b.warehouse(acme, "lake").await.unwrap().unwrap();
        assert_eq!(read.revision, round);
        let writer = if round == 2 { &b } else { &db.store };
        writer.update_warehouse(&read, None).await.unwrap();
    }
    db.raw("UPDATE warehouses SET allow_unscoped = 0").await;
    // What is in memory is what the host wrote, until something changes.
    make::stored_tenant(&db.store, "another").await;
    for store in [&db.store, &b] {
        is_refused(store, acme, "lake", "after a change").await;
        refused!(store.warehouse_by_id(acme, lake.id).await, StoreError::WarehouseAltered { .. });
    }
}
