//! Leases, from the intent to the end.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{LeaseId, TenantId};
use pangolin_core::lease::{LeaseGrant, LeaseIntent, LeaseState, ResourceKey};
use pangolin_core::ports::{LeaseBook, StoreError};
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::warehouse::Warehouse;
use pangolin_store::{LeaseFilter, OffsetPage, Store};
use sqlx::Row;

use crate::make::{self, PLANTED, refused};
use crate::testdb::{NOW, TestDb};

/// A warehouse in the store and an intent on it.
async fn prepared(store: &Store) -> (Warehouse, LeaseIntent) {
    let tenant = make::stored_tenant(store, "acme").await.id;
    let warehouse = make::warehouse(tenant, "lake", "s3://lake");
    store.create_warehouse(&warehouse, None).await.unwrap();
    let intent = make::intent(&warehouse, "vms/ada");
    (warehouse, intent)
}

async fn granted(store: &Store, intent: &LeaseIntent, grant: &LeaseGrant) -> LeaseState {
    store.begin(intent).await.unwrap();
    store.minted(intent.lease.id, grant).await.unwrap()
}

pub(crate) async fn a_lease_is_kept_from_its_intent_to_its_end(db: TestDb) {
    let store = &db.store;
    let (warehouse, intent) = prepared(store).await;
    let (id, resource) = (intent.lease.id, &intent.lease.resource);
    store.begin(&intent).await.unwrap();
    assert_eq!(store.open(resource).await.unwrap(), std::slice::from_ref(&intent.lease));
    let papers = store.papers(id).await.unwrap().unwrap();
    assert_eq!((&papers.request, papers.survey.as_str()), (&intent.request, "survey"));
    assert_eq!((&papers.snapshot, papers.current.as_deref()), (&warehouse, Some(&warehouse)));
    assert!(papers.handles.is_empty() && store.active(resource).await.unwrap().is_empty());

    let grant = make::lease_grant("key-1");
    assert_eq!(store.minted(id, &grant).await.unwrap(), LeaseState::Active);
    let active = store.active(resource).await.unwrap();
    assert_eq!((active.len(), active[0].lease.state), (1, LeaseState::Active));
    assert_eq!(active[0].grant.credentials[0].entries, grant.credentials[0].entries);
    assert_eq!((active[0].grant.expires_at, active[0].lease.expires_at), (grant.expires_at, Some(grant.expires_at)));
    assert_eq!(store.handles(resource).await.unwrap(), grant.handles);
    assert_eq!(store.papers(id).await.unwrap().unwrap().handles, grant.handles);

    store.settle(id, LeaseState::Revoked, &[], NOW).await.unwrap();
    let lease = store.lease(warehouse.tenant_id, id).await.unwrap().unwrap();
    assert_eq!((lease.state, lease.revoked_at, lease.next_attempt_at), (LeaseState::Revoked, Some(NOW), None));
    assert!(store.active(resource).await.unwrap().is_empty() && store.open(resource).await.unwrap().is_empty());
    assert!(store.papers(id).await.unwrap().is_none());
    let row = &db.raw("SELECT intent, minted FROM leases").await[0];
    assert_eq!((row.get::<Option<String>, _>("intent"), row.get::<Option<String>, _>("minted")), (None, None));
    // What is settled stays so.
    store.failed(id, "late", NOW).await.unwrap();
    store.settle(id, LeaseState::Lost, &[], NOW).await.unwrap();
    assert_eq!(store.lease(warehouse.tenant_id, id).await.unwrap(), Some(lease));
}

pub(crate) async fn what_is_secret_of_a_lease_is_sealed_in_its_place(db: TestDb) {
    let store = &db.store;
    let (warehouse, one) = prepared(store).await;
    let two = make::intent(&warehouse, "vms/bob");
    granted(store, &one, &make::lease_grant("planted-key-1")).await;
    granted(store, &two, &make::lease_grant("planted-key-2")).await;
    for row in db.raw("SELECT intent, minted FROM leases").await {
        for column in ["intent", "minted"] {
            let stored: String = row.get(column);
            assert!(stored.starts_with("v2:default:") && !stored.contains("planted") && !stored.contains(PLANTED));
        }
    }
    db.raw(&format!(
        "UPDATE leases SET minted = (SELECT minted FROM leases WHERE id = '{}') WHERE id = '{}'",
        one.lease.id, two.lease.id
    ))
    .await;
    refused!(store.handles(&two.lease.resource).await, StoreError::SecretUnreadable(_));
    assert_eq!(store.handles(&one.lease.resource).await.unwrap().len(), 1);
}

pub(crate) async fn a_warm_lease_runs_no_sql(db: TestDb) {
    let store = &db.store;
    let (_, intent) = prepared(store).await;
    granted(store, &intent, &make::lease_grant("key")).await;
    store.active(&intent.lease.resource).await.unwrap();
    let before = store.statements();
    for _ in 0..3 {
        assert_eq!(store.active(&intent.lease.resource).await.unwrap().len(), 1);
    }
    assert_eq!(store.statements(), before);
}

pub(crate) async fn a_resource_has_one_holder(db: TestDb) {
    let store = &db.store;
    let (_, intent) = prepared(store).await;
    let resource = &intent.lease.resource;
    let later = |seconds: i64| NOW.plus_seconds(seconds);
    let first = store.lock(resource, NOW, later(15)).await.unwrap().unwrap();
    store.begin(&intent).await.unwrap();
    assert!(store.lock(resource, later(14), later(30)).await.unwrap().is_none());
    let other = ResourceKey::new(intent.lease.tenant_id, "Vast", "vms/bob");
    assert!(store.lock(&other, NOW, later(15)).await.unwrap().is_some());
    assert!(store.renew(&first, later(20)).await.unwrap());
    assert!(store.lock(resource, later(19), later(40)).await.unwrap().is_none());

    // It lapses, and the mint was over then at the latest.
    let second = store.lock(resource, later(50), later(65)).await.unwrap().unwrap();
    assert_eq!(store.open(resource).await.unwrap()[0].ended_at, Some(later(20)));
    assert!(!store.renew(&first, later(90)).await.unwrap());
    store.unlock(&first).await.unwrap();
    assert!(store.lock(resource, later(51), later(70)).await.unwrap().is_none(), "the old holder took nothing away");
    store.unlock(&second).await.unwrap();
    assert!(store.lock(resource, later(51), later(70)).await.unwrap().is_some());
    assert_eq!(store.open(resource).await.unwrap()[0].ended_at, Some(later(20)));
}

pub(crate) async fn an_end_that_was_asked_for_counts_at_once(db: TestDb) {
    let store = &db.store;
    let (warehouse, one) = prepared(store).await;
    let tenant = warehouse.tenant_id;
    let resource = &one.lease.resource;
    granted(store, &one, &make::lease_grant("key-1")).await;
    assert_eq!(store.active(resource).await.unwrap().len(), 1);
    assert!(store.ask_end(TenantId::generate(), one.lease.id, NOW).await.unwrap().is_none());
    assert!(store.ask_end(tenant, LeaseId::generate(), NOW).await.unwrap().is_none());
    assert_eq!(store.active(resource).await.unwrap().len(), 1);
    let asked = store.ask_end(tenant, one.lease.id, NOW).await.unwrap().unwrap();
    assert_eq!((asked.state, asked.next_attempt_at), (LeaseState::Revoking, Some(NOW)));
    assert!(store.active(resource).await.unwrap().is_empty());

    let two = make::intent(&warehouse, "vms/ada");
    store.begin(&two).await.unwrap();
    assert_eq!(store.ask_end(tenant, two.lease.id, NOW).await.unwrap().unwrap().state, LeaseState::Minting);
    assert_eq!(store.minted(two.lease.id, &make::lease_grant("key-2")).await.unwrap(), LeaseState::Revoking);
    assert_eq!(store.handles(resource).await.unwrap().len(), 2);

    let three = make::intent(&warehouse, "vms/ada");
    store.begin(&three).await.unwrap();
    store.settle(three.lease.id, LeaseState::Lost, &[], NOW).await.unwrap();
    refused!(store.minted(three.lease.id, &make::lease_grant("key-3")).await, StoreError::Conflict("lease"));
}

pub(crate) async fn what_is_due_comes_up_again_after_its_pause(db: TestDb) {
    let store = &db.store;
    let (warehouse, one) = prepared(store).await;
    let two = make::intent(&warehouse, "vms/bob");
    let grant = make::lease_grant("key");
    granted(store, &one, &grant).await;
    store.begin(&two).await.unwrap();
    store.mint_ended(two.lease.id, NOW.plus_seconds(1), NOW.plus_seconds(61)).await.unwrap();
    assert!(store.due(NOW.plus_seconds(60), 9, 9).await.unwrap().is_empty());
    assert_eq!(store.due(NOW.plus_seconds(61), 9, 9).await.unwrap(), std::slice::from_ref(&two.lease.resource));
    let both = store.due(grant.expires_at, 9, 9).await.unwrap();
    assert_eq!(both, [two.lease.resource.clone(), one.lease.resource.clone()]);
    assert_eq!(store.due(grant.expires_at, 9, 1).await.unwrap().len(), 1);

    store.failed(two.lease.id, "unreachable", grant.expires_at.plus_seconds(9)).await.unwrap();
    assert_eq!(store.due(grant.expires_at, 9, 9).await.unwrap(), std::slice::from_ref(&one.lease.resource));
    let kept = store.lease(warehouse.tenant_id, two.lease.id).await.unwrap().unwrap();
    assert_eq!((kept.attempts, kept.last_error.as_deref()), (1, Some("unreachable")));
    assert_eq!(kept.ended_at, Some(NOW.plus_seconds(1)));

    store.found(two.lease.id, &[Secret::from("left")], &["theirs".to_owned()], NOW).await.unwrap();
    let found = store.open(&two.lease.resource).await.unwrap().remove(0);
    assert_eq!((found.state, found.undecided), (LeaseState::Revoking, vec!["theirs".to_owned()]));
    assert_eq!(store.papers(two.lease.id).await.unwrap().unwrap().handles, [Secret::from("left")]);
}

pub(crate) async fn each_tenant_has_its_turn_when_much_is_due(db: TestDb) {
    let store = &db.store;
    let (busy, one) = prepared(store).await;
    let other = make::stored_tenant(store, "other").await.id;
    let calm = make::warehouse(other, "lake", "s3://theirs");
    store.create_warehouse(&calm, None).await.unwrap();
    let last = make::intent(&calm, "vms/eve");
    let mut of_busy = vec![one];
    of_busy.extend((0..5).map(|turn| make::intent(&busy, &format!("vms/{turn}"))));
    for (turn, intent) in (0_i64..).zip(of_busy.iter().chain([&last])) {
        store.begin(intent).await.unwrap();
        store.mint_ended(intent.lease.id, NOW, NOW.plus_seconds(turn)).await.unwrap();
    }
    let key = |intent: &LeaseIntent| intent.lease.resource.clone();
    let due = store.due(NOW.plus_seconds(60), 3, 9).await.unwrap();
    assert_eq!(due, [key(&of_busy[0]), key(&last), key(&of_busy[1]), key(&of_busy[2])]);
    assert_eq!(store.due(NOW.plus_seconds(60), 3, 2).await.unwrap(), [key(&of_busy[0]), key(&last)]);
}

pub(crate) async fn leases_end_with_their_warehouse(db: TestDb) {
    let store = &db.store;
    let (warehouse, live) = prepared(store).await;
    let coming = make::intent(&warehouse, "vms/bob");
    let late = make::intent(&warehouse, "vms/eve");
    granted(store, &live, &make::lease_grant("key-1")).await;
    assert_eq!(store.active(&live.lease.resource).await.unwrap().len(), 1);
    store.begin(&coming).await.unwrap();
    store.delete_warehouse(warehouse.tenant_id, "lake").await.unwrap();
    assert!(store.active(&live.lease.resource).await.unwrap().is_empty());
    assert_eq!(store.due(NOW, 9, 9).await.unwrap(), std::slice::from_ref(&live.lease.resource));
    assert_eq!(store.minted(coming.lease.id, &make::lease_grant("key-2")).await.unwrap(), LeaseState::Revoking);
    assert_eq!(granted(store, &late, &make::lease_grant("key-3")).await, LeaseState::Revoking);
    let papers = store.papers(live.lease.id).await.unwrap().unwrap();
    assert_eq!((papers.snapshot, papers.current), (warehouse, None));
}

/// The name of a secret that a deleted warehouse used may be another tenant's by now.
pub(crate) async fn another_tenants_secret_is_not_used_for_an_old_lease(db: TestDb) {
    let store = &db.store;
    let (warehouse, intent) = prepared(store).await;
    granted(store, &intent, &make::lease_grant("key")).await;
    store.delete_warehouse(warehouse.tenant_id, "lake").await.unwrap();
    let other = make::stored_tenant(store, "other").await.id;
    let mut theirs = make::warehouse(other, "lake", "s3://theirs");
    let name = warehouse.secrets["session_token"].clone();
    assert!(matches!(name, SecretValue::Reference(_)));
    theirs.secrets.insert("session_token".to_owned(), name);
    store.create_warehouse(&theirs, None).await.unwrap();
    let papers = store.papers(intent.lease.id).await.unwrap().unwrap();
    assert_eq!(papers.snapshot.secrets.keys().collect::<Vec<_>>(), ["secret_access_key"]);
}

pub(crate) async fn leases_are_listed_by_tenant_and_filter(db: TestDb) {
    let store = &db.store;
    let (warehouse, one) = prepared(store).await;
    let mut two = make::intent(&warehouse, "vms/bob");
    two.lease.principal = "bob".to_owned();
    two.lease.started_at = NOW.plus_seconds(1);
    granted(store, &one, &make::lease_grant("key")).await;
    store.begin(&two).await.unwrap();
    let list = async |filter: LeaseFilter, page: OffsetPage| -> Vec<LeaseId> {
        let leases = store.list_leases(warehouse.tenant_id, &filter, &page).await.unwrap();
        leases.into_iter().map(|lease| lease.id).collect()
    };
    let (whole, all) = (OffsetPage::default(), LeaseFilter::default());
    assert_eq!(list(all.clone(), whole).await, [two.lease.id, one.lease.id], "the newest first");
    assert_eq!(list(all.clone(), OffsetPage { limit: 1, offset: 1 }).await, [one.lease.id]);
    let of = |state| LeaseFilter { state: Some(state), ..LeaseFilter::default() };
    assert_eq!(list(of(LeaseState::Active), whole).await, [one.lease.id]);
    assert!(list(of(LeaseState::Lost), whole).await.is_empty());
    let by_bob = LeaseFilter { principal: Some("bob".to_owned()), warehouse: Some("lake".to_owned()), state: None };
    assert_eq!(list(by_bob.clone(), whole).await, [two.lease.id]);
    assert!(list(LeaseFilter { warehouse: Some("sea".to_owned()), ..by_bob }, whole).await.is_empty());
    assert!(store.list_leases(TenantId::generate(), &all, &whole).await.unwrap().is_empty());
    assert!(store.lease(TenantId::generate(), one.lease.id).await.unwrap().is_none());

    store.settle(two.lease.id, LeaseState::Lost, &[], NOW).await.unwrap();
    assert_eq!(store.forget(UnixMillis(NOW.0 + 1_000)).await.unwrap(), 0);
    assert_eq!(store.forget(UnixMillis(NOW.0 + 1_001)).await.unwrap(), 1, "what lives is never forgotten");
    assert_eq!(list(LeaseFilter::default(), whole).await, [one.lease.id]);
}

/// One process has a SQLite database: the locks of the one before are of no account.
pub(crate) async fn a_lock_of_a_process_that_is_gone_is_free() {
    let db = TestDb::sqlite().await;
    let (_, intent) = prepared(&db.store).await;
    let resource = &intent.lease.resource;
    db.store.lock(resource, NOW, NOW.plus_seconds(3600)).await.unwrap().unwrap();
    db.store.begin(&intent).await.unwrap();
    let db = db.restart().await;
    let now = NOW.plus_seconds(5);
    assert!(db.store.lock(resource, now, now.plus_seconds(15)).await.unwrap().is_some());
    assert_eq!(db.store.open(resource).await.unwrap()[0].ended_at, Some(now));
}

pub(crate) async fn one_of_two_hosts_works_on_a_resource(db: TestDb) {
    let (a, b) = (&db.store, &crate::hosts::second_host(&db, pangolin_store::Consistency::Eventual).await);
    let (warehouse, intent) = prepared(a).await;
    for round in 0..20 {
        let resource = ResourceKey::new(warehouse.tenant_id, "Vast", &round.to_string());
        let until = NOW.plus_seconds(15);
        let (one, two) = tokio::join!(a.lock(&resource, NOW, until), b.lock(&resource, NOW, until));
        assert!(one.unwrap().is_some() != two.unwrap().is_some(), "round {round}");
        // One that has lapsed is taken over by one of them.
        let (now, until) = (NOW.plus_seconds(16), NOW.plus_seconds(31));
        let (one, two) = tokio::join!(a.lock(&resource, now, until), b.lock(&resource, now, until));
        assert!(one.unwrap().is_some() != two.unwrap().is_some(), "round {round}");
    }
    granted(a, &intent, &make::lease_grant("key")).await;
    let resource = &intent.lease.resource;
    crate::hosts::until("a lease", || async { b.active(resource).await.unwrap().len() == 1 }).await;
    a.ask_end(warehouse.tenant_id, intent.lease.id, NOW).await.unwrap();
    crate::hosts::until("its end", || async { b.active(resource).await.unwrap().is_empty() }).await;
}

/// A host that waited for the lock does not mint what another minted meanwhile.
pub(crate) async fn whoever_has_the_lock_sees_what_the_other_host_did(db: TestDb) {
    let (a, b) = (&db.store, &crate::hosts::second_host(&db, pangolin_store::Consistency::Eventual).await);
    let (warehouse, _) = prepared(a).await;
    for round in 0..5 {
        let intent = make::intent(&warehouse, &format!("vms/{round}"));
        let resource = &intent.lease.resource;
        let until = NOW.plus_seconds(15);
        assert!(b.active(resource).await.unwrap().is_empty());
        let lock = a.lock(resource, NOW, until).await.unwrap().unwrap();
        granted(a, &intent, &make::lease_grant("key")).await;
        a.unlock(&lock).await.unwrap();
        b.lock(resource, NOW, until).await.unwrap().unwrap();
        assert_eq!(b.active(resource).await.unwrap().len(), 1, "round {round}");
    }
}
