//! Snapshots in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use pangolin_core::ports::{CatalogStore, TableLocations};
use pangolin_core::record::User;
use pangolin_store::UserChange;

use crate::make;
use crate::testdb::TestDb;

pub(crate) async fn warm_reads_run_no_sql(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let tenant = catalog.tenant_id;
    let table = make::stored_table(store, &catalog, "t").await;
    let ann = make::user(tenant, "ann");
    store.create_user(&ann).await.unwrap();
    let token = make::token(&ann);
    store.insert_token(&token).await.unwrap();
    let read_all = || async {
        assert!(store.token(token.id).await.unwrap().is_some());
        assert!(store.principal(ann.id).await.unwrap().is_some());
        assert!(store.catalog(tenant, "c").await.unwrap().is_some());
        assert!(store.warehouse(tenant, "lake").await.unwrap().is_some());
        assert!(store.warehouse_by_id(tenant, catalog.warehouse_id).await.unwrap().is_some());
        let found = store.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap();
        assert!(store.locations_are_exclusive(catalog.id, &found).await.unwrap());
        found
    };
    let cold = read_all().await;
    let before = store.statements();
    for _ in 0..3 {
        assert!(Arc::ptr_eq(&cold, &read_all().await), "the very same metadata");
    }
    assert_eq!(store.statements(), before);

    // A commit to another table leaves this one warm.
    let other = make::stored_table(store, &catalog, "other").await;
    read_all().await;
    store.commit_table(&make::commit(&other, 1, "{\"v\":2}")).await.unwrap();
    let before = store.statements();
    read_all().await;
    assert_eq!(store.statements(), before);
}

/// Readers run against two writers: one makes all snapshots stale, so that readers ask the
/// database all the time; the other changes what they read. A reader that starts after a change
/// has returned must see it, whatever other readers were keeping meanwhile.
pub(crate) async fn a_stale_read_never_sticks(db: TestDb) {
    let tenant = make::stored_tenant(&db.store, "acme").await;
    let ann = User { email: Some("0".to_owned()), ..make::user(tenant.id, "ann") };
    db.store.create_user(&ann).await.unwrap();
    let committed = Arc::new(AtomicI64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let mut others: Vec<_> = (0..4)
        .map(|_| {
            let (store, id) = (db.store.clone(), ann.id);
            let (committed, done) = (Arc::clone(&committed), Arc::clone(&done));
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    let at_least = committed.load(Ordering::SeqCst);
                    let seen = store.principal(id).await.unwrap().unwrap();
                    let seen: i64 = seen.user.email.as_deref().unwrap().parse().unwrap();
                    assert!(seen >= at_least, "saw {seen} after {at_least}");
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let (store, stop) = (db.store.clone(), Arc::clone(&done));
    others.push(tokio::spawn(async move {
        while !stop.load(Ordering::SeqCst) {
            store.update_tenant(&tenant).await.unwrap();
        }
    }));
    for change in 1..=200 {
        let change_of_mail = UserChange { email: Some(change.to_string()), ..UserChange::default() };
        db.store.update_user(ann.tenant_id, ann.id, &change_of_mail).await.unwrap();
        committed.store(change, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
    done.store(true, Ordering::SeqCst);
    for other in others {
        other.await.unwrap();
    }
    assert_eq!(db.store.principal(ann.id).await.unwrap().unwrap().user.email.as_deref(), Some("200"));
}

/// A client that goes away cancels the request at any point. Whatever was committed is seen.
pub(crate) async fn a_commit_counts_though_its_caller_went_away(db: TestDb) {
    let catalog = make::stored_catalog(&db.store).await;
    let table = make::stored_table(&db.store, &catalog, "t").await;
    let mut expected = 1;
    for polls in (1..=12).cycle().take(180) {
        let seen = db.store.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap();
        let commit = make::commit(&table, seen.version, "{}");
        polled(polls, db.store.commit_table(&commit)).await;
        // What was on its way ends soon. A stale snapshot would stay for good.
        let mut waited = 0;
        let stored = loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let stored = db.store.table_by_id(catalog.id, table.id).await.unwrap().unwrap().version;
            let seen = db.store.table(catalog.id, &table.namespace, "t").await.unwrap().unwrap().version;
            if seen == stored {
                break stored;
            }
            waited += 1;
            assert!(waited < 200, "left after {polls} polls: saw {seen} of {stored}");
        };
        assert!(stored >= expected);
        expected = stored;
    }
    assert!(expected > 1, "some calls came to their end");
}

/// Polls a call so many times, then drops it.
async fn polled<T>(polls: usize, call: impl Future<Output = T>) {
    let mut call = Box::pin(call);
    let mut left = polls;
    std::future::poll_fn(|context| {
        left -= 1;
        let ended = call.as_mut().poll(context).is_ready();
        if ended || left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
