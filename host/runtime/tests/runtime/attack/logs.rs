//! Lines that would forge, hide or flood, and secrets in them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::planted;
use super::room::thief;
use crate::guest::Guest;
use crate::host::Host;
use crate::logs::{ONCE, captured, captured_as_json, logging};

async fn host(guest: Guest) -> Host {
    let mut host = Host::new(&[guest, Guest::named("Good")], "[plugins.Good]\n[plugins.Bad]").await;
    host.slots = planted::slots();
    host
}

/// What the host logs when a guest, which has a field for each planted secret, logs this once.
async fn logged(line: &str) -> String {
    let guest = Guest { fields: planted::fields(), hosts: thief().hosts, name: b"Bad".to_vec(), ..logging(line, ONCE) };
    let host = host(guest).await;
    captured(async {
        host.vend("Bad").await.unwrap();
    })
    .await
}

#[tokio::test]
async fn no_line_ends_or_is_reordered_before_its_end() {
    let tricks = [
        "a\nb",
        "a\r\nb",
        "a\rb",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{b}b",
        "a\u{c}b",
        "a\0b",
        "a\u{8}b",
        "a\u{1b}[2J\u{1b}]0;title\u{7}b",
        "a\u{9b}31mb",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{61c}b",
        "a\u{200b}b",
        "a\u{ad}b",
        "a\u{feff}b",
        "a\u{e0041}b",
        "a\u{7f}b",
    ];
    for trick in tricks {
        let log = logged(trick).await;
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("plugin: ")).collect();
        assert_eq!(lines.len(), 1, "{trick:?}: {log:?}");
        assert!(lines[0].is_ascii() && !lines[0].chars().any(|c| c.is_ascii_control()), "{trick:?}: {log:?}");
    }
}

#[tokio::test]
async fn a_line_that_looks_like_the_hosts_own_is_a_message_of_the_plugin() {
    let fake = "\",\"target\":\"audit\",\"plugin\":\"Good\"}\n{\"level\":\"ERROR\",\"message\":\"all is lost\",\"plugin\":\"Good\"}";
    let host = host(Guest { name: b"Bad".to_vec(), ..logging(fake, ONCE) }).await;
    let log = captured_as_json(async {
        host.vend("Bad").await.unwrap();
    })
    .await;
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!((&lines[0]["plugin"], &lines[0]["target"]), (&"Bad".into(), &"plugin".into()), "{log}");
    assert!(lines[0]["message"].as_str().unwrap().contains("all is lost"));
}

#[tokio::test]
async fn a_flood_through_every_level_and_through_describe_is_cut() {
    let flood = "(loop $l (call $log (i32.and (local.get $i) (i32.const 3)) (i32.const 512) (i32.const LEN))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 900))))";
    let host = host(Guest { name: b"Bad".to_vec(), ..logging("\u{1b}\u{202e}drip", flood) }).await;
    let log = captured(async {
        for _ in 0..10 {
            host.vend("Bad").await.unwrap();
        }
    })
    .await;
    assert_eq!(log.matches("drip").count(), 640);
    // What is escaped takes more room; how much is bounded as well.
    let control = "(drop (memory.grow (i32.const 1))) (memory.fill (i32.const 65536) (i32.const 27) (i32.const 30000))
        (call $log (i32.const 2) (i32.const 65536) (i32.const 30000))
        (loop $l (call $log (i32.const 2) (i32.const 65536) (i32.const 0)) (br $l))";
    let guest = logging("", control);
    let describe = "(memory.fill (i32.const 65536) (i32.const 27) (i32.const 20000))
        (call $log (i32.const 3) (i32.const 65536) (i32.const 20000))";
    let describing = Guest { describe: describe.repeat(40), ..guest };
    let log = captured(async {
        let host = Host::with_bad(Guest { name: b"Bad".to_vec(), ..describing }, "").await;
        assert_eq!(host.bad().await.code, "plugin-host-calls");
    })
    .await;
    assert!(log.len() < 120_000, "{}", log.len());
}

#[tokio::test]
async fn a_secret_is_masked_in_every_form_that_others_write() {
    // A guest is never told one: this one has it in its code.
    let token = planted::value("token");
    let percent = "tok%2Fen%2Bplanted%3D1-Zq8Lw2";
    for form in [
        token.to_owned(),
        format!("Bearer {token}, and again {token}"),
        STANDARD.encode(token),
        STANDARD.encode(format!("user:{token}")),
        STANDARD.encode(format!("{{\"password\":\"{token}\"}}")),
        URL_SAFE_NO_PAD.encode(format!("a:{token}")),
        hex::encode(token),
        hex::encode_upper(format!("user:{token}")),
        percent.to_owned(),
        percent.to_lowercase().replace("zq8lw2", "Zq8Lw2"),
        token.replace('/', "\\/"),
        token.replace('/', "\\u002f"),
        token.replace('+', "&#43;"),
    ] {
        let log = logged(&form).await;
        assert_eq!(planted::found_in(log.as_bytes()), [""; 0], "{form}: {log}");
        assert!(log.contains("<redacted>"), "{form}: {log}");
    }
}

#[tokio::test]
async fn a_secret_is_masked_in_an_error_and_its_code() {
    let name: &'static str = "0123456789abcdef0123";
    let write = |at: u32, text: &str| format!("(data (i32.const {at}) \"{text}\")");
    let guest = Guest {
        items: write(2048, name),
        secrets: vec![("key", 2)],
        ..Guest::named("Bad").vending(
            "(i32.store8 (i32.const 1024) (i32.const 1))
             (i32.store (i32.const 1032) (i32.const 2048)) (i32.store (i32.const 1036) (i32.const 20))
             (i32.store (i32.const 1040) (i32.const 2048)) (i32.store (i32.const 1044) (i32.const 20))
             (return (i32.const 1024))",
        )
    };
    let mut host = host(guest).await;
    host.slots.insert("key".to_owned(), name.into());
    let error = host.vend("Bad").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("plugin-error", "<redacted>"));
}

#[tokio::test]
async fn what_no_mask_can_hold() {
    // Reversed, in two lines, with something between: a mask cannot know all that a program can do
    // with a text. What holds is that no guest gets to know a secret (`slots`, `echoes`).
    let token = planted::value("token");
    let reversed: String = token.chars().rev().collect();
    assert!(logged(&reversed).await.contains(&reversed));
    let (first, second) = token.split_at(12);
    assert!(logged(&format!("{first} {second}")).await.contains(&format!("{first} {second}")));
}
