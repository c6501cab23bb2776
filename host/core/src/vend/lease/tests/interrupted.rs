//! A host that ends, or a call that fails, at every step. Afterwards nothing is lost or leaked, and
//! nothing of others is touched.

use super::bench::{GRACE, LAPSE, bench, key_of};
use crate::lease::LeaseState::{Active, Lost, Minting, Revoked, Undecided};
use crate::strategy::StrategyErrorKind;

const STEPS: [&str; 9] = [
    "survey",
    "begin-before",
    "begin-after",
    "vend-before",
    "vend-after",
    "grant-before",
    "grant-after",
    "mint-ended",
    "revoke-before",
];

#[tokio::test]
async fn wherever_a_host_ends_the_next_one_finds_what_it_left() {
    for step in STEPS {
        let bench = bench();
        bench.vms.plant("of-others");
        bench.trouble.crash_at(step);
        if step == "mint-ended" {
            bench.vms.fail("vend", StrategyErrorKind::Upstream);
        }
        let vended = bench.vend().await;
        bench.vms.mend();
        assert_eq!(vended.is_ok(), step == "revoke-before", "{step}");
        let next = bench.another_host();
        next.clock.advance_seconds(LAPSE + GRACE);
        next.sweep().await;
        next.nothing_leaked(&["of-others"]);
        let served = next.vend().await.unwrap();
        assert!(next.vms.keys().contains(&key_of(&served)), "{step}");
        next.nothing_leaked(&["of-others"]);
    }
}

#[tokio::test]
async fn a_host_that_ends_while_it_revokes_is_followed_by_one_that_does() {
    for step in ["revoke-before", "revoke-after", "settle-before"] {
        let bench = bench();
        bench.vend().await.unwrap();
        bench.clock.advance_seconds(3600);
        bench.trouble.crash_at(step);
        assert!(bench.vending.sweep_leases().await.is_err(), "{step}");
        let next = bench.another_host();
        next.clock.advance_seconds(LAPSE);
        next.sweep().await;
        assert_eq!((next.book.states(), next.vms.keys().len()), (vec![Revoked], 0), "{step}");
    }
}

#[tokio::test]
async fn what_is_still_under_way_is_not_looked_for() {
    let bench = bench();
    bench.trouble.fail_at("vend-before");
    bench.vend().await.unwrap_err();
    bench.clock.advance_seconds(GRACE - 1);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Minting]);
    // It lands late.
    bench.vms.plant("late");
    bench.clock.advance_seconds(1);
    bench.sweep().await;
    assert_eq!((bench.book.states(), bench.vms.keys().len()), (vec![Revoked], 0));
    assert_eq!(bench.rows("recover_lease")[0].metadata["found"], 1);
}

#[tokio::test]
async fn a_refusal_that_left_nothing_is_settled_at_once() {
    let bench = bench();
    bench.vms.fail("vend-refused", StrategyErrorKind::Denied);
    bench.vend().await.unwrap_err();
    assert_eq!(bench.book.states(), [Lost]);
    bench.vms.fail("vend", StrategyErrorKind::Denied);
    bench.vend().await.unwrap_err();
    assert_eq!(bench.book.states(), [Lost, Minting], "this one left something");
    bench.vms.mend();
    bench.clock.advance_seconds(GRACE);
    bench.sweep().await;
    bench.nothing_leaked(&[]);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_ended_at_once() {
    let bench = bench();
    bench.trouble.fail_at("grant-before");
    bench.vend().await.unwrap_err();
    assert_eq!((bench.vms.keys().len(), bench.book.states()), (0, vec![Minting]));
    bench.clock.advance_seconds(GRACE);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Lost]);
}

/// Guessing by what is new would take what others made meanwhile for it, or leave it.
#[tokio::test]
async fn what_can_neither_be_recorded_nor_ended_is_ended_by_its_handle() {
    for (step, states) in [("grant-before", &[Revoked][..]), ("settled-meanwhile", &[Lost, Revoked])] {
        let bench = bench();
        bench.trouble.fail_at(step);
        bench.vms.fail("revoke", StrategyErrorKind::Unavailable);
        bench.vend().await.unwrap_err();
        assert_eq!(bench.vms.keys(), ["key-0"], "{step}");
        bench.vms.mend();
        bench.vms.plant("of-others");
        bench.clock.advance_seconds(GRACE);
        bench.sweep().await;
        assert_eq!((bench.book.states(), bench.vms.keys()), (states.to_vec(), vec!["of-others".to_owned()]), "{step}");
    }
}

#[tokio::test]
async fn a_key_that_may_be_somebody_elses_is_left_and_named() {
    let bench = bench();
    bench.vms.fail("vend", StrategyErrorKind::Unavailable);
    bench.vend().await.unwrap_err();
    bench.vms.mend();
    bench.vms.plant("of-others");
    bench.clock.advance_seconds(GRACE);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Undecided]);
    assert_eq!(bench.book.leases()[0].undecided, ["key-0", "of-others"]);
    assert_eq!(bench.vms.keys(), ["key-0", "of-others"]);
}

#[tokio::test]
async fn two_interrupted_mints_are_told_apart() {
    let bench = bench();
    bench.vms.fail("vend", StrategyErrorKind::Unavailable);
    bench.vend().await.unwrap_err();
    bench.clock.advance_seconds(GRACE - 1);
    bench.vend().await.unwrap_err();
    bench.vms.mend();
    bench.clock.advance_seconds(1);
    bench.sweep().await;
    assert_eq!(bench.book.states(), [Minting, Minting], "the older one waits for the younger");
    bench.clock.advance_seconds(GRACE);
    bench.sweep().await;
    assert_eq!((bench.book.states(), bench.vms.keys().len()), (vec![Revoked, Revoked], 0));
}

#[tokio::test]
async fn a_recovery_that_fails_is_tried_again() {
    let bench = bench();
    bench.vms.fail("vend", StrategyErrorKind::Unavailable);
    bench.vend().await.unwrap_err();
    bench.vms.fail("recover", StrategyErrorKind::Unavailable);
    bench.clock.advance_seconds(GRACE);
    bench.sweep().await;
    let lease = bench.book.leases().remove(0);
    assert_eq!((lease.state, lease.attempts, lease.last_error.as_deref()), (Minting, 1, Some("told to fail")));
    bench.vms.mend();
    bench.clock.advance_seconds(5);
    bench.sweep().await;
    assert_eq!((bench.book.states(), bench.vms.keys().len()), (vec![Revoked], 0));
}

#[tokio::test]
async fn a_living_lease_survives_the_recovery_beside_it() {
    let bench = bench();
    bench.vend().await.unwrap();
    bench.clock.advance_seconds(1801);
    bench.vms.fail("vend", StrategyErrorKind::Unavailable);
    // The one that lives stands in.
    assert_eq!(key_of(&bench.vend().await.unwrap()), "key-0");
    bench.vms.mend();
    bench.clock.advance_seconds(GRACE);
    bench.sweep().await;
    assert_eq!((bench.book.states(), bench.vms.keys()), (vec![Active, Revoked], vec!["key-0".to_owned()]));
}

#[tokio::test]
async fn a_mint_does_what_is_due_on_its_resource_first() {
    let bench = bench();
    bench.vend().await.unwrap();
    bench.clock.advance_seconds(3600 - GRACE);
    bench.vms.fail("vend", StrategyErrorKind::Upstream);
    bench.vend().await.unwrap();
    bench.vms.mend();
    bench.clock.advance_seconds(GRACE);
    assert_eq!(bench.vms.keys(), ["key-0", "key-1"], "one has ended, of the other nobody knows yet");
    assert_eq!(key_of(&bench.vend().await.unwrap()), "key-2");
    assert_eq!((bench.book.states(), bench.vms.keys()), (vec![Revoked, Revoked, Active], vec!["key-2".to_owned()]));
}
