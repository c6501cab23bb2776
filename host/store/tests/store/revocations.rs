//! What is revoked, what is out, and what ends at once.

use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::id::{LeaseId, RevocationId, TableId, TenantId, UserId, WarehouseId};
use pangolin_core::lease::LeaseState;
use pangolin_core::ports::{CatalogStore, LeaseBook, NewTable, Revocations, StoreError, TableLocations};
use pangolin_core::record::Table;
use pangolin_core::revocation::{Cut, Issued, Mint, Revocation, RevokedKind, Targets};
use pangolin_core::warehouse::Warehouse;
use pangolin_store::{Consistency, OffsetPage, RevocationFilter, Store, UserChange};
use uuid::Uuid;

use crate::hosts::{second_host, until};
use crate::make;
use crate::testdb::{NOW, TestDb};

fn revocation(tenant: TenantId, kind: RevokedKind, target: Uuid) -> Revocation {
    Revocation {
        id: RevocationId::generate(),
        tenant_id: tenant,
        kind,
        target,
        name: "it".to_owned(),
        warehouse_id: None,
        locations: vec![make::location("s3://lake/c/n/t")],
        reason: Some("a laptop was stolen".to_owned()),
        revoked_by: UserId::ROOT,
        revoked_by_name: "root".to_owned(),
        revoked_at: NOW,
        lifted_by: None,
        lifted_at: None,
    }
}

fn mint(tenant: TenantId, of: Targets) -> Mint {
    Mint {
        tenant_id: tenant,
        warehouse_id: of.warehouse,
        warehouse: "lake".to_owned(),
        table_id: of.table,
        table: "c.n.t".to_owned(),
        user_id: of.user,
        principal: "ann".to_owned(),
        strategy: "AwsSts".to_owned(),
        issued: vec![Issued::AssumedRole {
            role_arn: "arn:aws:iam::1:role/r".to_owned(),
            session_name: "ann".to_owned(),
            endpoint: None,
        }],
        access: Access::READ,
        unscoped: false,
        lease: None,
        fingerprint: Some("f".to_owned()),
        request_id: "r-1".to_owned(),
        issued_at: NOW,
        expires_at: Some(NOW.plus_seconds(900)),
    }
}

fn targets() -> Targets {
    Targets { user: UserId::generate(), warehouse: WarehouseId::generate(), table: TableId::generate() }
}

async fn cut(store: &Store, kind: RevokedKind, target: Uuid) -> Cut {
    // All three have the same identifier: each is itself.
    let of = Targets { user: UserId(target), warehouse: WarehouseId(target), table: TableId(target) };
    let cuts = store.cuts(of).await.unwrap();
    assert_eq!(cuts, store.cuts_now(of).await.unwrap(), "memory and database say the same");
    match kind {
        RevokedKind::Principal => cuts.principal,
        RevokedKind::Warehouse => cuts.warehouse,
        RevokedKind::Table => cuts.table,
    }
}

pub(crate) async fn a_revocation_stands_once_and_is_lifted(db: TestDb) {
    let store = &db.store;
    let tenant = make::stored_tenant(store, "acme").await.id;
    let table = Uuid::now_v7();
    assert_eq!(cut(store, RevokedKind::Table, table).await, Cut::default());
    let wanted = revocation(tenant, RevokedKind::Table, table);
    let first = store.revoke(&wanted).await.unwrap();
    assert!(!first.stood && first.revocation == wanted);
    let standing = cut(store, RevokedKind::Table, table).await;
    assert!(standing.standing && standing.at.is_some());
    let again = store.revoke(&revocation(tenant, RevokedKind::Table, table)).await.unwrap();
    assert!(again.stood && again.revocation == wanted, "the first one stands, with its reason");
    assert_eq!(cut(store, RevokedKind::Table, table).await, standing);

    store.lift_revocation(&wanted, UserId::ROOT, NOW.plus_seconds(5)).await.unwrap();
    store.lift_revocation(&wanted, UserId::SYSTEM, NOW.plus_seconds(9)).await.unwrap();
    let lifted = store.revocation(Some(tenant), wanted.id).await.unwrap().unwrap();
    assert_eq!((lifted.lifted_by, lifted.lifted_at), (Some(UserId::ROOT), Some(NOW.plus_seconds(5))));
    assert_eq!(cut(store, RevokedKind::Table, table).await, Cut { standing: false, ..standing }, "the mark stays");
    let second = store.revoke(&revocation(tenant, RevokedKind::Table, table)).await.unwrap();
    assert!(!second.stood);
    assert!(cut(store, RevokedKind::Table, table).await.at > standing.at, "the clock stood still, the mark did not");

    let other = make::stored_tenant(store, "other").await.id;
    assert_eq!(store.revocation(Some(other), wanted.id).await.unwrap(), None);
    assert!(store.revocation(None, wanted.id).await.unwrap().is_some());
    let list = async |filter| store.list_revocations(filter, &OffsetPage::default()).await.unwrap().len();
    let own = RevocationFilter { tenant: Some(tenant), ..RevocationFilter::default() };
    assert_eq!(list(own).await, 2);
    assert_eq!(list(RevocationFilter { standing: Some(true), ..own }).await, 1);
    assert_eq!(list(RevocationFilter { standing: Some(false), kind: Some(RevokedKind::Table), ..own }).await, 1);
    assert_eq!(list(RevocationFilter { kind: Some(RevokedKind::Principal), ..own }).await, 0);
    assert_eq!(list(RevocationFilter { tenant: Some(other), ..own }).await, 0);
}

pub(crate) async fn a_principal_loses_tokens_and_is_marked(db: TestDb) {
    let store = &db.store;
    let tenant = make::stored_tenant(store, "acme").await.id;
    let (ann, bob) = (make::user(tenant, "ann"), make::user(tenant, "bob"));
    for user in [&ann, &bob] {
        store.create_user(user).await.unwrap();
    }
    let (token, other) = (make::token(&ann), make::token(&bob));
    for token in [&token, &other] {
        store.insert_token(token).await.unwrap();
    }
    let before = store.principal(ann.id).await.unwrap().unwrap();
    assert!(!before.revoked && before.cut_off.is_none());
    let wanted = revocation(tenant, RevokedKind::Principal, ann.id.0);
    assert_eq!(store.revoke(&wanted).await.unwrap().tokens, 1);
    let now = store.principal(ann.id).await.unwrap().unwrap();
    assert!(now.revoked && now.cut_off.is_some());
    assert!(store.token(token.id).await.unwrap().unwrap().revoked_at.is_some());
    assert!(store.token(other.id).await.unwrap().unwrap().revoked_at.is_none());
    assert!(!store.principal(bob.id).await.unwrap().unwrap().revoked);
    store.lift_revocation(&wanted, UserId::ROOT, NOW).await.unwrap();
    let lifted = store.principal(ann.id).await.unwrap().unwrap();
    assert!(!lifted.revoked && lifted.cut_off == now.cut_off);
    assert!(store.token(token.id).await.unwrap().unwrap().revoked_at.is_some(), "tokens do not come back");
}

/// Whoever is later sees the other: a mint is refused, or it is in the report.
pub(crate) async fn a_mint_and_a_revocation_see_each_other(db: TestDb) {
    let store = &db.store;
    let tenant = make::stored_tenant(store, "acme").await.id;
    for _ in 0..20 {
        let of = targets();
        let begun = store.cuts(of).await.unwrap();
        let wanted = revocation(tenant, RevokedKind::Table, of.table.0);
        let (minting, revoking) = (store.clone(), store.clone());
        let mint = mint(tenant, of);
        let minted = tokio::spawn(async move { minting.write_down(&mint).await.unwrap() });
        let revoked = tokio::spawn({
            let wanted = wanted.clone();
            async move {
                revoking.revoke(&wanted).await.unwrap();
                revoking.outstanding(&wanted, NOW).await.unwrap().count
            }
        });
        let refused = minted.await.unwrap().refuse(&begun);
        let reported = revoked.await.unwrap() == 1;
        assert!(refused || reported);
        assert_eq!(store.outstanding(&wanted, NOW).await.unwrap().count, 1);
    }
}

pub(crate) async fn what_is_out_is_counted_by_target(db: TestDb) {
    let store = &db.store;
    let tenant = make::stored_tenant(store, "acme").await.id;
    let of = targets();
    let elsewhere = Targets { table: TableId::generate(), ..of };
    store.write_down(&mint(tenant, of)).await.unwrap();
    store.write_down(&Mint { expires_at: Some(NOW.plus_seconds(1_200)), ..mint(tenant, of) }).await.unwrap();
    store
        .write_down(&Mint {
            unscoped: true,
            issued: vec![Issued::StoredKey],
            expires_at: None,
            ..mint(tenant, elsewhere)
        })
        .await
        .unwrap();
    store.write_down(&mint(tenant, targets())).await.unwrap();
    store.write_down(&Mint { expires_at: Some(NOW), ..mint(tenant, of) }).await.unwrap();

    let table = Revocation { warehouse_id: Some(of.warehouse), ..revocation(tenant, RevokedKind::Table, of.table.0) };
    let out = store.outstanding(&table, NOW).await.unwrap();
    assert_eq!((out.count, out.endless, out.latest_expiry), (3, 1, Some(NOW.plus_seconds(1_200))));
    assert_eq!((out.credentials.len(), out.groups.len(), out.more_groups), (3, 2, false));
    assert_eq!((out.groups[0].count, out.groups[0].endless), (2, 0));
    assert_eq!((out.groups[1].count, out.groups[1].endless, out.groups[1].latest_expiry), (1, 1, None));
    assert!(out.credentials.contains(&mint(tenant, of)));

    let warehouse =
        Revocation { warehouse_id: Some(of.warehouse), ..revocation(tenant, RevokedKind::Warehouse, of.warehouse.0) };
    assert_eq!(store.outstanding(&warehouse, NOW).await.unwrap().count, 3);
    let principal = revocation(tenant, RevokedKind::Principal, of.user.0);
    assert_eq!(store.outstanding(&principal, NOW).await.unwrap().count, 3);
    assert_eq!(store.outstanding(&principal, NOW.plus_seconds(1_000)).await.unwrap().count, 2, "one has ended");
    let lifted = Revocation { lifted_at: Some(NOW.plus_seconds(-1)), ..principal };
    assert_eq!(store.outstanding(&lifted, NOW).await.unwrap().count, 0, "what came after the lift is not its own");
    let nobody = revocation(tenant, RevokedKind::Principal, Uuid::now_v7());
    let none = store.outstanding(&nobody, NOW).await.unwrap();
    assert_eq!((none.count, none.latest_expiry, none.credentials.len()), (0, None, 0));
}

pub(crate) async fn what_never_ends_and_what_is_leased_has_one_row(db: TestDb) {
    let (store, of) = (&db.store, targets());
    let tenant = make::stored_tenant(store, "acme").await.id;
    let static_key = Mint { expires_at: None, issued: vec![Issued::StoredKey], ..mint(tenant, of) };
    let lease = Some(LeaseId::generate());
    for later in [0, 60, 120] {
        let at = NOW.plus_seconds(later);
        store.write_down(&Mint { issued_at: at, ..static_key.clone() }).await.unwrap();
        store.write_down(&Mint { issued_at: at, lease, ..mint(tenant, of) }).await.unwrap();
    }
    store.write_down(&Mint { fingerprint: Some("another key".to_owned()), ..static_key.clone() }).await.unwrap();
    store.write_down(&Mint { lease, ..mint(tenant, Targets { user: UserId::generate(), ..of }) }).await.unwrap();
    assert_eq!(db.raw("SELECT id FROM mints").await.len(), 4);
    let out = store.outstanding(&revocation(tenant, RevokedKind::Principal, of.user.0), NOW).await.unwrap();
    assert_eq!(out.count, 2, "what the host ends is no such credential");
    assert_eq!(out.credentials[0].issued_at, NOW.plus_seconds(120));
}

pub(crate) async fn what_has_ended_is_forgotten(db: TestDb) {
    let (store, of) = (&db.store, targets());
    let tenant = make::stored_tenant(store, "acme").await.id;
    store.write_down(&mint(tenant, of)).await.unwrap();
    store.write_down(&Mint { expires_at: None, ..mint(tenant, of) }).await.unwrap();
    assert_eq!(store.prune_mints(NOW.plus_seconds(1_000)).await.unwrap(), 0, "clocks differ");
    assert_eq!(store.prune_mints(NOW.plus_seconds(1_201)).await.unwrap(), 1);
    assert_eq!(db.raw("SELECT id FROM mints").await.len(), 1);
    let ann = make::user(tenant, "ann");
    store.create_user(&ann).await.unwrap();
    store.delete_user(ann.id).await.unwrap();
    store.revoke(&revocation(tenant, RevokedKind::Table, of.table.0)).await.unwrap();
    assert_eq!(store.prune_mints(NOW.plus_seconds(91 * 86_400)).await.unwrap(), 1, "a revocation keeps its mark");
    assert!(store.cuts_now(of).await.unwrap().table.standing);
}

/// A warehouse with a lease that was minted for somebody.
async fn leased(store: &Store, warehouse: &Warehouse, of: Targets, resource: &str) -> LeaseId {
    let mut intent = make::intent(warehouse, resource);
    (intent.lease.user_id, intent.lease.table_id) = (of.user, of.table);
    let id = intent.lease.id;
    store.begin(&intent).await.unwrap();
    let tenant = warehouse.tenant_id;
    store
        .write_down(&Mint { lease: Some(id), ..mint(tenant, Targets { warehouse: warehouse.id, ..of }) })
        .await
        .unwrap();
    LeaseBook::minted(store, id, &make::lease_grant("key")).await.unwrap();
    id
}

async fn state(store: &Store, warehouse: &Warehouse, id: LeaseId) -> LeaseState {
    store.lease(warehouse.tenant_id, id).await.unwrap().unwrap().state
}

async fn stored_warehouse(store: &Store) -> Warehouse {
    let tenant = make::stored_tenant(store, "acme").await.id;
    let warehouse = make::warehouse(tenant, "lake", "s3://lake");
    store.create_warehouse(&warehouse, None).await.unwrap();
    warehouse
}

pub(crate) async fn leases_end_with_whom_they_were_handed_to(db: TestDb) {
    let store = &db.store;
    let warehouse = stored_warehouse(store).await;
    let tenant = warehouse.tenant_id;
    let (of, other) = (targets(), targets());
    let shared = leased(store, &warehouse, other, "shared").await;
    // Somebody else's at first, and handed to the one who is revoked.
    let second = Mint { lease: Some(shared), ..mint(tenant, Targets { warehouse: warehouse.id, ..of }) };
    store.write_down(&second).await.unwrap();
    let (own, free) = (leased(store, &warehouse, of, "own").await, leased(store, &warehouse, other, "free").await);
    let mut coming = make::intent(&warehouse, "coming");
    coming.lease.user_id = of.user;
    store.begin(&coming).await.unwrap();

    let wanted = revocation(tenant, RevokedKind::Principal, of.user.0);
    store.revoke(&wanted).await.unwrap();
    for (id, expected) in [(shared, LeaseState::Revoking), (own, LeaseState::Revoking), (free, LeaseState::Active)] {
        assert_eq!(state(store, &warehouse, id).await, expected);
    }
    let due: Vec<_> = store.due(NOW, 10, 10).await.unwrap();
    assert_eq!(due.len(), 2, "the host is to end them at once");
    let granted = LeaseBook::minted(store, coming.lease.id, &make::lease_grant("late")).await.unwrap();
    assert_eq!(granted, LeaseState::Revoking, "one that was on its way is not handed out");
    let (shown, count) = store.revoked_leases(&wanted).await.unwrap();
    assert_eq!((shown.len(), count), (3, 3));
    assert!(shown.iter().all(|lease| lease.id != free));
}

pub(crate) async fn a_dropped_table_ends_what_serves_no_other(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let warehouse = store.warehouse(catalog.tenant_id, "lake").await.unwrap().unwrap();
    let table = make::stored_table(store, &catalog, "t").await;
    let of = Targets { table: table.id, ..targets() };
    let own = leased(store, &warehouse, of, "own").await;
    let shared = leased(store, &warehouse, of, "shared").await;
    let tenant = catalog.tenant_id;
    let beside = Mint { lease: Some(shared), ..mint(tenant, Targets { warehouse: warehouse.id, ..targets() }) };
    store.write_down(&beside).await.unwrap();
    let hosts = leased(store, &warehouse, Targets { user: UserId::SYSTEM, ..of }, "hosts").await;
    store.drop_table(catalog.id, table.id).await.unwrap();
    assert_eq!(state(store, &warehouse, own).await, LeaseState::Revoking);
    assert_eq!(state(store, &warehouse, shared).await, LeaseState::Active, "another table's user holds it");
    let hosts = store.lease(warehouse.tenant_id, hosts).await.unwrap().unwrap();
    assert_eq!(hosts.state, LeaseState::Revoking);
    assert!(hosts.next_attempt_at > Some(NOW), "the host may be removing the files with it");
    assert!(cut(store, RevokedKind::Table, table.id.0).await.at.is_some());
    store.revoke(&revocation(warehouse.tenant_id, RevokedKind::Warehouse, warehouse.id.0)).await.unwrap();
    let hosts = store.lease(warehouse.tenant_id, hosts.id).await.unwrap().unwrap();
    assert_eq!(hosts.next_attempt_at, Some(NOW), "it waits no longer when the whole warehouse goes");
    // The same table comes back: what was minted before is not served.
    store.create_table(&NewTable { table: table.clone() }).await.unwrap();
    let back = cut(store, RevokedKind::Table, table.id.0).await;
    assert!(back.at.is_some() && !back.standing);
}

pub(crate) async fn deactivated_and_deleted_users_are_cut_off(db: TestDb) {
    let store = &db.store;
    let warehouse = stored_warehouse(store).await;
    let ann = make::user(warehouse.tenant_id, "ann");
    store.create_user(&ann).await.unwrap();
    let of = Targets { user: ann.id, ..targets() };
    let first = leased(store, &warehouse, of, "first").await;
    let mail = UserChange { email: Some("ann@example.org".to_owned()), ..UserChange::default() };
    store.update_user(ann.tenant_id, ann.id, &mail).await.unwrap();
    assert_eq!(cut(store, RevokedKind::Principal, ann.id.0).await, Cut::default());
    let goes = UserChange { active: Some(false), ..UserChange::default() };
    store.update_user(ann.tenant_id, ann.id, &goes).await.unwrap();
    assert_eq!(state(store, &warehouse, first).await, LeaseState::Revoking);
    let mark = cut(store, RevokedKind::Principal, ann.id.0).await;
    assert!(mark.at.is_some() && !mark.standing);
    let second = leased(store, &warehouse, of, "second").await;
    store.delete_user(ann.id).await.unwrap();
    assert_eq!(state(store, &warehouse, second).await, LeaseState::Revoking);
    assert!(cut(store, RevokedKind::Principal, ann.id.0).await.at > mark.at);
}

/// Whoever makes a table says which identifier it has: by a file that is registered, or by a commit.
pub(crate) async fn the_identifier_of_a_table_cuts_off_nothing_else(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let own = store.warehouse(catalog.tenant_id, "lake").await.unwrap().unwrap();
    let victims = make::stored_tenant(store, "victims").await.id;
    let ann = make::user(victims, "ann");
    store.create_user(&ann).await.unwrap();
    for target in [UserId::SYSTEM.0, ann.id.0, own.id.0] {
        let made = make::stored_table(store, &catalog, "t").await;
        store.drop_table(catalog.id, made.id).await.unwrap();
        let table = Table { id: TableId(target), ..made };
        store.create_table(&NewTable { table: table.clone() }).await.unwrap();
        store.drop_table(catalog.id, table.id).await.unwrap();
        let wanted = revocation(catalog.tenant_id, RevokedKind::Table, target);
        store.revoke(&wanted).await.unwrap();
        assert!(cut(store, RevokedKind::Table, target).await.standing);
        for other in [RevokedKind::Principal, RevokedKind::Warehouse] {
            assert_eq!(cut(store, other, target).await, Cut::default(), "{other:?}");
        }
        store.lift_revocation(&wanted, UserId::ROOT, NOW).await.unwrap();
    }
    let ann = store.principal(ann.id).await.unwrap().unwrap();
    assert!(!ann.revoked && ann.cut_off.is_none());
}

/// Who may drop a table and make another would have its files again by that one.
pub(crate) async fn where_a_revoked_table_lay_no_other_comes_to_lie(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let table = make::stored_table(store, &catalog, "t").await;
    let wanted = revocation(catalog.tenant_id, RevokedKind::Table, table.id.0);
    let wanted = Revocation { locations: vec![table.location.clone()], ..wanted };
    store.revoke(&wanted).await.unwrap();
    store.drop_table(catalog.id, table.id).await.unwrap();
    for taken in ["s3://lake/c/n/t", "s3a://LAKE/c/n/t/inner", "s3://lake/c/n"] {
        let again = make::table(catalog.id, "n", "again", taken);
        assert!(!store.locations_are_exclusive(catalog.id, &again).await.unwrap(), "{taken}");
        make::refused!(store.create_table(&NewTable { table: again }).await, StoreError::LocationTaken);
    }
    let beside = make::stored_table(store, &catalog, "t2").await;
    let mut onto = make::commit(&beside, 1, "{}");
    onto.extra_locations = vec![make::location("s3://lake/c/n/t/data")];
    make::refused!(store.commit_table(&onto).await, StoreError::LocationTaken);
    store.lift_revocation(&wanted, UserId::ROOT, NOW).await.unwrap();
    let again = make::table(catalog.id, "n", "again", "s3://lake/c/n/t");
    assert!(store.locations_are_exclusive(catalog.id, &again).await.unwrap());
    store.create_table(&NewTable { table: again }).await.unwrap();
}

/// A dropped table's identifier may come back elsewhere.
pub(crate) async fn a_tenant_reaches_no_other_by_the_identifier_of_a_table(db: TestDb) {
    let store = &db.store;
    let warehouse = stored_warehouse(store).await;
    let (tenant, of) = (warehouse.tenant_id, targets());
    let lease = leased(store, &warehouse, of, "shared").await;
    store.write_down(&mint(tenant, of)).await.unwrap();
    let own = revocation(tenant, RevokedKind::Table, of.table.0);

    let strangers = make::stored_tenant(store, "strangers").await.id;
    let theirs = revocation(strangers, RevokedKind::Table, of.table.0);
    assert!(!store.revoke(&theirs).await.unwrap().stood);
    assert_eq!(state(store, &warehouse, lease).await, LeaseState::Active);
    assert_eq!(store.outstanding(&theirs, NOW).await.unwrap().count, 0);
    assert_eq!(store.revoked_leases(&theirs).await.unwrap().1, 0);
    let first = store.revoke(&own).await.unwrap();
    assert!(!first.stood && first.revocation == own, "nobody is shown another tenant's revocation");
    assert_eq!(state(store, &warehouse, lease).await, LeaseState::Revoking);
    assert_eq!(store.outstanding(&own, NOW).await.unwrap().count, 1);
}

pub(crate) async fn warm_cuts_run_no_sql(db: TestDb) {
    let (store, of) = (&db.store, targets());
    store.cuts(of).await.unwrap();
    let before = store.statements();
    for _ in 0..10 {
        store.cuts(of).await.unwrap();
    }
    assert_eq!(store.statements(), before);
}

pub(crate) async fn another_host_knows_within_a_second(db: TestDb) {
    let (a, b) = (&db.store, &second_host(&db, Consistency::Eventual).await);
    let tenant = make::stored_tenant(a, "acme").await.id;
    let ann = make::user(tenant, "ann");
    a.create_user(&ann).await.unwrap();
    let of = Targets { user: ann.id, ..targets() };
    let begun = b.cuts(of).await.unwrap();
    assert!(!b.principal(ann.id).await.unwrap().unwrap().revoked);
    let wanted = revocation(tenant, RevokedKind::Principal, ann.id.0);
    a.revoke(&wanted).await.unwrap();
    assert!(
        b.write_down(&mint(tenant, of)).await.unwrap().refuse(&begun),
        "a mint is held against the database at once"
    );
    until("a revocation", || async { b.cuts(of).await.unwrap().is_standing() }).await;
    until("a revoked principal", || async { b.principal(ann.id).await.unwrap().unwrap().revoked }).await;
    a.lift_revocation(&wanted, UserId::ROOT, NOW).await.unwrap();
    until("a lift", || async { !b.cuts(of).await.unwrap().is_standing() }).await;
    assert!(b.cuts(of).await.unwrap().refuse(&begun));
}

pub(crate) async fn one_of_many_revocations_stands(db: TestDb) {
    let (a, b) = (db.store.clone(), second_host(&db, Consistency::Eventual).await);
    let tenant = make::stored_tenant(&a, "acme").await.id;
    for kind in [RevokedKind::Principal, RevokedKind::Warehouse, RevokedKind::Table] {
        let target = Uuid::now_v7();
        let stores: Arc<[Store]> = Arc::from([a.clone(), b.clone()]);
        let crowd: Vec<_> = (0..12)
            .map(|at| {
                let stores = Arc::clone(&stores);
                tokio::spawn(async move { stores[at % 2].revoke(&revocation(tenant, kind, target)).await.unwrap() })
            })
            .collect();
        let mut ids = std::collections::BTreeSet::new();
        let mut made = 0;
        for one in crowd {
            let revoked = one.await.unwrap();
            ids.insert(revoked.revocation.id);
            made += usize::from(!revoked.stood);
        }
        assert_eq!((ids.len(), made), (1, 1), "{kind:?}");
    }
}
