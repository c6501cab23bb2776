//! What a guest writes to its standard streams is for the operator's log.

use super::data;
use crate::guest::{BEARER, Guest};
use crate::host::Host;
use crate::logs;

/// A guest that runs this WAT, in which `$out` and `$err` write the text from an offset.
fn printing(text: &str, wat: &str) -> Guest {
    let print = |name: &str, stream: &str| {
        format!(
            "(global $handle_of_{name} (mut i32) (i32.const 0))
             (func ${name} (param i32 i32)
               (if (i32.eqz (global.get $handle_of_{name})) (then (global.set $handle_of_{name} (call ${stream}))))
               (call $write (global.get $handle_of_{name}) (i32.add (i32.const 512) (local.get 0)) (local.get 1)
                 (i32.const 64)))"
        )
    };
    let guest = Guest::named("Good")
        .writing("stdout")
        .with_wasi("cli/stderr", "get-stderr", "stderr", "(result i32)")
        .vending(&wat.replace("LEN", &text.len().to_string()));
    Guest { items: format!("{} {} {}", data(text), print("out", "stdout"), print("err", "stderr")), ..guest }
}

/// What the guest has in the log, and what the host says of it there.
async fn captured(run: impl Future<Output = ()>) -> String {
    let log = logs::captured(run).await;
    log.lines().filter(|line| line.contains(" plugin: ")).map(|line| format!("{line}\n")).collect()
}

/// What the host logs of one vend.
async fn log_of(guest: Guest) -> String {
    let host = Host::new(&[guest], "[plugins.Good]").await;
    captured(async {
        let _ = host.vend("Good").await;
    })
    .await
}

#[tokio::test]
async fn each_line_is_a_line_of_the_log_and_the_stream_is_named() {
    let log = log_of(printing("one\ntwo\r\n\nthree\n", "(call $out (i32.const 0) (i32.const LEN))")).await;
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    for (line, text) in lines.iter().zip(["plugin: one ", "plugin: two ", "plugin: three "]) {
        assert!(line.contains(text) && line.contains("INFO") && line.contains("stream=\"stdout\""), "{line}");
        assert!(line.contains("request-1"), "{line}");
    }
    let log = log_of(printing("lost\n", "(call $err (i32.const 0) (i32.const LEN))")).await;
    assert!(log.contains("WARN") && log.contains("stream=\"stderr\""), "{log}");
}

#[tokio::test]
async fn a_line_written_in_pieces_is_one_and_the_streams_do_not_mix() {
    let wat = "(call $out (i32.const 0) (i32.const 2)) (call $err (i32.const 5) (i32.const 2))
               (call $out (i32.const 2) (i32.const 3)) (call $err (i32.const 7) (i32.const 3))";
    let log = log_of(printing("left\nerror", wat)).await;
    assert_eq!(log.lines().count(), 2, "{log}");
    // The second has no end of line: it is logged when the call ends.
    assert!(log.lines().next().unwrap().contains("plugin: left "), "{log}");
    assert!(log.lines().nth(1).unwrap().contains("plugin: error "), "{log}");
}

#[tokio::test]
async fn what_was_written_before_a_trap_is_logged() {
    let log = log_of(printing("Traceback\nValueError", "(call $err (i32.const 0) (i32.const LEN)) unreachable")).await;
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].contains("plugin: Traceback "), "{log}");
    assert!(lines[1].contains("plugin: ValueError "), "{log}");
    assert!(lines[2].contains("stopped") && lines[2].contains("unreachable"), "{log}");
}

#[tokio::test]
async fn what_was_written_before_the_time_was_up_is_logged() {
    let guest = printing("waiting", "(call $out (i32.const 0) (i32.const LEN)) (loop $l (br $l))");
    let host = Host::new(&[guest], "[plugins.Good.limits]\nwall_ms = 50\ncpu_ms = 60000").await;
    let log = captured(async {
        assert_eq!(host.vend("Good").await.unwrap_err().code, "plugin-timeout");
    })
    .await;
    assert!(log.contains("plugin: waiting "), "{log}");
}

#[tokio::test]
async fn a_line_cannot_forge_another_and_secrets_are_masked_in_pieces_too() {
    let text = "first\r2026 ERROR \u{1b}[31m\u{202e}planted-secret!\n\u{fffd}";
    let at = text.find("secret").unwrap();
    let wat = format!(
        "(call $out (i32.const 0) (i32.const {at})) (call $out (i32.const {at}) (i32.sub (i32.const LEN) (i32.const {at})))"
    );
    let guest = Guest { secrets: vec![("token", BEARER)], ..printing(text, &wat) };
    let mut host = Host::new(&[guest], "[plugins.Good]").await;
    host.slots.insert("token".to_owned(), "planted-secret".into());
    let log = captured(async {
        host.vend("Good").await.unwrap();
    })
    .await;
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("first\\r2026 ERROR \\u{1b}[31m\\u{202e}<redacted>!"), "{log}");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_shown_as_such() {
    let guest =
        printing("x", "(i32.store (i32.const 512) (i32.const 0xff00fe)) (call $out (i32.const 0) (i32.const 3))");
    let log = log_of(guest).await;
    assert!(log.contains("\u{fffd}\\u{0}\u{fffd}"), "{log}");
}

#[tokio::test]
async fn a_flood_of_lines_is_cut_and_the_vend_goes_on() {
    let flood =
        "(loop $l (call $out (i32.const 0) (i32.const LEN)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 300))))";
    let host = Host::new(&[printing("drip\n", flood)], "[plugins.Good]").await;
    let log = captured(async {
        host.vend("Good").await.unwrap();
    })
    .await;
    assert_eq!(log.matches("drip").count(), 64);
    assert_eq!(log.matches("further lines are dropped").count(), 1);
}

#[tokio::test]
async fn a_line_without_end_is_dropped_and_does_not_fill_the_host() {
    let flood =
        "(loop $l (call $out (i32.const 0) (i32.const 4096)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 300))))";
    let log = log_of(printing("drip", flood)).await;
    assert!(!log.contains("drip"), "{log}");
    assert_eq!(log.matches("further lines are dropped").count(), 1);
    assert!(log.len() < 2_000, "{}", log.len());
}

#[tokio::test]
async fn gigabytes_are_not_taken() {
    let flood = |len: u32| {
        format!("(drop (memory.grow (i32.const 64))) (loop $l (call $out (i32.const 0) (i32.const {len})) (br $l))")
    };
    for (len, limits, code) in [
        (4096, "", "plugin-host-calls"),
        (4096, "host_calls = 1000000\ncpu_ms = 50", "plugin-cpu-exceeded"),
        (4097, "", "plugin-bad-answer"),
        (4 << 20, "", "plugin-copy-bytes"),
    ] {
        let bad = Guest { name: b"Bad".to_vec(), ..printing("x", &flood(len)) };
        let host = Host::with_bad(bad, limits).await;
        let log = captured(async {
            assert_eq!(host.bad().await.code, code);
        })
        .await;
        assert!(log.len() < 20_000, "{}", log.len());
    }
}

#[tokio::test]
async fn zeroes_are_written_like_other_bytes() {
    let guest = |name: &str, len: u64| {
        Guest::named(name)
            .with_wasi("cli/stdout", "get-stdout", "stdout", "(result i32)")
            .with_wasi("io/streams", "[method]output-stream.write-zeroes", "zeroes", "(param i32 i64 i32)")
            .vending(&format!("(call $zeroes (call $stdout) (i64.const {len}) (i32.const 64))"))
    };
    assert!(log_of(guest("Good", 2)).await.contains("plugin: \\u{0}\\u{0} "));
    assert_eq!(Host::with_bad(guest("Bad", u64::MAX >> 1), "").await.bad().await.code, "plugin-bad-answer");
}
