//! Guests that compute without end, with and without calls of the host.

use std::time::{Duration, Instant};

use super::room::Room;
use crate::cloud::{Cloud, answer};
use crate::guest::Guest;
use crate::host::Host;

const SPIN: &str = "(loop $l (br $l))";

async fn code(guest: Guest, limits: &str) -> String {
    Host::with_bad(guest, limits).await.bad().await.code
}

#[tokio::test]
async fn a_loop_is_stopped_by_cpu_time_and_the_error_names_the_bound() {
    let host = Host::with_bad(Guest::named("Bad").vending(SPIN), "cpu_ms = 50").await;
    let error = host.bad().await;
    assert_eq!(error.code, "plugin-cpu-exceeded");
    assert!(error.message.contains("50 ms") && error.message.contains("cpu_ms"), "{error}");
}

#[tokio::test]
async fn a_loop_is_stopped_by_wall_time() {
    let host = Host::with_bad(Guest::named("Bad").vending(SPIN), "cpu_ms = 60000\nwall_ms = 60").await;
    assert_eq!(host.bad().await.code, "plugin-timeout");
}

#[tokio::test]
async fn host_calls_do_not_hide_a_loop() {
    let guest = Guest::named("Bad")
        .importing("clock", "now-ms", "(result i64)")
        .vending("(loop $l (drop (call $now-ms)) (br $l))");
    assert_eq!(code(guest, "cpu_ms = 20\nhost_calls = 1000000").await, "plugin-cpu-exceeded");
}

#[tokio::test]
async fn host_calls_are_counted() {
    let guest = Guest::named("Bad")
        .importing("clock", "now-ms", "(result i64)")
        .vending("(loop $l (drop (call $now-ms)) (br $l))");
    assert_eq!(code(guest, "host_calls = 100").await, "plugin-host-calls");
}

#[tokio::test]
async fn a_trap_is_an_error_of_this_call() {
    let host = Host::with_bad(Guest::named("Bad").vending("unreachable"), "").await;
    let error = host.bad().await;
    assert_eq!(error.code, "plugin-trap");
    assert!(error.message.contains("unreachable"), "{error}");
}

#[tokio::test]
async fn what_the_host_hashes_is_bounded() {
    let guest = Guest::named("Bad")
        .importing("crypto", "sha256", "(param i32 i32 i32)")
        .vending("(loop $l (call $sha256 (i32.const 0) (i32.const 65536) (i32.const 64)) (br $l))");
    assert_eq!(code(guest, "hash_bytes = 1048576").await, "plugin-hash-bytes");
}

#[tokio::test]
async fn random_bytes_of_one_call_are_bounded() {
    let guest = Guest::named("Bad")
        .importing("crypto", "random-bytes", "(param i32 i32)")
        .vending("(call $random-bytes (i32.const 1025) (i32.const 64))");
    assert_eq!(code(guest, "").await, "plugin-random-bytes");
}

#[tokio::test]
async fn what_runs_long_in_one_instruction_is_counted_as_well() {
    let fill = Guest::named("Bad").vending(
        "(drop (memory.grow (i32.const 900)))
         (loop $l (memory.fill (i32.const 8192) (i32.const 7) (i32.const 58000000)) (br $l))",
    );
    assert_eq!(code(fill, "cpu_ms = 100").await, "plugin-cpu-exceeded");
    let copy = Guest {
        items: "(memory $second 400)".to_owned(),
        ..Guest::named("Bad").vending(
            "(drop (memory.grow (i32.const 400)))
             (loop $l (memory.copy 0 $second (i32.const 8192) (i32.const 0) (i32.const 26000000)) (br $l))",
        )
    };
    assert_eq!(code(copy, "cpu_ms = 100").await, "plugin-cpu-exceeded");
}

#[tokio::test]
async fn a_loop_in_what_the_host_calls_for_memory_is_stopped() {
    let spin = Guest { realloc: SPIN.to_owned(), ..Guest::named("Bad") };
    assert_eq!(code(spin, "cpu_ms = 50").await, "plugin-cpu-exceeded");
    // It may not call the host from there.
    let calls = Guest { realloc: "(drop (call $now-ms))".to_owned(), ..Guest::named("Bad") };
    assert_eq!(code(calls.importing("clock", "now-ms", "(result i64)"), "").await, "plugin-trap");
}

#[tokio::test]
async fn each_kind_of_trap_is_told_from_the_others() {
    let table = "(table $t 1 funcref) (type $f (func)) (func $g (param i32)) (elem (i32.const 0) $g)";
    for (items, wat, words) in [
        ("", "unreachable", "unreachable"),
        ("", "(drop (i32.div_u (i32.const 1) (local.get $i)))", "divide by zero"),
        ("", "(drop (i32.load (i32.const -4)))", "out of bounds"),
        (table, "(call_indirect $t (type $f) (i32.const 0))", "indirect call type"),
        (table, "(call_indirect $t (type $f) (i32.const 99))", "undefined element"),
    ] {
        let guest = Guest { items: items.to_owned(), ..Guest::named("Bad").vending(wat) };
        let error = Host::with_bad(guest, "").await.bad().await;
        assert_eq!(error.code, "plugin-trap");
        assert!(error.message.contains(words), "{words}: {error}");
    }
}

#[tokio::test]
async fn host_calls_that_are_refused_are_counted_too() {
    let arguments = "i32 ".repeat(15);
    let presigns = Guest::named("Bad")
        .importing("signing", "presign-s3", &format!("(param {arguments})"))
        .vending(&format!("(loop $l (call $presign-s3 {} (i32.const 512)) (br $l))", "(i32.const 0) ".repeat(14)));
    assert_eq!(code(presigns, "").await, "plugin-host-calls");
    let sends = Guest { vend: format!("(loop $l {SEND_NOTHING} (br $l))"), ..Guest::named("Bad") };
    assert_eq!(code(sends.importing("http", "send", "(param i32 i32)"), "").await, "plugin-host-calls");
}

/// A request whose record is all zeros.
const SEND_NOTHING: &str = "(call $send (i32.const 256) (i32.const 512))";

#[tokio::test]
async fn guests_that_hang_together_leave_a_place() {
    let hang = || Guest::named("Bad").vending("(loop $l (br $l))");
    let guests: Vec<Guest> = (0..4).map(|_| hang()).collect();
    let room = Room::with(guests, Cloud::answering(|_| answer("{}")), "cpu_ms = 1500\nwall_ms = 3000").await;
    let names = ["Bad0", "Bad0", "Bad1", "Bad1", "Bad2", "Bad2", "Bad3", "Bad3"];
    for outcome in room.host.beside_honest(&names).await {
        let code = outcome.unwrap_err().code;
        assert!(["plugin-cpu-exceeded", "plugin-timeout", "plugin-busy"].contains(&code.as_str()), "{code}");
    }
}

#[tokio::test]
async fn an_honest_guest_beside_hostile_ones_meets_its_deadline() {
    // One thread for all of them: only because the others yield does the honest one run.
    let bad = Guest::named("Bad").vending(SPIN);
    let host = Host::with_bad(bad, "cpu_ms = 500").await;
    let hostile = futures::future::join_all((0..4).map(|_| host.vend("Bad")));
    let honest = async {
        tokio::task::yield_now().await;
        let start = Instant::now();
        host.vend("Good").await.unwrap();
        start.elapsed()
    };
    let (hostile, honest) = tokio::join!(hostile, honest);
    assert!(honest < Duration::from_millis(400), "{honest:?}");
    assert!(hostile.iter().all(|outcome| outcome.as_ref().is_err_and(|error| error.code == "plugin-cpu-exceeded")));
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_its_place_back() {
    let host = Host::with_bad(Guest::named("Bad").vending(SPIN), "cpu_ms = 60000").await;
    for _ in 0..20 {
        let outcome = tokio::time::timeout(Duration::from_millis(10), host.vend("Bad")).await;
        assert!(outcome.is_err());
    }
    host.vend("Good").await.unwrap();
}
