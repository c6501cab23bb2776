//! Waiting holds neither a thread nor a call longer than it may last.

use std::time::{Duration, Instant};

use crate::guest::Guest;
use crate::host::Host;

const HOUR: &str = "(i64.const 3600000000000)";

#[tokio::test]
async fn a_guest_can_wait_and_time_passes() {
    let guest =
        Guest::named("Good").sleeping().with_wasi("clocks/monotonic-clock", "now", "now", "(result i64)").vending(
            "(local $from i64) (local $wait i32)
         (local.set $from (call $now))
         (call $block (local.tee $wait (call $sleep (i64.const 20000000)))) (call $done (local.get $wait))
         (if (i64.lt_u (i64.sub (call $now) (local.get $from)) (i64.const 19000000)) (then unreachable))",
        );
    let host = Host::new(&[guest], "[plugins.Good]").await;
    host.vend("Good").await.unwrap();
}

#[tokio::test]
async fn a_sleeper_ends_with_its_time_and_holds_no_thread() {
    // The one thread of this test has to run the honest guest meanwhile.
    let sleep = format!("(call $block (call $sleep {HOUR}))");
    let host = Host::with_bad(Guest::named("Bad").sleeping().vending(&sleep), "wall_ms = 300").await;
    let start = Instant::now();
    let honest = async {
        tokio::task::yield_now().await;
        host.vend("Good").await.unwrap();
        start.elapsed()
    };
    let (error, honest) = tokio::join!(host.vend("Bad"), honest);
    assert_eq!(error.unwrap_err().code, "plugin-timeout");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(honest < Duration::from_millis(250), "{honest:?}");
}

#[tokio::test]
async fn waiting_beyond_the_end_of_time_ends_too() {
    for sleep in ["(call $block (call $sleep (i64.const -1)))", "(call $block (call $until (i64.const -1)))"] {
        let guest = Guest::named("Bad")
            .sleeping()
            .with_wasi("clocks/monotonic-clock", "subscribe-instant", "until", "(param i64) (result i32)")
            .vending(sleep);
        assert_eq!(Host::with_bad(guest, "wall_ms = 50").await.bad().await.code, "plugin-timeout");
    }
}

/// A guest with `$poll`: address and number of handles, address of the result.
fn polling(name: &str, wat: &str) -> Guest {
    Guest::named(name)
        .sleeping()
        .with_wasi("io/poll", "poll", "poll", "(param i32 i32 i32)")
        .with_wasi("cli/stdout", "get-stdout", "stdout", "(result i32)")
        .with_wasi("io/streams", "[method]output-stream.subscribe", "ready", "(param i32) (result i32)")
        .vending(wat)
}

#[tokio::test]
async fn poll_answers_with_what_is_due() {
    // An hour, 10 ms, never; then with standard output, which is ready at once.
    let wat = format!(
        "(i32.store (i32.const 512) (call $sleep {HOUR}))
         (i32.store (i32.const 516) (call $sleep (i64.const 10000000)))
         (i32.store (i32.const 520) (call $sleep (i64.const -1)))
         (call $poll (i32.const 512) (i32.const 3) (i32.const 64))
         (if (i32.ne (i32.load (i32.const 68)) (i32.const 1)) (then unreachable))
         (if (i32.ne (i32.load (i32.load (i32.const 64))) (i32.const 1)) (then unreachable))
         (i32.store (i32.const 524) (call $ready (call $stdout)))
         (call $poll (i32.const 520) (i32.const 2) (i32.const 64))
         (if (i32.ne (i32.load (i32.const 68)) (i32.const 1)) (then unreachable))
         (if (i32.ne (i32.load (i32.load (i32.const 64))) (i32.const 1)) (then unreachable))"
    );
    let host = Host::new(&[polling("Good", &wat)], "[plugins.Good]").await;
    host.vend("Good").await.unwrap();
}

#[tokio::test]
async fn a_loop_of_polls_is_bounded_and_others_run() {
    let spin = "(i32.store (i32.const 512) (call $sleep (i64.const 0)))
        (local.set $i (global.get $heap))
        (loop $l (call $poll (i32.const 512) (i32.const 1) (i32.const 64)) (global.set $heap (local.get $i)) (br $l))";
    let counted = Host::with_bad(polling("Bad", spin), "host_calls = 500").await;
    assert_eq!(counted.bad().await.code, "plugin-host-calls");
    let host = Host::with_bad(polling("Bad", spin), "host_calls = 1000000\nwall_ms = 300").await;
    let start = Instant::now();
    let honest = async {
        tokio::task::yield_now().await;
        host.vend("Good").await.unwrap();
        start.elapsed()
    };
    let (error, honest) = tokio::join!(host.vend("Bad"), honest);
    let code = error.unwrap_err().code;
    assert!(["plugin-timeout", "plugin-host-calls"].contains(&&*code), "{code}");
    assert!(honest < Duration::from_millis(250), "{honest:?}");
}

#[tokio::test]
async fn a_poll_of_nothing_or_of_too_much_is_refused() {
    for (handles, code) in [(0, "plugin-bad-answer"), (65, "plugin-bad-answer"), (100_000, "plugin-handles")] {
        let wat = format!(
            "(drop (memory.grow (i32.const 10))) (local.set $i (call $sleep (i64.const 0)))
             (memory.fill (i32.const 512) (i32.const 0) (i32.const 400))
             (block (loop $l (br_if 1 (i32.ge_u (global.get $n) (i32.const {handles})))
               (i32.store (i32.add (i32.const 65536) (i32.shl (global.get $n) (i32.const 2))) (local.get $i))
               (global.set $n (i32.add (global.get $n) (i32.const 1))) (br $l)))
             (call $poll (i32.const 65536) (i32.const {handles}) (i32.const 64))"
        );
        let guest = Guest { items: "(global $n (mut i32) (i32.const 0))".to_owned(), ..polling("Bad", &wat) };
        assert_eq!(Host::with_bad(guest, "").await.bad().await.code, code);
    }
}
