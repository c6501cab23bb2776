//! Tampering with the audit trail.

use pangolin_core::audit::chain_link;
use pangolin_core::id::TenantId;
use pangolin_core::ports::AuditTrail;
use pangolin_store::{AuditTail, StoreConfig};
use sqlx::Row;

use crate::testdb::{self, TestDb};
use crate::{audit, make};

/// Tables that a tamperer can write.
const TABLES: [&str; 4] = ["audit_events", "audit_anchors", "audit_checkpoints", "audit_hosts"];

/// What is wrong first: `host/number/code`.
pub(crate) async fn found(db: &TestDb) -> String {
    let report = db.store.audit_reader().verify().await.unwrap();
    report
        .breaks
        .first()
        .map_or_else(String::new, |broken| format!("{}/{}/{}", broken.host, broken.seq, broken.fault.code()))
}

async fn keep(db: &TestDb, suffix: &str) {
    for table in TABLES {
        db.raw(&format!("CREATE TABLE {table}_{suffix} AS SELECT * FROM {table}")).await;
    }
}

async fn put_back(db: &TestDb, suffix: &str) {
    for table in TABLES {
        db.raw(&format!("DELETE FROM {table}")).await;
        db.raw(&format!("INSERT INTO {table} SELECT * FROM {table}_{suffix}")).await;
    }
}

async fn record(db: &TestDb, actions: &[&str]) {
    let tenant = TenantId::generate();
    for action in actions {
        db.store.record(make::event(Some(tenant), action)).await.unwrap();
    }
}

/// Links as somebody computes them who has no key.
async fn relink(db: &TestDb, host: &str) {
    let mut tail = AuditTail::START;
    for row in db.raw(&format!("SELECT seq, event FROM audit_events WHERE host = '{host}' ORDER BY seq")).await {
        let (seq, event): (i64, String) = (row.get("seq"), row.get("event"));
        tail = AuditTail { seq, link: chain_link(&tail.link, &event) };
        let link = tail.link_text();
        db.raw(&format!("UPDATE audit_events SET link = '{link}' WHERE host = '{host}' AND seq = {seq}")).await;
    }
    let (seq, link) = (tail.seq, tail.link_text());
    db.raw(&format!("UPDATE audit_anchors SET seq = {seq}, link = '{link}' WHERE host = '{host}'")).await;
}

pub(crate) async fn every_kind_of_tampering_shows(db: TestDb) {
    record(&db, &["one", "two", "three", "four", "five"]).await;
    let db = db.restart().await;
    audit::whole(&db.store, 5).await;
    keep(&db, "kept").await;
    for (tampering, expected) in [
        ("UPDATE audit_events SET event = replace(event, 'ann', 'bob') WHERE seq = 3", "host-a/3/changed"),
        ("UPDATE audit_events SET event = 'no event' WHERE seq = 1", "host-a/1/changed"),
        ("UPDATE audit_events SET link = 'AAAA' WHERE seq = 5", "host-a/5/changed"),
        ("UPDATE audit_events SET id = 'x' WHERE seq = 2", "host-a/2/column"),
        ("UPDATE audit_events SET tenant_id = NULL WHERE seq = 2", "host-a/2/column"),
        ("UPDATE audit_events SET user_id = 'x' WHERE seq = 2", "host-a/2/column"),
        ("UPDATE audit_events SET username = 'bob' WHERE seq = 2", "host-a/2/column"),
        ("UPDATE audit_events SET username = NULL WHERE seq = 2", "host-a/2/column"),
        ("UPDATE audit_events SET action = 'other' WHERE seq = 4", "host-a/4/column"),
        ("UPDATE audit_events SET resource_type = 'x' WHERE seq = 4", "host-a/4/column"),
        ("UPDATE audit_events SET resource_id = 'x' WHERE seq = 4", "host-a/4/column"),
        ("UPDATE audit_events SET resource_name = 'x' WHERE seq = 4", "host-a/4/column"),
        ("UPDATE audit_events SET at = at + 1 WHERE seq = 4", "host-a/4/column"),
        ("UPDATE audit_events SET result = 'denied' WHERE seq = 1", "host-a/1/column"),
        ("UPDATE audit_events SET request_id = 'x' WHERE seq = 1", "host-a/1/column"),
        ("UPDATE audit_events SET trace_id = 'x' WHERE seq = 1", "host-a/1/column"),
        // Taken out: the first, one between, the last, several, all, and all with their seals.
        ("DELETE FROM audit_events WHERE seq = 1", "host-a/1/missing"),
        ("DELETE FROM audit_events WHERE seq = 3", "host-a/3/missing"),
        ("DELETE FROM audit_events WHERE seq = 5", "host-a/5/missing"),
        ("DELETE FROM audit_events WHERE seq >= 4", "host-a/4/missing"),
        ("DELETE FROM audit_events", "host-a/1/missing"),
        ("DELETE FROM audit_events; DELETE FROM audit_anchors", "host-a/0/no-chain"),
        ("DELETE FROM audit_events; DELETE FROM audit_anchors; DELETE FROM audit_hosts", "/0/no-list"),
        ("DELETE FROM audit_events; DELETE FROM audit_anchors; UPDATE audit_hosts SET hosts = '[]'", "/0/forged-list"),
        // Put elsewhere.
        ("UPDATE audit_events SET seq = seq + 10 WHERE seq = 5", "host-a/5/missing"),
        (
            "UPDATE audit_events SET seq = 9 WHERE seq = 2; UPDATE audit_events SET seq = 2 WHERE seq = 3; \
             UPDATE audit_events SET seq = 3 WHERE seq = 9",
            "host-a/2/changed",
        ),
        // Put in.
        (
            "INSERT INTO audit_events (host, seq, id, action, resource_type, at, result, request_id, event, link) \
             SELECT host, 6, 'x', action, resource_type, at, result, request_id, event, link FROM audit_events WHERE seq = 5",
            "host-a/6/beyond-end",
        ),
        (
            "INSERT INTO audit_events (host, seq, id, action, resource_type, at, result, request_id, event, link) \
             SELECT 'host-x', 1, 'x', action, resource_type, at, result, request_id, event, link FROM audit_events WHERE seq = 1",
            "host-x/0/stranger",
        ),
        // Seals.
        ("UPDATE audit_anchors SET mac = NULL", "host-a/5/forged-end"),
        ("UPDATE audit_anchors SET seq = 4", "host-a/4/forged-end"),
        ("UPDATE audit_anchors SET host = 'host-b'; UPDATE audit_events SET host = 'host-b'", "host-a/0/no-chain"),
        ("DELETE FROM audit_anchors", "host-a/5/no-end"),
        ("UPDATE audit_anchors SET mac = 'v1:other.00000000:AAAA'", "host-a/5/unknown-key"),
        (
            "INSERT INTO audit_checkpoints (host, seq, link, mac, pruned_at) SELECT host, seq, link, mac, 0 FROM \
             audit_anchors; DELETE FROM audit_events",
            "host-a/5/forged-start",
        ),
    ] {
        for statement in tampering.split("; ") {
            db.raw(statement).await;
        }
        assert_eq!(found(&db).await, expected, "{tampering}");
        put_back(&db, "kept").await;
    }
    audit::whole(&db.store, 5).await;
}

pub(crate) async fn a_rebuilt_chain_has_no_seal(db: TestDb) {
    record(&db, &["one", "two", "three"]).await;
    keep(&db, "kept").await;
    db.raw("UPDATE audit_events SET event = replace(event, 'ann', 'bob'), username = 'bob' WHERE seq = 2").await;
    relink(&db, "host-a").await;
    assert_eq!(found(&db).await, "host-a/3/forged-end");
    put_back(&db, "kept").await;
    // The newest are cut off, and the end is moved back to an event that the host did seal itself.
    record(&db, &["four", "five"]).await;
    db.raw("DELETE FROM audit_events WHERE seq > 3").await;
    relink(&db, "host-a").await;
    assert_eq!(found(&db).await, "host-a/3/forged-end");
}

/// The host goes on after somebody was at its chain, and what was done stays to be seen.
pub(crate) async fn what_was_done_stays_to_be_seen(db: TestDb) {
    record(&db, &["one", "two", "three", "four", "five"]).await;
    keep(&db, "kept").await;
    let mut db = db;
    for (tampering, expected) in [
        ("DELETE FROM audit_events WHERE seq >= 4", "host-a/4/missing"),
        ("DELETE FROM audit_events WHERE seq >= 4; UPDATE audit_anchors SET seq = 3", "host-a/4/missing"),
        ("DELETE FROM audit_events WHERE seq >= 4; UPDATE audit_anchors SET seq = 3, mac = NULL", "host-a/4/missing"),
        ("DELETE FROM audit_events; DELETE FROM audit_anchors", "host-a/1/missing"),
        (
            "INSERT INTO audit_events (host, seq, id, action, resource_type, at, result, request_id, event, link) \
             SELECT host, 6, 'x', action, resource_type, at, result, request_id, event, link FROM audit_events WHERE seq = 5",
            "host-a/6/changed",
        ),
    ] {
        for statement in tampering.split("; ") {
            db.raw(statement).await;
        }
        db = db.restart().await;
        record(&db, &["later", "later still", "and again"]).await;
        assert_eq!(found(&db).await, expected, "{tampering}");
        db = db.restart().await;
        record(&db, &["much later"]).await;
        assert_eq!(found(&db).await, expected, "{tampering}, after another start");
        put_back(&db, "kept").await;
        db = db.restart().await;
    }
    // Without a restart: the host knows where it was.
    record(&db, &["six"]).await;
    db.raw("DELETE FROM audit_events WHERE seq >= 4").await;
    db.raw(
        "UPDATE audit_anchors SET seq = (SELECT seq FROM audit_anchors_kept), link = (SELECT link FROM \
            audit_anchors_kept), mac = (SELECT mac FROM audit_anchors_kept)",
    )
    .await;
    record(&db, &["seven"]).await;
    assert_eq!(found(&db).await, "host-a/4/missing");
}

pub(crate) async fn chains_of_two_hosts_cannot_be_swapped(db: TestDb) {
    record(&db, &["one", "two", "three"]).await;
    let other = StoreConfig { host_name: "host-b".to_owned(), ..db.config.clone() };
    let db = db.reopen(other).await;
    record(&db, &["uno", "due", "tre"]).await;
    audit::whole(&db.store, 6).await;
    for table in ["audit_events", "audit_anchors"] {
        for (from, to) in [("host-a", "host-x"), ("host-b", "host-a"), ("host-x", "host-b")] {
            db.raw(&format!("UPDATE {table} SET host = '{to}' WHERE host = '{from}'")).await;
        }
    }
    assert_eq!(found(&db).await, "host-a/3/forged-end");
    let report = db.store.audit_reader().verify().await.unwrap();
    assert_eq!(report.breaks.len(), 2, "{report:?}");
}

pub(crate) async fn seals_outlive_a_rotation(db: TestDb) {
    record(&db, &["one", "two"]).await;
    let old = db.config.clone();
    let keys = |text: &str| pangolin_store::KeyRing::parse(text).unwrap();
    let rotated = format!("new:{},default:{}", testdb::OTHER_KEY, testdb::KEY);
    let db = db.reopen(StoreConfig { keys: keys(&rotated), ..old.clone() }).await;
    audit::whole(&db.store, 2).await;
    let without = format!("new:{}", testdb::OTHER_KEY);
    let db = db.reopen(StoreConfig { keys: keys(&without), ..old.clone() }).await;
    let report = db.store.audit_reader().verify().await.unwrap();
    assert_eq!(report.breaks.len(), 2, "the list, and the chain: {report:?}");
    let told = report.breaks[1].fault.to_string();
    assert!(told.contains("'default'") && told.contains("add it back"), "{told}");
    // Nothing is written over what cannot be checked.
    assert!(db.store.record(make::event(None, "lost")).await.is_err());
    let db = db.reopen(StoreConfig { keys: keys(&rotated), ..old.clone() }).await;
    record(&db, &["three"]).await;
    assert_eq!(db.store.audit_seals_to_renew().await.unwrap(), 1);
    assert_eq!(db.store.audit_reseal().await.unwrap(), 1);
    assert_eq!((db.store.audit_seals_to_renew().await.unwrap(), db.store.audit_reseal().await.unwrap()), (0, 0));
    let db = db.reopen(StoreConfig { keys: keys(&without), ..old }).await;
    record(&db, &["four"]).await;
    audit::whole(&db.store, 4).await;
}
