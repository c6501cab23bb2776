//! Rotation: everything sealed anew, beside running hosts.

use pangolin_core::id::WarehouseId;
use pangolin_core::lease::{LeaseIntent, LeaseState};
use pangolin_core::ports::{LeaseBook, StoreError};
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::warehouse::Warehouse;
use pangolin_store::{KeyRing, OffsetPage, SealReport, Store, StoreConfig, WhyLeft};
use sqlx::Row;

use crate::make::{self, PLANTED, refused};
use crate::testdb::{self, KEY, OTHER_KEY, TestDb, TestDbParts};
use crate::warehouse_seals;

/// A warehouse and an active lease.
async fn filled(store: &Store) -> (Warehouse, LeaseIntent) {
    let acme = make::stored_tenant(store, "acme").await.id;
    let lake = make::warehouse(acme, "lake", "s3://lake");
    store.create_warehouse(&lake, None).await.unwrap();
    let intent = make::intent(&lake, "vms/ada");
    store.begin(&intent).await.unwrap();
    store.minted(intent.lease.id, &make::lease_grant("planted-key")).await.unwrap();
    (lake, intent)
}

fn with(config: &StoreConfig, keys: &str) -> StoreConfig {
    StoreConfig { keys: KeyRing::parse(keys).unwrap(), ..config.clone() }
}

fn by_key(report: &SealReport) -> Vec<(&str, u64)> {
    let mut keys: Vec<(&str, u64)> = Vec::new();
    for count in &report.counts {
        match keys.iter_mut().find(|(key, _)| *key == count.key) {
            Some((_, values)) => *values += count.values,
            None => keys.push((&count.key, count.values)),
        }
    }
    keys
}

async fn opens(store: &Store, lake: &Warehouse, intent: &LeaseIntent) {
    assert_eq!(store.warehouse(lake.tenant_id, "lake").await.unwrap().unwrap().secrets, lake.secrets);
    let papers = store.papers(intent.lease.id).await.unwrap().unwrap();
    assert_eq!((papers.snapshot.secrets, papers.handles.len()), (lake.secrets.clone(), 1));
    assert_eq!(store.active(&intent.lease.resource).await.unwrap().len(), 1);
}

pub(crate) async fn everything_is_sealed_anew_and_the_old_key_can_go(db: TestDb) {
    let (lake, intent) = filled(&db.store).await;
    // What is settled has nothing sealed.
    let settled = make::intent(&lake, "vms/bob");
    db.store.begin(&settled).await.unwrap();
    db.store.settle(settled.lease.id, LeaseState::Revoked, &[], testdb::NOW).await.unwrap();
    let before = db.store.look_at_seals().await.unwrap();
    assert!(before.is_done(), "{before:?}");
    assert_eq!(by_key(&before), [("default", 4)], "with the seal over the warehouse's row");
    db.store.close().await;
    let TestDbParts(config, _dir) = db.into_parts();

    let rotated = testdb::open(&with(&config, &format!("new:{OTHER_KEY},default:{KEY}"))).await;
    let before = rotated.look_at_seals().await.unwrap();
    assert_eq!((before.behind, before.resealed, before.is_done()), (3, 0, false));
    let after = rotated.reseal().await.unwrap();
    assert_eq!((after.resealed, after.is_done(), by_key(&after)), (3, true, vec![("new", 4)]));
    let again = rotated.reseal().await.unwrap();
    assert_eq!((again.resealed, again.is_done()), (0, true));
    rotated.close().await;
    drop(rotated);

    let without = testdb::open(&with(&config, &format!("new:{OTHER_KEY}"))).await;
    opens(&without, &lake, &intent).await;
    // The lease can be ended with what was sealed.
    without.ask_end(lake.tenant_id, intent.lease.id, testdb::NOW).await.unwrap().unwrap();
    assert_eq!(without.handles(&intent.lease.resource).await.unwrap().len(), 1);
}

/// What a host before the second form wrote for the warehouse with the identifier 7, under `KEY`.
const FIRST_FORM: &str = "v1:default:BwcHBwcHBwcHBwcHdEjVOQx9soCZ/HDj5SKHxMo59FGyjKN1l887iGWyECEFNJ0f7zSR9\
    i+NxJ6wcq0LjC6AKOyQI3bg4XNDeFBOi0Zby54pc/Jicw==";

pub(crate) async fn values_of_the_first_form_get_their_tenant(db: TestDb) {
    let acme = make::stored_tenant(&db.store, "acme").await.id;
    let lake = Warehouse { id: WarehouseId(uuid::Uuid::from_u128(7)), ..make::warehouse(acme, "lake", "s3://lake") };
    db.store.create_warehouse(&lake, None).await.unwrap();
    db.raw(&format!("UPDATE warehouses SET secrets = '{FIRST_FORM}'")).await;
    let db = warehouse_seals::of_before(db).await;
    let literal = || SecretValue::Literal(Secret::from(PLANTED));
    let before = db.store.look_at_seals().await.unwrap();
    assert_eq!((before.behind, before.left_count, by_key(&before)), (1, 0, vec![("default", 2)]));
    assert_eq!(db.store.warehouse(acme, "lake").await.unwrap().unwrap().secrets["secret_access_key"], literal());
    assert_eq!(db.store.reseal().await.unwrap().resealed, 1);
    let stored: String = db.raw("SELECT secrets FROM warehouses").await[0].get("secrets");
    assert!(stored.starts_with("v2:default:"), "{stored}");
    let listed = db.store.list_warehouses(acme, &OffsetPage::default()).await.unwrap();
    assert_eq!(listed[0].as_ref().unwrap().secrets["secret_access_key"], literal());
}

pub(crate) async fn what_does_not_open_is_named_and_left(db: TestDb) {
    let (lake, intent) = filled(&db.store).await;
    let pasted = make::warehouse(lake.tenant_id, "pasted", "s3://pasted");
    let plain = make::warehouse(lake.tenant_id, "plain", "s3://plain");
    for warehouse in [&pasted, &plain] {
        db.store.create_warehouse(warehouse, None).await.unwrap();
    }
    db.raw(
        "UPDATE warehouses SET secrets = (SELECT secrets FROM warehouses WHERE name = 'lake') WHERE name = 'pasted'",
    )
    .await;
    db.raw(&format!("UPDATE warehouses SET secrets = '{PLANTED}' WHERE name = 'plain'")).await;
    db.raw("UPDATE leases SET minted = 'v2:gone:AAAA'").await;
    let report = db.store.reseal().await.unwrap();
    assert_eq!((report.behind, report.left_count, report.is_done()), (0, 3, false));
    let why = |row: &str, column: &str| {
        let found = report.left.iter().find(|left| left.row == row && left.column == column).unwrap();
        assert_eq!(found.tenant, lake.tenant_id.to_string());
        found.why.clone()
    };
    assert_eq!(why(&pasted.id.to_string(), "secrets"), WhyLeft::DoesNotOpen);
    assert_eq!(why(&plain.id.to_string(), "secrets"), WhyLeft::NotSealed);
    assert_eq!(why(&intent.lease.id.to_string(), "minted"), WhyLeft::UnknownKey("gone".to_owned()));
    assert!(!format!("{report:?}").contains(PLANTED));
    // The others go on.
    assert_eq!(db.store.warehouse(lake.tenant_id, "lake").await.unwrap().unwrap().secrets, lake.secrets);
    refused!(db.store.warehouse(lake.tenant_id, "pasted").await, StoreError::WarehouseAltered { .. });
    let listed = db.store.list_warehouses(lake.tenant_id, &OffsetPage::default()).await.unwrap();
    assert_eq!(listed.iter().filter(|warehouse| warehouse.is_err()).count(), 2);
}

/// Whatever column of whatever table begins like a sealed value is one that rotation looks at.
pub(crate) async fn every_sealed_column_is_known(db: TestDb) {
    filled(&db.store).await;
    let known: Vec<(&str, &str)> =
        db.store.look_at_seals().await.unwrap().counts.iter().map(|count| (count.table, count.column)).collect();
    let select = if db.config.url.starts_with("sqlite") {
        "SELECT m.name AS of, p.name AS called FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
    } else {
        "SELECT table_name::text AS of, column_name::text AS called FROM information_schema.columns \
         WHERE table_schema = 'public' AND data_type = 'text'"
    };
    let mut sealed = 0;
    for column in db.raw(select).await {
        let (table, column): (String, String) = (column.get("of"), column.get("called"));
        let select = format!("SELECT COUNT(*) AS many FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE 'v2:%'");
        if db.raw(&select).await[0].get::<i64, _>("many") > 0 {
            sealed += 1;
            assert!(known.contains(&(table.as_str(), column.as_str())), "{table}.{column} is not rotated");
        }
    }
    // The fourth is the seal over the rows of warehouses.
    assert_eq!((sealed, known.len()), (3, 4));
    assert!(known.contains(&("warehouses", "mac")));
}

pub(crate) async fn rotation_goes_on_beside_a_running_host(db: TestDb) {
    let (lake, intent) = filled(&db.store).await;
    let both = format!("new:{OTHER_KEY},default:{KEY}");
    let running = testdb::open(&with(&db.config, &both)).await;
    opens(&running, &lake, &intent).await;
    let before = running.statements();
    let rotating = testdb::open(&with(&db.config, &both)).await;

    // One host changes the warehouse again and again while another process rotates.
    let writer = running.clone();
    let tenant = lake.tenant_id;
    let writes = tokio::spawn(async move {
        for _ in 0..30 {
            let stored = writer.warehouse(tenant, "lake").await.unwrap().unwrap();
            writer.update_warehouse(&stored, None).await.unwrap();
        }
    });
    for _ in 0..10 {
        rotating.reseal().await.unwrap();
    }
    writes.await.unwrap();
    assert!(rotating.reseal().await.unwrap().is_done());
    assert!(running.statements() > before);
    let stored = running.warehouse(tenant, "lake").await.unwrap().unwrap();
    assert_eq!((stored.revision, &stored.secrets), (31, &lake.secrets), "no write was lost");

    // A warm host asks nothing because of a rotation.
    running.active(&intent.lease.resource).await.unwrap();
    let before = running.statements();
    rotating.reseal().await.unwrap();
    running.active(&intent.lease.resource).await.unwrap();
    running.warehouse(tenant, "lake").await.unwrap();
    assert_eq!(running.statements(), before);

    // A host that does not have the new key yet goes on sealing with the old one: it is counted.
    db.store.create_warehouse(&make::warehouse(tenant, "late", "s3://late"), None).await.unwrap();
    assert_eq!(rotating.look_at_seals().await.unwrap().behind, 1);
    refused!(db.store.warehouse(tenant, "lake").await, StoreError::SecretUnreadable(_));
    assert!(rotating.reseal().await.unwrap().is_done());
}
