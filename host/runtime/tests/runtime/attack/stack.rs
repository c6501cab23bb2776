//! Guests that use up the stack, also on the way to a call of the host.

use crate::ask::{Ask, Auth, REPORT, SEND};
use crate::cloud::{Cloud, answer};
use crate::guest::{Field, Guest};
use crate::host::Host;
use crate::image::Image;

use super::room::Room;

/// Where a guest has nothing of its own.
const SECOND_PAGE: u32 = 98_304;

/// A function that calls itself so many times and then does this, in frames that are not small.
fn deep(frames: u32, at_the_bottom: &str) -> (String, String) {
    let items = format!(
        "(func $deep (param $left i32) (param $a i64) (param $b i64) (param $c i64) (result i64)
           (if (i32.eqz (local.get $left)) (then (call $bottom)))
           (if (result i64) (i32.eqz (local.get $left))
             (then (local.get $a))
             (else (i64.add (local.get $b) (i64.mul (local.get $c)
               (call $deep (i32.sub (local.get $left) (i32.const 1))
                 (i64.add (local.get $a) (i64.const 1)) (local.get $c) (local.get $b)))))))
         (func $bottom {at_the_bottom})"
    );
    (items, format!("(drop (call $deep (i32.const {frames}) (i64.const 1) (i64.const 2) (i64.const 3)))"))
}

#[tokio::test]
async fn deep_recursion_is_stopped() {
    let guest = Guest {
        items: "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))".to_owned(),
        ..Guest::named("Bad").vending("(drop (call $deep (i32.const 0)))")
    };
    let error = Host::with_bad(guest, "").await.bad().await;
    assert_eq!(error.code, "plugin-stack");
    assert!(error.message.contains("524288 bytes"), "{error}");
}

#[tokio::test]
async fn recursion_by_turns_and_through_a_table_is_stopped() {
    let turns = Guest {
        items: "(table $t 2 funcref) (type $f (func)) (elem (i32.const 0) $one $two)
            (func $one (call_indirect $t (type $f) (i32.const 1)) (call_indirect $t (type $f) (i32.const 1)))
            (func $two (call $one) (call $one))"
            .to_owned(),
        ..Guest::named("Bad").vending("(call $one)")
    };
    // In each frame a call of the host.
    let calls = Guest {
        items: "(func $deep (call $log (i32.const 0) (i32.const 0) (i32.const 1)) (call $deep) (call $deep))"
            .to_owned(),
        ..Guest::named("Bad").importing("log", "log", "(param i32 i32 i32)").vending("(call $deep)")
    };
    // What the host calls for memory runs on the same stack.
    let realloc = Guest { realloc: "(drop (call $deep (i32.const 0)))".to_owned(), ..turns_of_realloc() };
    let codes = Room::of(vec![turns, calls, realloc]).await.codes().await;
    assert_eq!(codes, ["plugin-stack", "plugin-host-calls", "plugin-stack"]);
}

fn turns_of_realloc() -> Guest {
    let items = "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))";
    Guest { items: items.to_owned(), ..Guest::named("Bad") }
}

/// The most frames that fit.
async fn deepest() -> u32 {
    let (mut fits, mut overflows) = (1, 40_000);
    while overflows - fits > 200 {
        let middle = u32::midpoint(fits, overflows);
        let (items, vend) = deep(middle, "");
        let host = Host::new(&[Guest { items, ..Guest::named("Deep").vending(&vend) }], "[plugins.Deep]").await;
        match host.vend("Deep").await {
            Ok(_) => fits = middle,
            Err(error) => {
                assert_eq!(error.code, "plugin-stack");
                overflows = middle;
            }
        }
    }
    fits
}

#[tokio::test]
async fn a_call_from_the_last_frame_has_the_hosts_own_stack() {
    // A request with a secret, through every check, whose answer is deep and is captured from.
    let mut image = Image::at(SECOND_PAGE);
    let ask = Ask {
        captures: vec![("taken", "/a")],
        ..Ask::get("https://tokens.example.com/x").with(Auth::JsonField("password", "json_secret")).body("{}")
    };
    let at = ask.write(&mut image);
    let (mut items, vend) = deep(deepest().await - 300, &SEND.replace("REQUEST", &at.to_string()));
    items += &format!("(data (i32.const {}) \"{}\")", SECOND_PAGE, image.wat());
    let nested = format!("{{\"a\":\"a-token-of-some-length\",\"b\":{}{}}}", "[".repeat(120), "]".repeat(120));
    let cloud = Cloud::answering(move |_| answer(nested.clone()));
    let guest = Guest {
        items,
        hosts: vec!["tokens.example.com"],
        fields: vec![Field::secret("json_secret", (5, "password"), "tokens.example.com")],
        vend: format!("{vend}{REPORT}"),
        ..Guest::named("Bad")
    };
    let room = Room::with(vec![guest.importing("http", "send", "(param i32 i32)")], cloud, "").await;
    let error = room.errors().await.remove(0);
    assert_eq!((error.code.as_str(), error.retry_after_ms), ("done", Some(200)), "{error}");
    assert!(error.message.contains("<captured:taken>"), "{error}");
}
