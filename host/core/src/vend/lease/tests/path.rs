//! Minting, serving, and what happens where there is no room.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bench::{GRACE, bench, key_of};
use crate::access::Access;
use crate::audit::{AuditResult, RequestContext};
use crate::fixtures::{NOW, admin, grant, principal, table};
use crate::id::UserId;
use crate::lease::LeaseState::{Active, Lost, Revoked};
use crate::permission::{Action, PermissionScope};
use crate::policy::Denied;
use crate::strategy::{Scoping, StrategyErrorKind};
use crate::vend::VendError;

fn kind(error: VendError) -> StrategyErrorKind {
    match error {
        VendError::Strategy(error) => error.kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_lease_serves_all_who_may_have_it() {
    let bench = bench();
    let first = bench.vend().await.unwrap();
    let mut other = admin();
    other.user_id = UserId::generate();
    let second = bench.ask(&other, "returns", Access::FULL, None).await.unwrap();
    assert_eq!((key_of(&first), bench.vms.made()), (key_of(&second), 1));
    assert_eq!(second.credentials[0].prefix, "s3://bucket/base/sales/returns/", "spelled for the other table");
    assert_eq!(first.expires_at, Some(NOW.plus_seconds(3600)));
    assert_eq!(first.credentials[0].expires_at, first.expires_at);
    assert_eq!(bench.trail.results(), [AuditResult::Started, AuditResult::Success, AuditResult::Success]);
    let row = bench.trail.last();
    assert_eq!((&row.metadata["cached"], row.user_id), (&serde_json::json!(true), Some(other.user_id)));
    assert_eq!(row.metadata["lease"], serde_json::json!(bench.book.leases()[0].id));
    assert!(!format!("{:?}", bench.trail).contains("key-0"), "no key in the trail");
}

#[tokio::test]
async fn a_claim_is_asked_for_once() {
    let bench = bench();
    for _ in 0..3 {
        bench.vend().await.unwrap();
    }
    assert_eq!((bench.vms.claims.load(Ordering::SeqCst), bench.vms.made()), (1, 1));
}

#[tokio::test]
async fn accesses_do_not_share() {
    let bench = bench();
    let full = bench.vend().await.unwrap();
    let read = bench.ask(&admin(), "orders", Access::READ, None).await.unwrap();
    assert_ne!(key_of(&full), key_of(&read));
    assert_eq!(read.access, Access::READ);
}

#[tokio::test]
async fn what_the_callers_own_identity_opens_is_the_callers_own() {
    let bench = bench();
    *bench.vms.scoping.lock().unwrap() = Scoping::Delegated;
    let reader = principal(vec![grant(PermissionScope::Tenant, &[Action::Read])]);
    let mut other = reader.clone();
    other.user_id = UserId::generate();
    let one = bench.ask(&reader, "orders", Access::READ, None).await.unwrap();
    let two = bench.ask(&other, "orders", Access::READ, None).await.unwrap();
    assert_ne!(key_of(&one), key_of(&two));
    assert_eq!(key_of(&bench.ask(&reader, "orders", Access::READ, None).await.unwrap()), key_of(&one));
}

#[tokio::test]
async fn what_the_callers_own_identity_opens_is_not_for_a_narrowed_token() {
    let bench = bench();
    *bench.vms.scoping.lock().unwrap() = Scoping::Delegated;
    let reader = principal(vec![grant(PermissionScope::Tenant, &[Action::Read])]);
    bench.ask(&reader, "orders", Access::READ, None).await.unwrap();
    let mut narrowed = reader.clone();
    narrowed.narrowed = true;
    let refused = bench.ask(&narrowed, "orders", Access::READ, None).await;
    assert!(matches!(refused, Err(VendError::Denied(Denied::Narrowed(_)))), "{refused:?}");
    // Where the host narrows the credential itself, a narrowed token is as good as any.
    *bench.vms.scoping.lock().unwrap() = Scoping::Exact;
    bench.ask(&narrowed, "orders", Access::READ, None).await.unwrap();
}

#[tokio::test]
async fn half_of_its_life_is_served_and_the_next_one_stands_beside_it() {
    let bench = bench();
    let first = bench.vend().await.unwrap();
    bench.clock.advance_seconds(1800);
    assert_eq!(key_of(&bench.vend().await.unwrap()), key_of(&first));
    bench.clock.advance_seconds(1);
    assert_ne!(key_of(&bench.vend().await.unwrap()), key_of(&first));
    assert_eq!(bench.book.states(), [Active, Active], "those who have the first one keep it until its end");
}

#[tokio::test]
async fn nobody_gets_a_longer_life_than_asked_for() {
    let bench = bench();
    let long = bench.vend().await.unwrap();
    let short = bench.ask(&admin(), "orders", Access::FULL, Some(900)).await.unwrap();
    assert_ne!(key_of(&long), key_of(&short));
    assert_eq!(short.expires_at, Some(NOW.plus_seconds(900)));
}

#[tokio::test]
async fn a_crowd_on_two_hosts_is_one_mint() {
    let one = bench();
    let two = one.another_host();
    let crowd: Vec<_> = (0..40)
        .map(|turn| {
            let host = if turn % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { host.vend().await.map(|vended| key_of(&vended)) })
        })
        .collect();
    for each in crowd {
        assert_eq!(each.await.unwrap().unwrap(), "key-0");
    }
    assert_eq!(one.vms.made(), 1);
    assert_eq!(one.trail.results().len(), 41, "every one of them has its row");
}

#[tokio::test]
async fn without_room_the_hosts_own_oldest_goes() {
    let bench = bench();
    bench.vms.surveys_strictly.store(true, Ordering::SeqCst);
    bench.vend().await.unwrap();
    bench.ask(&admin(), "orders", Access::READ, None).await.unwrap();
    bench.clock.advance_seconds(10);
    let third = bench.ask(&admin(), "orders", Access::READ_WRITE, None).await.unwrap();
    assert_eq!(bench.vms.keys(), ["key-1", &key_of(&third)]);
    assert_eq!(bench.book.states(), [Revoked, Active, Active]);
    assert_eq!(bench.rows("revoke_lease").len(), 1);
}

/// Else a reader who asks for one short life after the other would end all that others work with.
#[tokio::test]
async fn a_lease_that_is_nearly_over_goes_before_an_older_one() {
    let bench = bench();
    bench.vend().await.unwrap();
    bench.ask(&admin(), "orders", Access::READ, None).await.unwrap();
    for _ in 0..5 {
        bench.ask(&admin(), "orders", Access::FULL, Some(60)).await.unwrap();
        bench.clock.advance_seconds(40);
    }
    assert_eq!(bench.book.states(), [Revoked, Active, Revoked, Revoked, Revoked, Revoked, Active]);
}

#[tokio::test]
async fn interrupted_mints_do_not_pile_up() {
    let bench = bench();
    bench.vms.fail("vend-refused", StrategyErrorKind::Upstream);
    for turn in 0..80 {
        let expected = if turn < 64 { StrategyErrorKind::Upstream } else { StrategyErrorKind::Unavailable };
        assert_eq!(kind(bench.vend().await.unwrap_err()), expected, "{turn}");
    }
    assert_eq!(bench.book.states().len(), 64);
    bench.vms.mend();
    bench.clock.advance_seconds(GRACE);
    bench.vend().await.unwrap();
    assert_eq!(bench.book.states().iter().filter(|state| **state == Lost).count(), 64, "looked into first");
}

#[tokio::test]
async fn without_room_a_lease_that_lives_long_enough_is_served_first() {
    let bench = bench();
    let first = bench.vend().await.unwrap();
    bench.ask(&admin(), "orders", Access::READ, None).await.unwrap();
    bench.clock.advance_seconds(3000);
    assert_eq!(key_of(&bench.vend().await.unwrap()), key_of(&first), "past half of its life");
    bench.clock.advance_seconds(571);
    assert_ne!(key_of(&bench.vend().await.unwrap()), key_of(&first), "less than half a minute is of no use");
}

#[tokio::test]
async fn keys_of_others_are_left_alone_and_the_answer_says_when_there_is_room() {
    let bench = bench();
    bench.vms.plant("of-others-1");
    let first = bench.vend().await.unwrap();
    let error = match bench.ask(&admin(), "orders", Access::READ, None).await {
        Err(VendError::Strategy(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!((error.kind, error.retry_after_ms), (StrategyErrorKind::Exhausted, Some(3_600_000)));
    bench.clock.advance_seconds(2000);
    assert_eq!(key_of(&bench.vend().await.unwrap()), key_of(&first), "better than nothing");
    assert_eq!(bench.vms.keys(), ["key-0", "of-others-1"]);
    assert_eq!(bench.book.states(), [Active, Lost, Lost], "a refused mint is settled at once");
    bench.vms.plant("of-others-2");
    bench.clock.advance_seconds(1590);
    assert_eq!(kind(bench.vend().await.unwrap_err()), StrategyErrorKind::Exhausted);
    assert_eq!(*bench.vms.deletions.lock().unwrap(), ["key-0"], "the host's own, which nobody gets any more");
}

#[tokio::test]
async fn beside_a_key_of_others_the_hosts_own_gives_way_when_nobody_gets_it_any_more() {
    let bench = bench();
    bench.vms.surveys_strictly.store(true, Ordering::SeqCst);
    bench.vms.plant("of-others");
    let first = bench.vend().await.unwrap();
    bench.clock.advance_seconds(3500);
    assert_eq!(key_of(&bench.vend().await.unwrap()), key_of(&first), "of use still");
    bench.clock.advance_seconds(80);
    assert_ne!(key_of(&bench.vend().await.unwrap()), key_of(&first));
    assert_eq!(*bench.vms.deletions.lock().unwrap(), ["key-0"]);
    assert!(bench.vms.keys().contains(&"of-others".to_owned()));
}

/// Told as a conflict, a client would take it for one of its commit.
#[tokio::test]
async fn without_room_the_host_itself_is_told_to_wait() {
    let bench = bench();
    bench.vms.plant("of-others-1");
    bench.vms.plant("of-others-2");
    let (table, context) = (table("orders"), RequestContext::default());
    let refused = bench.vending.host_storage(&bench.snapshot, &table, Access::FULL, &context).await.unwrap_err();
    assert_eq!(kind(refused), StrategyErrorKind::Unavailable);
}

#[tokio::test]
async fn the_hosts_own_reads_and_writes_share_a_lease_with_its_callers() {
    let bench = bench();
    let context = RequestContext::default();
    bench.vending.host_storage(&bench.snapshot, &table("orders"), Access::FULL, &context).await.unwrap();
    bench.vend().await.unwrap();
    assert_eq!(bench.vms.made(), 1);
}

#[tokio::test]
async fn the_upstream_is_asked_once_for_a_crowd_that_it_fails() {
    let bench = bench();
    bench.vms.fail("survey", StrategyErrorKind::Unavailable);
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            let bench = bench.clone();
            tokio::spawn(async move { bench.vend().await.map(drop) })
        })
        .collect();
    for each in crowd {
        assert_eq!(kind(each.await.unwrap().unwrap_err()), StrategyErrorKind::Unavailable);
    }
    assert_eq!(bench.vms.surveys.load(Ordering::SeqCst), 1);
    assert_eq!(bench.trail.results(), [AuditResult::Failure; 20]);
    bench.vms.mend();
    bench.vend().await.unwrap();
}

#[tokio::test]
async fn a_credential_without_a_handle_is_a_fault_of_the_plugin() {
    let bench = bench();
    bench.vms.forgets_handles.store(true, Ordering::SeqCst);
    assert_eq!(kind(bench.vend().await.unwrap_err()), StrategyErrorKind::Plugin);
    assert_eq!(bench.trail.last().result, AuditResult::Failure);
    bench.clock.advance_seconds(61);
    bench.sweep().await;
    bench.nothing_leaked(&[]);
}

#[tokio::test]
async fn nothing_is_minted_when_the_trail_cannot_be_written() {
    let bench = bench();
    bench.trail.broken.store(true, Ordering::SeqCst);
    assert!(matches!(bench.vend().await, Err(VendError::Audit(_))));
    assert_eq!((bench.vms.made(), bench.book.states()), (0, vec![Lost]));
}

#[tokio::test]
async fn a_host_that_keeps_no_leases_mints_none() {
    let mut bench = bench();
    let vending = Arc::try_unwrap(bench.another_host().vending).unwrap();
    bench.vending = Arc::new(crate::vend::Vending { leasing: None, ..vending });
    assert_eq!(kind(bench.vend().await.unwrap_err()), StrategyErrorKind::Unsupported);
    assert_eq!(bench.vms.made(), 0);
}
