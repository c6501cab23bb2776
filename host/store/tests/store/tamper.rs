//! Tampering with the audit trail.

use pangolin_core::id::TenantId;
use pangolin_core::ports::AuditTrail;
use pangolin_store::AuditVerdict;
use sqlx::Row;

use crate::make;
use crate::testdb::TestDb;

pub(crate) async fn every_kind_of_tampering_shows(db: TestDb) {
    let tenant = TenantId::generate();
    for at in 0..5 {
        db.store.record(make::event(Some(tenant), &format!("action-{at}"))).await.unwrap();
    }
    let db = db.restart().await;
    let broken = |seq| AuditVerdict::Broken { host: "host-a".to_owned(), seq };
    assert_eq!(db.store.audit_verify().await.unwrap(), AuditVerdict::Ok { rows: 5 });
    db.raw("CREATE TABLE kept AS SELECT * FROM audit_events").await;

    for (tampering, expected) in [
        ("UPDATE audit_events SET event = replace(event, 'ann', 'bob') WHERE seq = 3", 3),
        ("UPDATE audit_events SET tenant_id = NULL WHERE seq = 2", 2),
        ("UPDATE audit_events SET action = 'other' WHERE seq = 4", 4),
        ("UPDATE audit_events SET at = at + 1 WHERE seq = 4", 4),
        ("UPDATE audit_events SET result = 'denied' WHERE seq = 1", 1),
        ("UPDATE audit_events SET event = 'no event' WHERE seq = 1", 1),
        ("UPDATE audit_events SET link = 'AAAA' WHERE seq = 5", 5),
        ("DELETE FROM audit_events WHERE seq = 1", 1),
        ("DELETE FROM audit_events WHERE seq = 3", 3),
        ("DELETE FROM audit_events WHERE seq >= 4", 4),
        ("DELETE FROM audit_events", 1),
        ("UPDATE audit_events SET seq = seq + 10 WHERE seq = 5", 5),
    ] {
        db.raw(tampering).await;
        assert_eq!(db.store.audit_verify().await.unwrap(), broken(expected), "{tampering}");
        db.raw("DELETE FROM audit_events").await;
        db.raw("INSERT INTO audit_events SELECT * FROM kept").await;
    }
    assert_eq!(db.store.audit_verify().await.unwrap(), AuditVerdict::Ok { rows: 5 });

    // Cut off and written on: the anchor is not on the new chain.
    db.raw("DELETE FROM audit_events WHERE seq >= 4").await;
    let db = db.restart().await;
    for _ in 0..3 {
        db.store.record(make::event(None, "instead")).await.unwrap();
    }
    assert_eq!(db.store.audit_verify().await.unwrap(), broken(5));
    let anchor: i64 = db.raw("SELECT seq FROM audit_anchors").await[0].get("seq");
    assert_eq!(anchor, 5);
}
