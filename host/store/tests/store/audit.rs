//! The audit trail.

use std::collections::BTreeSet;

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::AuditTrail;
use pangolin_store::{AuditFilter, AuditVerdict, OffsetPage};
use sqlx::Row;

use crate::make;
use crate::testdb::{NOW, TestDb};

pub(crate) async fn events_are_found_by_filter_newest_first(db: TestDb) {
    let store = &db.store;
    let (acme, other) = (TenantId::generate(), TenantId::generate());
    let user = UserId::generate();
    let thing = uuid::Uuid::now_v7();
    let mut events = Vec::new();
    for at in 0..6 {
        let mut event =
            make::event(Some(if at < 4 { acme } else { other }), if at % 2 == 0 { "vend" } else { "login" });
        event.timestamp = NOW.plus_seconds(at);
        event.request_id = format!("r-{at}");
        event.user_id = (at == 1).then_some(user);
        event.resource_id = (at == 2).then_some(thing);
        event.result = if at == 3 { AuditResult::Denied } else { AuditResult::Success };
        event.username = "ann \0 \"é\"".to_owned();
        store.record(event.clone()).await.unwrap();
        events.push(event);
    }
    let system = make::event(None, "start");
    store.record(system.clone()).await.unwrap();

    let found = |filter: AuditFilter| async move {
        let found = store.audit_query(&filter, &OffsetPage::default()).await.unwrap();
        assert_eq!(store.audit_count(&filter).await.unwrap(), found.len() as u64);
        found.into_iter().map(|event| event.request_id).collect::<Vec<_>>()
    };
    let of_acme = AuditFilter { tenant: Some(acme), ..AuditFilter::default() };
    assert_eq!(found(of_acme.clone()).await, ["r-3", "r-2", "r-1", "r-0"]);
    assert_eq!(found(AuditFilter::default()).await.len(), 7);
    assert_eq!(found(AuditFilter { action: Some("vend".into()), ..of_acme.clone() }).await, ["r-2", "r-0"]);
    assert_eq!(found(AuditFilter { user_id: Some(user), ..of_acme.clone() }).await, ["r-1"]);
    assert_eq!(found(AuditFilter { resource_id: Some(thing), ..of_acme.clone() }).await, ["r-2"]);
    assert_eq!(found(AuditFilter { resource_type: Some("view".into()), ..of_acme.clone() }).await, [""; 0]);
    assert_eq!(found(AuditFilter { result: Some(AuditResult::Denied), ..of_acme.clone() }).await, ["r-3"]);
    assert_eq!(found(AuditFilter { request_id: Some("r-5".into()), ..AuditFilter::default() }).await, ["r-5"]);
    assert_eq!(found(AuditFilter { request_id: Some("r-5".into()), ..of_acme.clone() }).await, [""; 0]);
    let between = AuditFilter { start: Some(NOW.plus_seconds(1)), end: Some(NOW.plus_seconds(2)), ..of_acme.clone() };
    assert_eq!(found(between).await, ["r-2", "r-1"]);
    let page = store.audit_query(&of_acme, &OffsetPage { limit: 1, offset: 1 }).await.unwrap();
    assert_eq!(page, [events[2].clone()], "whole and unchanged");

    assert_eq!(store.audit_event(Some(acme), events[0].id).await.unwrap().as_ref(), Some(&events[0]));
    assert_eq!(store.audit_event(Some(other), events[0].id).await.unwrap(), None);
    assert_eq!(store.audit_event(None, system.id).await.unwrap(), Some(system));
}

pub(crate) async fn many_events_at_once_make_one_chain(db: TestDb) {
    let writers: Vec<_> = (0..1_000)
        .map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move {
                let event = make::event(None, "vend");
                store.record(event.clone()).await.unwrap();
                // The answer came: the event is in the database.
                assert!(store.audit_event(None, event.id).await.unwrap().is_some());
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(db.store.audit_verify().await.unwrap(), AuditVerdict::Ok { rows: 1_000 });
    let rows = db.raw("SELECT seq FROM audit_events WHERE host = 'host-a'").await;
    let numbers: BTreeSet<i64> = rows.iter().map(|row| row.get("seq")).collect();
    assert_eq!(numbers, (1..=1_000).collect());
}

pub(crate) async fn a_chain_goes_on_after_a_restart(db: TestDb) {
    for action in ["one", "two"] {
        db.store.record(make::event(None, action)).await.unwrap();
    }
    let db = db.restart().await;
    db.store.record(make::event(None, "three")).await.unwrap();
    assert_eq!(db.store.audit_verify().await.unwrap(), AuditVerdict::Ok { rows: 3 });
    let rows = db.raw("SELECT seq FROM audit_events ORDER BY seq").await;
    assert_eq!(rows.iter().map(|row| row.get::<i64, _>("seq")).collect::<Vec<_>>(), [1, 2, 3]);
    let found: Vec<AuditEvent> = db.store.audit_query(&AuditFilter::default(), &OffsetPage::default()).await.unwrap();
    assert_eq!(found.iter().map(|event| event.action.as_str()).collect::<Vec<_>>(), ["three", "two", "one"]);
}

pub(crate) async fn nothing_is_recorded_without_the_table(db: TestDb) {
    db.store.record(make::event(None, "one")).await.unwrap();
    db.raw("ALTER TABLE audit_events RENAME TO taken_away").await;
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move { store.record(make::event(None, "lost")).await })
        })
        .collect();
    for writer in writers {
        assert!(writer.await.unwrap().is_err(), "every waiter is told");
    }
    db.raw("ALTER TABLE taken_away RENAME TO audit_events").await;
    db.store.record(make::event(None, "two")).await.unwrap();
    assert_eq!(db.store.audit_verify().await.unwrap(), AuditVerdict::Ok { rows: 2 });
    db.store.close().await;
    assert!(db.store.record(make::event(None, "late")).await.is_err());
}
