//! Before anything is minted, while it is minted, and what was kept from before.

use std::sync::atomic::Ordering;

use super::*;
use crate::access::Access;
use crate::audit::{AuditResult, RequestContext};
use crate::fixtures::{admin, catalog_snapshot, grant, principal, table};
use crate::location::Location;
use crate::permission::{Action, PermissionScope};
use crate::policy::Touched;
use crate::secret::Secret;
use crate::strategy::{StrategyError, StrategyErrorKind};
use crate::vend::tests::doubles::{Bench, bench};
use crate::vend::{HostStorage, Signature, SignatureAsk, VendAsk, VendOutcome};

const KINDS: [RevokedKind; 3] = [RevokedKind::Principal, RevokedKind::Warehouse, RevokedKind::Table];

async fn vend_as(bench: &Bench, who: &Principal) -> Result<Arc<Vended>, VendError> {
    let context = RequestContext { request_id: "r1".to_owned(), ..RequestContext::default() };
    let ask = VendAsk { access: Access::FULL, ttl_seconds: None, trigger: "credentials", context: &context };
    match bench.vending.vend(who, &catalog_snapshot(), &table("orders"), ask).await? {
        VendOutcome::Vended(vended) => Ok(vended),
        VendOutcome::Nothing => panic!("something should have been vended"),
    }
}

/// As somebody whose request comes in now.
async fn vend(bench: &Bench) -> Result<Arc<Vended>, VendError> {
    let of = Targets { user: admin().user_id, warehouse: catalog_snapshot().warehouse.id, table: table("orders").id };
    let cut_off = bench.book.cuts(of).await.unwrap().principal.at;
    vend_as(bench, &Principal { cut_off, ..admin() }).await
}

fn is_revoked<T>(result: &Result<T, VendError>) -> bool {
    matches!(result, Err(error @ VendError::Denied(Denied::Revoked)) if error.code() == "revoked")
}

#[tokio::test]
async fn nothing_is_minted_while_it_stands_and_what_was_kept_is_never_served_again() {
    for kind in KINDS {
        let bench = bench();
        let before = vend(&bench).await.unwrap();
        bench.book.revoke(kind);
        assert!(is_revoked(&vend(&bench).await), "{kind:?}");
        assert_eq!(bench.trail.last().result, AuditResult::Denied);
        assert_eq!(bench.strategy.runs(), 1);
        bench.book.lift(kind);
        let after = vend(&bench).await.unwrap();
        assert!(!Arc::ptr_eq(&before, &after) && bench.strategy.runs() == 2, "{kind:?}");
        assert!(Arc::ptr_eq(&after, &vend(&bench).await.unwrap()), "what is new is kept as ever");
    }
}

#[tokio::test]
async fn what_is_minted_is_written_down_before_it_leaves_and_a_kept_one_once() {
    let bench = bench();
    let vended = vend(&bench).await.unwrap();
    vend(&bench).await.unwrap();
    let mints = bench.book.mints();
    assert_eq!(mints.len(), 1);
    assert_eq!((mints[0].expires_at, mints[0].issued_at), (vended.expires_at, vended.issued_at));
    assert_eq!((mints[0].principal.as_str(), mints[0].table.as_str()), ("ada", "analytics.sales.orders"));
    assert_eq!((mints[0].unscoped, mints[0].lease, mints[0].access), (false, None, Access::FULL));
}

#[tokio::test]
async fn a_book_that_cannot_be_written_lets_nothing_out() {
    let bench = bench();
    bench.book.broken.store(true, Ordering::SeqCst);
    assert!(matches!(vend(&bench).await, Err(VendError::Store(_))));
    assert_eq!(bench.trail.results(), [AuditResult::Started, AuditResult::Failure]);
    bench.book.broken.store(false, Ordering::SeqCst);
    vend(&bench).await.unwrap();
    assert_eq!(bench.strategy.runs(), 2, "the one before was not kept");
}

#[tokio::test]
async fn a_revocation_at_another_host_is_found_before_the_mint_leaves() {
    for kind in KINDS {
        let bench = bench();
        bench.book.revoke_elsewhere(kind);
        assert!(is_revoked(&vend(&bench).await), "{kind:?}");
        assert_eq!((bench.strategy.runs(), bench.book.mints().len()), (1, 1), "it is out, and written down");
        assert_eq!(bench.trail.results(), [AuditResult::Started, AuditResult::Denied]);
        // Also when it was lifted by the time that the mint came back.
        bench.book.lift(kind);
        vend(&bench).await.unwrap();
        assert_eq!(bench.strategy.runs(), 2, "the refused one was not kept");
    }
}

#[tokio::test]
async fn a_mint_that_began_before_is_not_handed_out_after_the_lift() {
    let bench = bench();
    let held = bench.strategy.hold();
    let flying = tokio::spawn({
        let bench = bench.clone();
        async move { vend(&bench).await }
    });
    bench.settle().await;
    bench.book.revoke(RevokedKind::Principal);
    bench.book.lift(RevokedKind::Principal);
    drop(held);
    assert!(is_revoked(&flying.await.unwrap()));
    assert_eq!(bench.book.mints().len(), 1);
    vend(&bench).await.unwrap();
    assert_eq!(bench.strategy.runs(), 2);
}

#[tokio::test]
async fn whoever_waits_for_anothers_mint_is_refused_too() {
    let bench = bench();
    let held = bench.strategy.hold();
    let crowd: Vec<_> = (0..8)
        .map(|_| {
            let bench = bench.clone();
            tokio::spawn(async move { vend(&bench).await.map(drop) })
        })
        .collect();
    bench.settle().await;
    bench.book.revoke(RevokedKind::Table);
    drop(held);
    for one in crowd {
        assert!(is_revoked(&one.await.unwrap()));
    }
}

#[tokio::test]
async fn a_request_from_before_the_revocation_gets_nothing_after_the_lift() {
    let bench = bench();
    let early = admin();
    vend_as(&bench, &early).await.unwrap();
    bench.book.revoke(RevokedKind::Principal);
    bench.book.lift(RevokedKind::Principal);
    assert!(is_revoked(&vend_as(&bench, &early).await));
}

#[tokio::test]
async fn an_old_credential_does_not_stand_in_while_the_upstream_is_down() {
    let bench = bench();
    vend(&bench).await.unwrap();
    bench.book.revoke(RevokedKind::Warehouse);
    bench.book.lift(RevokedKind::Warehouse);
    bench.strategy.fail_with(StrategyError::new(StrategyErrorKind::Unavailable, "sts-unreachable", "down"));
    assert!(matches!(vend(&bench).await, Err(VendError::Strategy(_))));
}

#[tokio::test]
async fn the_host_neither_signs_nor_writes_there() {
    let bench = bench();
    let context = RequestContext::default();
    let objects = [Location::parse("s3://bucket/base/sales/orders/a").unwrap()];
    let touched = Touched { objects: &objects, listing: None, access: Access::READ, body_decides: false };
    let ask = SignatureAsk { signature: Signature::Url, method: "GET", touched, context: &context };
    let (snapshot, orders) = (catalog_snapshot(), table("orders"));
    let presign = async |who: &Principal| {
        let sign = |_: crate::vend::KeptKey<'_>, _: u32| Ok(Secret::from("https://signed"));
        bench.vending.presign(who, &snapshot, &orders, ask, None, sign).await
    };
    presign(&admin()).await.unwrap();
    let storage = async || bench.vending.host_storage(&snapshot, &orders, Access::FULL, &context).await;
    assert!(matches!(storage().await, Ok(HostStorage::Object(_))));
    let runs = bench.strategy.runs();
    bench.book.revoke(RevokedKind::Table);
    assert!(is_revoked(&presign(&admin()).await) && is_revoked(&storage().await));
    assert!(is_revoked(&bench.vending.check_standing(&admin(), &snapshot, &orders).await));
    assert_eq!(bench.strategy.runs(), runs);
    bench.book.lift(RevokedKind::Table);
    storage().await.unwrap();
    assert_eq!(bench.strategy.runs(), runs + 1, "the host's own credential is a new one as well");
    assert_eq!(bench.book.mints().len(), 1, "what the host keeps to itself leaves by no way");
}

#[tokio::test]
async fn a_revoked_principal_stops_nobody_elses_commit() {
    let bench = bench();
    bench.book.revoke(RevokedKind::Principal);
    let context = RequestContext::default();
    bench.vending.host_storage(&catalog_snapshot(), &table("orders"), Access::FULL, &context).await.unwrap();
}

#[tokio::test]
async fn who_may_not_see_or_read_is_not_told() {
    let bench = bench();
    bench.book.revoke(RevokedKind::Table);
    assert!(matches!(vend_as(&bench, &principal(Vec::new())).await, Err(VendError::Denied(Denied::Hidden))));
    let lister = principal(vec![grant(PermissionScope::Tenant, &[Action::List])]);
    assert!(matches!(vend_as(&bench, &lister).await, Err(VendError::Denied(Denied::Missing("read")))));
}

#[tokio::test]
async fn what_is_cached_is_forgotten_by_target() {
    let bench = bench();
    vend(&bench).await.unwrap();
    for kind in KINDS {
        assert_eq!(bench.vending.forget_cached(kind, Uuid::from_u128(9_999)), 0);
    }
    assert_eq!(bench.vending.forget_cached(RevokedKind::Table, table("orders").id.0), 1);
    assert_eq!(bench.vending.forget_cached(RevokedKind::Principal, admin().user_id.0), 0, "it is gone already");
    vend(&bench).await.unwrap();
    assert_eq!(bench.strategy.runs(), 2);
}
