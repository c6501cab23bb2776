//! The pipeline against a strategy, a trail and a store that do as they are told.

pub(super) mod cut_book;
pub(super) mod doubles;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use self::doubles::{Bench, bench};
use super::*;
use crate::audit::AuditResult;
use crate::fixtures::{admin, catalog_snapshot, grant, principal, table};
use crate::permission::{Action, PermissionScope};
use crate::strategy::{StrategyError, StrategyErrorKind};

async fn vend(bench: &Bench, who: &Principal) -> Result<Arc<Vended>, VendError> {
    let context = RequestContext { request_id: "r1".to_owned(), ..RequestContext::default() };
    let ask = VendAsk { access: Access::FULL, ttl_seconds: None, trigger: "credentials", context: &context };
    match bench.vending.vend(who, &catalog_snapshot(), &table("orders"), ask).await? {
        VendOutcome::Vended(vended) => Ok(vended),
        VendOutcome::Nothing => panic!("something should have been vended"),
    }
}

#[tokio::test]
async fn the_start_is_recorded_before_the_strategy_runs_and_the_outcome_after() {
    let bench = bench();
    vend(&bench, &admin()).await.unwrap();
    assert_eq!(bench.trail.results(), [AuditResult::Started, AuditResult::Success]);
    assert_eq!(bench.strategy.rows_before_first_run.load(Ordering::SeqCst), 1);
    let row = bench.trail.last();
    assert_eq!(row.metadata["scopes"][0], "s3://bucket/base/sales/orders/");
    assert_eq!(row.metadata["access"], "read-write-delete");
    assert!(!serde_json::to_string(&row).unwrap().contains("planted"), "no secret in the trail");
    assert!(row.metadata["fingerprint"].is_string());
}

#[tokio::test]
async fn nothing_is_minted_when_the_trail_cannot_be_written() {
    let bench = bench();
    bench.trail.broken.store(true, Ordering::SeqCst);
    assert!(matches!(vend(&bench, &admin()).await, Err(VendError::Audit(_))));
    assert_eq!(bench.strategy.runs(), 0);
    bench.trail.broken.store(false, Ordering::SeqCst);
    vend(&bench, &admin()).await.unwrap();
    bench.trail.broken.store(true, Ordering::SeqCst);
    assert!(matches!(vend(&bench, &admin()).await, Err(VendError::Audit(_))), "a cached one needs its row as well");
}

#[tokio::test]
async fn a_cached_credential_is_one_row_and_no_run() {
    let bench = bench();
    let first = vend(&bench, &admin()).await.unwrap();
    let second = vend(&bench, &admin()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(bench.strategy.runs(), 1);
    assert_eq!(bench.trail.results(), [AuditResult::Started, AuditResult::Success, AuditResult::Success]);
    assert_eq!(bench.trail.last().metadata["cached"], true);
}

#[tokio::test]
async fn principals_and_rights_do_not_share() {
    let bench = bench();
    let reader = principal(vec![grant(PermissionScope::Tenant, &[Action::Read])]);
    let mut other = reader.clone();
    other.user_id = crate::id::UserId::generate();
    vend(&bench, &admin()).await.unwrap();
    assert_eq!(vend(&bench, &reader).await.unwrap().access, Access::READ);
    vend(&bench, &other).await.unwrap();
    assert_eq!(bench.strategy.runs(), 3);
}

#[tokio::test]
async fn a_crowd_on_a_cold_table_is_one_run() {
    let bench = bench();
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let bench = bench.clone();
            tokio::spawn(async move { vend(&bench, &admin()).await.map(|_| ()) })
        })
        .collect();
    for one in crowd {
        one.await.unwrap().unwrap();
    }
    assert_eq!(bench.strategy.runs(), 1);
    assert_eq!(bench.trail.results().len(), 51, "every one of them has its row");
}

#[tokio::test]
async fn half_of_life_ends_serving_and_the_refresh_is_ahead_of_it() {
    let bench = bench();
    vend(&bench, &admin()).await.unwrap();
    bench.clock.advance_seconds(1_070);
    vend(&bench, &admin()).await.unwrap();
    assert_eq!(bench.strategy.runs(), 1, "before the jitter begins");
    bench.clock.advance_seconds(729);
    vend(&bench, &admin()).await.unwrap();
    bench.settle().await;
    assert_eq!(bench.strategy.runs(), 2, "just before half of life the next one is minted beside");
    bench.clock.advance_seconds(1_801);
    vend(&bench, &admin()).await.unwrap();
    assert_eq!(bench.strategy.runs(), 3);
}

#[tokio::test]
async fn a_valid_credential_is_served_while_the_upstream_is_down_and_retries_are_backed_off() {
    let bench = bench();
    vend(&bench, &admin()).await.unwrap();
    bench.clock.advance_seconds(2_000);
    bench.strategy.fail_with(StrategyError::new(StrategyErrorKind::Unavailable, "sts-unreachable", "down"));
    vend(&bench, &admin()).await.unwrap();
    vend(&bench, &admin()).await.unwrap();
    assert_eq!(bench.strategy.runs(), 2, "the second one waits for the pause to end");
    bench.clock.advance_seconds(1_590);
    assert!(matches!(vend(&bench, &admin()).await, Err(VendError::Strategy(_))), "it lives too short now");
    bench.strategy.recover();
    bench.clock.advance_seconds(60);
    vend(&bench, &admin()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_of_the_cloud_is_not_papered_over() {
    let bench = bench();
    vend(&bench, &admin()).await.unwrap();
    bench.clock.advance_seconds(2_000);
    bench.strategy.fail_with(StrategyError::new(StrategyErrorKind::Denied, "role-not-assumable", "no"));
    assert!(matches!(vend(&bench, &admin()).await, Err(VendError::Strategy(_))));
    assert_eq!(bench.trail.last().result, AuditResult::Failure);
}

#[tokio::test]
async fn refusals_are_recorded_and_run_nothing() {
    let bench = bench();
    let discovery = principal(vec![grant(PermissionScope::Tenant, &[Action::List])]);
    assert!(vend(&bench, &discovery).await.is_err());
    assert_eq!(bench.trail.results(), [AuditResult::Denied]);
    bench.store.shared.store(true, Ordering::SeqCst);
    assert!(matches!(vend(&bench, &admin()).await, Err(VendError::LocationShared)));
    assert_eq!(bench.strategy.runs(), 0);
}
