use std::time::{Duration, Instant};

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
async fn one_memory_is_bounded() {
    let guest = Guest::named("Bad").vending("(loop $l (drop (memory.grow (i32.const 16))) (br $l))");
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
}

#[tokio::test]
async fn several_memories_add_up() {
    let guest = Guest {
        items: "(memory $second 1) (memory $third 1)".to_owned(),
        ..Guest::named("Bad")
            .vending("(drop (memory.grow $second (i32.const 40))) (drop (memory.grow $third (i32.const 40)))")
    };
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
}

#[tokio::test]
async fn tables_count_as_memory() {
    let guest = Guest {
        items: "(table $table 1 funcref)".to_owned(),
        ..Guest::named("Bad").vending("(drop (table.grow $table (ref.null func) (i32.const 1000000)))")
    };
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
}

#[tokio::test]
async fn deep_recursion_is_stopped() {
    let guest = Guest {
        items: "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))".to_owned(),
        ..Guest::named("Bad").vending("(drop (call $deep (i32.const 0)))")
    };
    assert_eq!(code(guest, "").await, "plugin-stack");
}

#[tokio::test]
async fn a_trap_is_an_error_of_this_call() {
    let host = Host::with_bad(Guest::named("Bad").vending("unreachable"), "").await;
    let error = host.bad().await;
    assert_eq!(error.code, "plugin-trap");
    assert!(error.message.contains("unreachable"), "{error}");
}

#[tokio::test]
async fn an_answer_of_gigabytes_is_not_copied() {
    // 1000 credentials whose prefixes are all the same mebibyte.
    let guest = Guest::named("Bad").vending(
        "(drop (memory.grow (i32.const 20)))
         (loop $l
           (i32.store offset=131072 (i32.mul (local.get $i) (i32.const 56)) (i32.const 262144))
           (i32.store offset=131076 (i32.mul (local.get $i) (i32.const 56)) (i32.const 1048576))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))
         (i32.store (i32.const 1028) (i32.const 131072))
         (i32.store (i32.const 1032) (i32.const 1000))
         (return (i32.const 1024))",
    );
    assert_eq!(code(guest, "").await, "plugin-copy-bytes");
}

#[tokio::test]
async fn a_list_of_a_million_is_not_copied() {
    let guest = Guest::named("Bad").vending(
        "(drop (memory.grow (i32.const 860)))
         (i32.store (i32.const 1028) (i32.const 131072))
         (i32.store (i32.const 1032) (i32.const 1000000))
         (return (i32.const 1024))",
    );
    assert_eq!(code(guest, "").await, "plugin-copy-bytes");
}

#[tokio::test]
async fn an_argument_of_a_host_call_is_bounded() {
    let guest = Guest::named("Bad")
        .importing("log", "log", "(param i32 i32 i32)")
        .vending("(drop (memory.grow (i32.const 100))) (call $log (i32.const 1) (i32.const 0) (i32.const 4194304))");
    assert_eq!(code(guest, "").await, "plugin-copy-bytes");
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
