//! Old events go, and what is left can be checked still.

use pangolin_core::ports::AuditTrail;
use pangolin_store::{AuditPruned, PrunedChain, StoreConfig};
use sqlx::Row;

use crate::tamper::found;
use crate::testdb::{self, NOW, TestDb};
use crate::{audit, make};

/// Events, one a second from `NOW` on.
async fn record(db: &TestDb, seconds: std::ops::Range<i64>) {
    for at in seconds {
        let mut event = make::event(None, &format!("e{at}"));
        event.timestamp = NOW.plus_seconds(at);
        db.store.record(event).await.unwrap();
    }
}

fn removed(rows: u64, until: i64) -> AuditPruned {
    AuditPruned { chains: vec![PrunedChain { host: "host-a".to_owned(), rows, until }], kept: Vec::new() }
}

pub(crate) async fn old_events_go_and_the_chain_goes_on(db: TestDb) {
    record(&db, 0..10).await;
    assert_eq!(db.store.prune_audit(NOW).await.unwrap(), AuditPruned::default());
    assert_eq!(db.store.prune_audit(NOW.plus_seconds(4)).await.unwrap(), removed(4, 4));
    assert_eq!(db.store.prune_audit(NOW.plus_seconds(4)).await.unwrap(), AuditPruned::default());
    audit::whole(&db.store, 6).await;
    record(&db, 10..12).await;
    let db = db.restart().await;
    record(&db, 12..13).await;
    assert_eq!(db.store.prune_audit(NOW.plus_seconds(11)).await.unwrap(), removed(7, 11));
    let chain = db.store.audit_reader().verify().await.unwrap().chains.remove(0);
    assert_eq!((chain.start, chain.end, chain.rows), (11, 13, 2));
    // Everything is old: the chain is empty, goes on, and still misses what is cut off later.
    assert_eq!(db.store.prune_audit(NOW.plus_seconds(1_000)).await.unwrap(), removed(2, 13));
    audit::whole(&db.store, 0).await;
    let db = db.restart().await;
    record(&db, 13..15).await;
    audit::whole(&db.store, 2).await;
    db.raw("DELETE FROM audit_events WHERE seq = 15").await;
    assert_eq!(found(&db).await, "host-a/15/missing");
}

/// Only a run from the start goes: an old event after a younger one stays.
pub(crate) async fn only_the_start_of_a_chain_goes(db: TestDb) {
    record(&db, 0..2).await;
    record(&db, 50..51).await;
    record(&db, 3..5).await;
    assert_eq!(db.store.prune_audit(NOW.plus_seconds(10)).await.unwrap(), removed(2, 2));
    audit::whole(&db.store, 3).await;
}

pub(crate) async fn many_old_events_go_in_steps(db: TestDb) {
    let writers: Vec<_> = (0..1_300)
        .map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move { store.record(make::event(None, "old")).await.unwrap() })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(db.store.prune_audit(NOW.plus_seconds(1)).await.unwrap(), removed(1_300, 1_300));
    audit::whole(&db.store, 0).await;
}

pub(crate) async fn retention_hides_no_tampering(db: TestDb) {
    record(&db, 0..6).await;
    let cut = NOW.plus_seconds(4);
    db.raw("UPDATE audit_events SET event = replace(event, 'ann', 'bob') WHERE seq = 2").await;
    let pruned = db.store.prune_audit(cut).await.unwrap();
    assert_eq!((pruned.rows(), pruned.kept[0].1), (0, 2), "{pruned:?}");
    assert_eq!(found(&db).await, "host-a/2/changed");
    db.raw("UPDATE audit_events SET event = replace(event, 'bob', 'ann') WHERE seq = 2").await;
    assert_eq!(db.store.prune_audit(cut).await.unwrap(), removed(4, 4));

    let restore = |statement: &'static str| db.raw(statement);
    restore("CREATE TABLE kept AS SELECT * FROM audit_checkpoints").await;
    for (tampering, expected) in [
        // What somebody removed is not what retention removed.
        ("UPDATE audit_checkpoints SET seq = 5", "host-a/5/forged-start"),
        ("UPDATE audit_checkpoints SET host = 'host-x'", "host-x/0/stranger"),
        ("UPDATE audit_checkpoints SET mac = (SELECT mac FROM audit_anchors)", "host-a/4/forged-start"),
        ("DELETE FROM audit_checkpoints", "host-a/1/missing"),
        (
            "INSERT INTO audit_events (host, seq, id, action, resource_type, at, result, request_id, event, link) \
             SELECT host, 2, 'x', action, resource_type, at, result, request_id, event, link FROM audit_events WHERE seq = 5",
            "host-a/2/before-start",
        ),
    ] {
        db.raw(tampering).await;
        assert_eq!(found(&db).await, expected, "{tampering}");
        restore("DELETE FROM audit_checkpoints").await;
        restore("DELETE FROM audit_events WHERE seq = 2").await;
        restore("INSERT INTO audit_checkpoints SELECT * FROM kept").await;
    }
    db.raw("DELETE FROM audit_events WHERE seq = 5").await;
    assert_eq!(found(&db).await, "host-a/5/missing");
}

pub(crate) async fn nobody_is_alarmed_while_others_write_and_prune(db: TestDb) {
    let store = db.store.clone();
    let writer = tokio::spawn(async move {
        for at in 0..400 {
            let mut event = make::event(None, "busy");
            event.timestamp = NOW.plus_seconds(at);
            store.record(event).await.unwrap();
        }
    });
    let store = db.store.clone();
    let pruner = tokio::spawn(async move {
        for at in 0..40 {
            store.prune_audit(NOW.plus_seconds(at * 5)).await.unwrap();
        }
    });
    for _ in 0..40 {
        let report = db.store.audit_reader().verify().await.unwrap();
        assert_eq!(report.breaks, []);
    }
    writer.await.unwrap();
    pruner.await.unwrap();
    let report = db.store.audit_reader().verify().await.unwrap();
    assert!(report.is_whole() && report.chains[0].end == 400, "{report:?}");
}

pub(crate) async fn two_hosts_may_prune_at_once(db: TestDb) {
    let other = testdb::open(&StoreConfig { host_name: "host-b".to_owned(), ..db.config.clone() }).await;
    for at in 0..300 {
        for store in [&db.store, &other] {
            let mut event = make::event(None, "old");
            event.timestamp = NOW.plus_seconds(at);
            store.record(event).await.unwrap();
        }
    }
    let cut = NOW.plus_seconds(250);
    let (one, two) = tokio::join!(db.store.prune_audit(cut), other.prune_audit(cut));
    let rows = one.unwrap().rows() + two.unwrap().rows();
    let left = db.raw("SELECT COUNT(*) AS rows FROM audit_events").await[0].get::<i64, _>("rows");
    assert_eq!((rows, left), (500, 100), "each event is removed, and counted, once");
    audit::whole(&db.store, 100).await;
    other.close().await;
}
