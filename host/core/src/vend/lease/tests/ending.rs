//! Expiry, revocation, and what happens when they fail.

use std::sync::Arc;

use super::super::end::next_attempt;
use super::bench::bench;
use crate::audit::AuditResult;
use crate::clock::UnixMillis;
use crate::fixtures::{NOW, TENANT};
use crate::id::{TenantId, UserId};
use crate::lease::LeaseState::{Active, Minting, Revoked, Revoking};
use crate::secret::{Secret, SecretValue};
use crate::strategy::StrategyErrorKind;
use crate::vend::{LeaseActor, LeaseEnd};
use crate::warehouse::Warehouse;

#[tokio::test]
async fn a_lease_ends_when_its_life_does() {
    let bench = bench();
    bench.vend().await.unwrap();
    bench.clock.advance_seconds(3599);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Active]);
    bench.clock.advance_seconds(1);
    bench.sweep().await;
    assert_eq!((bench.book.states(), bench.vms.keys().len()), (vec![Revoked], 0));
    let row = bench.trail.last();
    assert_eq!(
        (row.action.as_str(), row.result, row.user_id),
        ("revoke_lease", AuditResult::Success, Some(UserId::SYSTEM))
    );
    assert!(!serde_json::to_string(&row).unwrap().contains("key-0"));
}

#[tokio::test]
async fn a_revocation_that_fails_is_kept_shown_and_tried_again() {
    let bench = bench();
    bench.vend().await.unwrap();
    bench.clock.advance_seconds(3600);
    bench.vms.fail("revoke", StrategyErrorKind::Unavailable);
    for attempt in 1..=4 {
        bench.sweep().await;
        bench.sweep().await;
        let lease = bench.book.leases().remove(0);
        assert_eq!((lease.state, lease.attempts), (Revoking, attempt), "once per pause");
        assert_eq!(lease.last_error.as_deref(), Some("told to fail"));
        bench.clock.advance_seconds(5 << attempt);
    }
    bench.vms.mend();
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoked]);
    assert_eq!(bench.rows("revoke_lease").len(), 5);
}

#[tokio::test]
async fn pauses_double_up_to_an_hour() {
    let pause = |attempts| next_attempt(UnixMillis(0), attempts).0;
    for (attempts, most) in
        [(0, 5_000), (1, 10_000), (5, 160_000), (10, 3_600_000), (40, 3_600_000), (u32::MAX, 3_600_000)]
    {
        let pause = pause(attempts);
        assert!(pause <= most && pause >= most * 3 / 4, "{attempts}: {pause}");
    }
}

#[tokio::test]
async fn an_administrator_ends_a_lease_at_once_and_again() {
    let bench = bench();
    bench.vend().await.unwrap();
    let id = bench.book.leases()[0].id;
    let actor = LeaseActor { name: "ada".to_owned(), ..LeaseActor::system() };
    let foreign = bench.vending.end_lease(TenantId::generate(), id, actor.clone()).await.unwrap();
    assert!(foreign.is_none());
    assert_eq!(bench.book.states(), [Active]);
    for _ in 0..2 {
        let (lease, end) = bench.vending.end_lease(TENANT, id, actor.clone()).await.unwrap().unwrap();
        assert_eq!((lease.state, end), (Revoked, LeaseEnd::Ended));
        assert_eq!(lease.revoked_at, Some(NOW));
    }
    assert_eq!((bench.vms.deletions.lock().unwrap().len(), bench.trail.last().username.as_str()), (1, "ada"));
    bench.vend().await.unwrap();
    assert_eq!(bench.vms.keys(), ["key-1"]);
}

#[tokio::test]
async fn what_cannot_be_ended_now_is_not_handed_out_either() {
    let bench = bench();
    bench.vend().await.unwrap();
    let id = bench.book.leases()[0].id;
    bench.vms.fail("revoke", StrategyErrorKind::Unavailable);
    let (lease, end) = bench.vending.end_lease(TENANT, id, LeaseActor::system()).await.unwrap().unwrap();
    assert_eq!((lease.state, lease.attempts), (Revoking, 1));
    assert_eq!(end, LeaseEnd::NotYet("told to fail".to_owned()));
    let next = bench.vend().await.unwrap();
    assert_eq!(super::bench::key_of(&next), "key-1");
    bench.vms.mend();
    bench.clock.advance_seconds(10);
    bench.sweep().await;
    assert_eq!(bench.vms.keys(), ["key-1"]);
}

#[tokio::test]
async fn an_interrupted_mint_is_not_ended_before_it_is_known() {
    let bench = bench();
    bench.vms.fail("vend", StrategyErrorKind::Unavailable);
    bench.vend().await.unwrap_err();
    let id = bench.book.leases()[0].id;
    let (lease, end) = bench.vending.end_lease(TENANT, id, LeaseActor::system()).await.unwrap().unwrap();
    assert!(lease.state == Minting && matches!(end, LeaseEnd::NotYet(_)));
}

#[tokio::test]
async fn nothing_is_revoked_twice_at_a_time() {
    let one = bench();
    let hosts = [one.another_host(), one.another_host(), one.another_host()];
    one.vend().await.unwrap();
    one.clock.advance_seconds(3600);
    let sweeps = hosts.map(|host| tokio::spawn(async move { host.sweep().await }));
    for sweep in sweeps {
        sweep.await.unwrap();
    }
    assert_eq!(*one.vms.deletions.lock().unwrap(), ["key-0"]);
}

fn with_password(warehouse: &Warehouse, password: &str) -> Warehouse {
    let secrets = [("password".to_owned(), SecretValue::Literal(Secret::from(password)))];
    Warehouse { secrets: secrets.into(), ..warehouse.clone() }
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_is_used() {
    let bench = bench();
    bench.vend().await.unwrap();
    *bench.vms.password.lock().unwrap() = Some("new-password".to_owned());
    *bench.book.current.lock().unwrap() = Some(Arc::new(with_password(&bench.snapshot.warehouse, "new-password")));
    bench.clock.advance_seconds(3600);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoked]);
}

#[tokio::test]
async fn the_new_secrets_of_another_server_are_not_sent_to_the_old_one() {
    let bench = bench();
    bench.vend().await.unwrap();
    *bench.vms.password.lock().unwrap() = Some("new-password".to_owned());
    let mut elsewhere = with_password(&bench.snapshot.warehouse, "new-password");
    elsewhere.config.insert("vms".to_owned(), serde_json::json!("https://other.example"));
    *bench.book.current.lock().unwrap() = Some(Arc::new(elsewhere));
    bench.clock.advance_seconds(3600);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoking], "the old password is all that the old server gets");
    *bench.vms.password.lock().unwrap() = Some("old-password".to_owned());
    bench.clock.advance_seconds(5);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoked]);
}

/// Else a lease from before the server's new certificate would never be ended.
#[tokio::test]
async fn certificates_that_were_changed_meanwhile_are_trusted() {
    let certificate = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----");
    let bench = bench();
    bench.vend().await.unwrap();
    *bench.vms.certificate.lock().unwrap() = Some(certificate("new"));
    bench.clock.advance_seconds(3600);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoking]);
    let mut renewed = (*bench.snapshot.warehouse).clone();
    renewed.config.insert("certificate".to_owned(), certificate("new").into());
    *bench.book.current.lock().unwrap() = Some(Arc::new(renewed));
    bench.clock.advance_seconds(5);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoked]);
}

/// What a field says of whose keys are minted is asked of the warehouse as it was: else those of
/// another would be taken for the lost ones.
#[tokio::test]
async fn no_other_field_that_was_changed_meanwhile_counts() {
    let bench = bench();
    bench.vend().await.unwrap();
    let mut renamed = with_password(&bench.snapshot.warehouse, "new-password");
    renamed.config.insert("certificate".to_owned(), serde_json::json!("somebody else's"));
    *bench.book.current.lock().unwrap() = Some(Arc::new(renamed));
    *bench.vms.certificate.lock().unwrap() = Some("somebody else's".to_owned());
    bench.clock.advance_seconds(3600);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Revoking]);
}

#[tokio::test]
async fn who_asks_for_an_end_that_comes_later_is_in_the_trail() {
    let actor = LeaseActor { name: "ada".to_owned(), ..LeaseActor::system() };
    let bench = bench();
    bench.vms.fail("vend", StrategyErrorKind::Unavailable);
    bench.vend().await.unwrap_err();
    let id = bench.book.leases()[0].id;
    bench.vending.end_lease(TENANT, id, actor.clone()).await.unwrap().unwrap();
    let row = bench.trail.last();
    assert_eq!((row.action.as_str(), row.username.as_str(), row.resource_id), ("revoke_lease", "ada", Some(id.0)));
    assert!(row.metadata["pending"].is_string() && row.result == AuditResult::Success, "{row:?}");
}
