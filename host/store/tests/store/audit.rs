//! The audit trail.

use std::collections::BTreeSet;

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::id::{AuditId, TenantId, UserId};
use pangolin_core::ports::{AuditTrail, StoreError};
use pangolin_store::{AuditFilter, AuditPage, OffsetPage, Store};
use sqlx::Row;

use crate::make;
use crate::testdb::{NOW, TestDb};

/// The page after an event, or from an offset.
fn part(limit: usize, offset: usize, before: Option<AuditId>) -> AuditPage {
    AuditPage { part: OffsetPage { limit, offset }, before }
}

/// Every chain holds, and they have so many events.
pub(crate) async fn whole(store: &Store, rows: u64) {
    let report = store.audit_reader().verify().await.unwrap();
    assert_eq!((report.breaks.as_slice(), report.rows()), ([].as_slice(), rows));
}

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
        event.username = if at == 2 { "bob\nlogin" } else { "ann \0 \"é\"" }.to_owned();
        event.resource_name = format!("lake.sales.t{at}");
        event.trace_id = (at == 3).then(|| "4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
        store.record(event.clone()).await.unwrap();
        events.push(event);
    }
    let system = make::event(None, "start");
    store.record(system.clone()).await.unwrap();

    let found = |filter: AuditFilter| async move {
        let found = store.audit_query(&filter, &AuditPage::default()).await.unwrap();
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
    assert_eq!(found(AuditFilter { username: Some("bob\nlogin".into()), ..of_acme.clone() }).await, ["r-2"]);
    assert_eq!(found(AuditFilter { username: Some("ann \0 \"é\"".into()), ..of_acme.clone() }).await.len(), 3);
    assert_eq!(found(AuditFilter { resource_name: Some("lake.sales.t1".into()), ..of_acme.clone() }).await, ["r-1"]);
    assert_eq!(found(AuditFilter { resource_name: Some("lake.sales".into()), ..of_acme.clone() }).await, [""; 0]);
    let trace = Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
    assert_eq!(found(AuditFilter { trace_id: trace, ..of_acme.clone() }).await, ["r-3"]);
    let between = AuditFilter { start: Some(NOW.plus_seconds(1)), end: Some(NOW.plus_seconds(2)), ..of_acme.clone() };
    assert_eq!(found(between).await, ["r-2", "r-1"]);
    let page = store.audit_query(&of_acme, &part(1, 1, None)).await.unwrap();
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
    whole(&db.store, 1_000).await;
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
    whole(&db.store, 3).await;
    let rows = db.raw("SELECT seq FROM audit_events ORDER BY seq").await;
    assert_eq!(rows.iter().map(|row| row.get::<i64, _>("seq")).collect::<Vec<_>>(), [1, 2, 3]);
    let found: Vec<AuditEvent> = db.store.audit_query(&AuditFilter::default(), &AuditPage::default()).await.unwrap();
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
    whole(&db.store, 2).await;
    db.store.close().await;
    assert!(db.store.record(make::event(None, "late")).await.is_err());
}

pub(crate) async fn pages_stay_while_events_are_written(db: TestDb) {
    let tenant = TenantId::generate();
    let other = make::event(Some(TenantId::generate()), "other");
    db.store.record(other.clone()).await.unwrap();
    for at in 0..10 {
        // Several of one millisecond: the order is still one.
        let mut event = make::event(Some(tenant), &format!("e{at}"));
        event.timestamp = NOW.plus_seconds(at / 4);
        db.store.record(event).await.unwrap();
    }
    let filter = AuditFilter { tenant: Some(tenant), ..AuditFilter::default() };
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = db.store.audit_query(&filter, &part(3, 0, before)).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.iter().map(|event| event.action.clone()));
        let mut new = make::event(Some(tenant), "new");
        new.timestamp = NOW.plus_seconds(100);
        db.store.record(new).await.unwrap();
    }
    assert_eq!(seen, ["e9", "e8", "e7", "e6", "e5", "e4", "e3", "e2", "e1", "e0"]);
    for unknown in [AuditId::generate(), other.id] {
        let refused = db.store.audit_query(&filter, &part(3, 0, Some(unknown))).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
    }
}
