//! `describe` and `check-config` of guests that use them for something else.

use pangolin_core::ports::Strategies as _;

use super::planted;
use crate::ask::Ask;
use crate::guest::{Field, Guest};
use crate::host::{Host, config, home, open, put, warehouse};
use crate::logs::captured;

/// Why a guest is refused at load, beside an honest one that is not.
async fn refused(guest: Guest) -> String {
    let home = home(&[("bad.wasm", &guest.build()), ("good.wasm", &Guest::named("Good").build())]);
    let runtime = open(config(&home, "[plugins.Good]\n[plugins.Bad]")).await.unwrap();
    assert!(runtime.find("Good").is_some(), "the other file must be loaded");
    let [rejected] = &runtime.rejected()[..] else { panic!("{:?}: {:?}", runtime.rejected(), runtime.list()) };
    rejected.reason.clone()
}

fn describing(wat: &str) -> Guest {
    Guest { describe: wat.to_owned(), ..Guest::named("Bad") }
}

#[tokio::test]
async fn what_describe_takes_is_bounded_and_the_reason_says_by_what() {
    for (wat, words) in [
        ("unreachable", "unreachable"),
        ("(loop $l (br $l))", "cpu_ms"),
        ("(loop $l (drop (memory.grow (i32.const 16))) (br $l))", "memory_bytes"),
        ("(drop (call $deep (i32.const 0)))", "stack"),
        ("(return (i32.const -4))", "contract"),
    ] {
        let deep = "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))";
        let reason = refused(Guest { items: deep.to_owned(), ..describing(wat) }).await;
        assert!(reason.contains("`describe` failed") && reason.contains(words), "{wat}: {reason}");
    }
    let logs = describing("(loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 9)) (br $l))");
    let reason = refused(logs.importing("log", "log", "(param i32 i32 i32)")).await;
    assert!(reason.contains("host_calls"), "{reason}");
}

#[tokio::test]
async fn describe_reaches_nothing() {
    let calls = [
        ("clock", "now-ms", "(result i64)", "(drop (call $now-ms))", "clock.now-ms"),
        (
            "crypto",
            "random-bytes",
            "(param i32 i32)",
            "(call $random-bytes (i32.const 8) (i32.const 64))",
            "crypto.random",
        ),
        (
            "crypto",
            "sha256",
            "(param i32 i32 i32)",
            "(call $sha256 (i32.const 0) (i32.const 8) (i32.const 64))",
            "sha256",
        ),
    ];
    for (interface, function, signature, wat, words) in calls {
        let reason = refused(describing(wat).importing(interface, function, signature)).await;
        assert!(reason.contains(words) && reason.contains("describe"), "{reason}");
    }
    // A request is answered with a refusal; the guest traps if it is anything else.
    let sends = describing(
        "(call $send (i32.const 256) (i32.const 512)) (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
         (if (i32.load8_u (i32.const 516)) (then unreachable))",
    );
    let host = Host::with_bad(sends.importing("http", "send", "(param i32 i32)"), "").await;
    host.vend("Bad").await.unwrap();
}

#[tokio::test]
async fn descriptions_without_form_are_refused() {
    let named = |name: &str| Guest {
        fields: vec![Field { name: name.to_owned().leak(), ..Field::url("x") }],
        ..describing("")
    };
    let secret = |hosts: Vec<&'static str>| Guest {
        fields: vec![Field { hosts, ..Field::secret("key", (2, ""), "x.example.com") }],
        hosts: vec!["tokens.example.com"],
        ..describing("")
    };
    let guests = [
        ("a field's name", named("a\u{1b}[2J")),
        ("a field that is a secret by its name", named("client_secret")),
        ("a field twice", Guest { fields: vec![Field::url("a"), Field::url("a")], ..describing("") }),
        (
            "too many fields",
            Guest { fields: (0..65).map(|n| Field::url(format!("f{n}").leak())).collect(), ..describing("") },
        ),
        ("a server of a secret that is not asked for", secret(vec!["a.evil.example"])),
        (
            "a use that nobody knows",
            Guest { fields: vec![Field::secret("key", (11, "read"), "tokens.example.com")], ..secret(vec![]) },
        ),
        (
            "a use that is none",
            Guest { fields: vec![Field::secret("key", (200, ""), "tokens.example.com")], ..secret(vec![]) },
        ),
        (
            "a header with a line",
            Guest { fields: vec![Field::secret("key", (3, "a\r\nb"), "tokens.example.com")], ..secret(vec![]) },
        ),
        ("all hosts", Guest { hosts: vec!["*"], ..describing("") }),
        ("a top-level domain", Guest { hosts: vec!["*.com"], ..describing("") }),
        ("a host with a port", Guest { hosts: vec!["a.example.com:22"], ..describing("") }),
        ("a field that is no URL", Guest { hosts: vec!["field:none"], ..describing("") }),
        ("a scoping that is none", Guest { scoping: 9, ..describing("") }),
        ("a name of another", Guest { name: b"null".to_vec(), ..describing("") }),
        ("a name with a place", Guest { name: b"../../x".to_vec(), ..describing("") }),
        ("a name of megabytes", Guest { name: vec![b'a'; 3 << 20], ..describing("") }),
        ("a version that is none", Guest { version: "1.0\n", ..describing("") }),
    ];
    for (what, guest) in guests {
        let reason = refused(guest).await;
        assert!(reason.len() < 1_000 && !reason.chars().any(char::is_control), "{what}: {reason:?}");
    }
}

#[tokio::test]
async fn what_was_described_at_load_is_what_counts() {
    // It asks for more once the operator has read what it asks for: the file is another then.
    let modest = Guest { fields: planted::fields(), hosts: vec!["tokens.example.com"], ..Guest::named("Bad") };
    let modest = modest.asking(vec![Ask::get("https://tokens.example.com/")]);
    let greedy = Guest { hosts: vec!["tokens.example.com", "*.evil.example"], version: "1.0.1", ..Guest::named("Bad") };
    let greedy = greedy.asking(vec![Ask::get("https://a.evil.example/")]);
    let host =
        Host::new(&[modest, Guest::named("Good")], "[plugins.Good]\n[plugins.Bad]\nhosts = [\"tokens.example.com\"]")
            .await;
    put(&host.home, "00.wasm", &Guest { fields: planted::fields(), ..greedy }.build());
    host.runtime.reload().await.unwrap();
    assert_eq!(host.runtime.find("Bad").unwrap().description.version, "1.0.1");
    let back = crate::ask::Back::of(&host.bad().await);
    assert!(back.is_refused(crate::ask::DENIED), "{back:?}");
}

#[tokio::test]
async fn check_config_is_bounded_and_reaches_nothing() {
    for (wat, code) in [
        ("(loop $l (br $l))", "plugin-cpu-exceeded"),
        ("unreachable", "plugin-trap"),
        ("(loop $l (drop (memory.grow (i32.const 16))) (br $l))", "plugin-memory"),
        ("(return (i32.const -4))", "plugin-bad-answer"),
    ] {
        let guest = Guest { check_config: wat.to_owned(), ..Guest::named("Bad") };
        let host = Host::with_bad(guest, "cpu_ms = 50").await;
        let hostile = warehouse("Bad");
        let (outcome, honest) = tokio::join!(host.runtime.check_config(&hostile), host.vend("Good"));
        assert_eq!(outcome.unwrap_err().code, code);
        honest.unwrap();
    }
    let sends = Guest {
        check_config: "(call $send (i32.const 256) (i32.const 512))
            (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
            (if (i32.load8_u (i32.const 516)) (then unreachable))"
            .to_owned(),
        ..Guest::named("Bad").importing("http", "send", "(param i32 i32)")
    };
    let host = Host::with_bad(sends, "").await;
    assert_eq!(host.runtime.check_config(&warehouse("Bad")).await.unwrap(), []);
}

#[tokio::test]
async fn the_log_of_a_refusal_is_a_line_of_the_host() {
    let guest = Guest { name: b"x\n{\"level\":\"ERROR\"}\x1b[31m".to_vec(), ..Guest::named("Bad") };
    let log = captured(async {
        refused(guest).await;
    })
    .await;
    assert!(!log.contains('\u{1b}') && !log.contains("\n{"), "{log}");
}
