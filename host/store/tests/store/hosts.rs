//! Several hosts on one PostgreSQL.

use std::time::{Duration, Instant};

use pangolin_core::permission::Action;
use pangolin_core::ports::StoreError::Conflict;
use pangolin_core::ports::{AuditTrail, CatalogStore};
use pangolin_store::{Consistency, Store, StoreConfig};

use crate::testdb::{self, NOW, TestDb};
use crate::{audit, make};

pub(crate) async fn second_host(db: &TestDb, consistency: Consistency) -> Store {
    testdb::open(&StoreConfig { host_name: "host-b".to_owned(), consistency, ..db.config.clone() }).await
}

/// How long until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(1), "{what} was not seen within a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn two_hosts_see_each_others_changes(db: TestDb) {
    let (a, b) = (&db.store, &second_host(&db, Consistency::Eventual).await);
    let catalog = make::stored_catalog(a).await;
    let table = make::stored_table(a, &catalog, "t").await;
    let ann = make::user(catalog.tenant_id, "ann");
    a.create_user(&ann).await.unwrap();
    let token = make::token(&ann);
    a.insert_token(&token).await.unwrap();
    for store in [a, b] {
        assert_eq!(store.principal(ann.id).await.unwrap().unwrap().grants.len(), 0);
        assert!(store.token(token.id).await.unwrap().unwrap().revoked_at.is_none());
        assert_eq!(store.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap().version, 1);
    }
    a.create_grant(&make::user_grant(&ann, Action::Read)).await.unwrap();
    until("a grant", || async { b.principal(ann.id).await.unwrap().unwrap().grants.len() == 1 }).await;
    b.revoke_token(token.id, NOW).await.unwrap();
    until("a revocation", || async { a.token(token.id).await.unwrap().unwrap().revoked_at.is_some() }).await;
    b.commit_table(&make::commit(&table, 1, "{}")).await.unwrap();
    let version = || async { a.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap().version };
    until("a commit", || async { version().await == 2 }).await;

    // A host does not drop its snapshots a second time when it reads its own change back.
    let before = b.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let after = b.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &after));
}

pub(crate) async fn strict_sees_at_once(db: TestDb) {
    let (a, b) = (&db.store, &second_host(&db, Consistency::Strict).await);
    let catalog = make::stored_catalog(a).await;
    let table = make::stored_table(a, &catalog, "t").await;
    for version in 1..=20 {
        let seen = b.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap();
        assert_eq!(seen.version, version);
        a.commit_table(&make::commit(&table, version, "{}")).await.unwrap();
    }
}

pub(crate) async fn two_hosts_may_not_both_commit(db: TestDb) {
    let b = second_host(&db, Consistency::Eventual).await;
    let catalog = make::stored_catalog(&db.store).await;
    let table = make::stored_table(&db.store, &catalog, "t").await;
    for version in 1..=20 {
        let commit = make::commit(&table, version, "{}");
        let (one, two) = tokio::join!(db.store.commit_table(&commit), b.commit_table(&commit));
        let lost = match (one, two) {
            (Ok(()), Err(lost)) | (Err(lost), Ok(())) => lost,
            other => panic!("{other:?}"),
        };
        assert!(matches!(lost, Conflict(_)), "{lost:?}");
    }
}

/// Two hosts that were given one name by mistake: no event is lost and the chain holds.
pub(crate) async fn two_hosts_may_share_a_chain(db: TestDb) {
    let twin = testdb::open(&db.config).await;
    for _ in 0..20 {
        db.store.record(make::event(None, "one")).await.unwrap();
        twin.record(make::event(None, "two")).await.unwrap();
    }
    audit::whole(&db.store, 40).await;
    // At once, as a command of an operator writes beside a busy host.
    let write = |store: Store| async move {
        for _ in 0..100 {
            store.record(make::event(None, "busy")).await.unwrap();
        }
    };
    let busy: Vec<_> = [&db.store, &db.store, &twin].map(|store| tokio::spawn(write(store.clone()))).into();
    for writer in busy {
        writer.await.unwrap();
    }
    audit::whole(&db.store, 340).await;
}
