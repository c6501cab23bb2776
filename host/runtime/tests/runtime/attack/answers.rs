//! Answers without form: lies about length and place, gigabytes, text that is none.

use crate::guest::{Credential, Entry, Guest};
use crate::host::Host;

use super::room::Room;

async fn code(guest: Guest) -> String {
    Host::with_bad(guest, "").await.bad().await.code
}

fn bad(credential: Credential) -> Guest {
    Guest::named("Bad").answering(vec![credential])
}

/// Answers with what this WAT wrote at 1024.
fn raw(wat: &str) -> Guest {
    Guest::named("Bad").vending(&format!("{wat} (return (i32.const 1024))"))
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
    assert_eq!(code(guest).await, "plugin-copy-bytes");
}

#[tokio::test]
async fn a_list_of_a_million_is_not_copied() {
    let guest = Guest::named("Bad").vending(
        "(drop (memory.grow (i32.const 860)))
         (i32.store (i32.const 1028) (i32.const 131072))
         (i32.store (i32.const 1032) (i32.const 1000000))
         (return (i32.const 1024))",
    );
    assert_eq!(code(guest).await, "plugin-copy-bytes");
}

#[tokio::test]
async fn an_argument_of_a_host_call_is_bounded() {
    let guest = Guest::named("Bad")
        .importing("log", "log", "(param i32 i32 i32)")
        .vending("(drop (memory.grow (i32.const 100))) (call $log (i32.const 1) (i32.const 0) (i32.const 4194304))");
    assert_eq!(code(guest).await, "plugin-copy-bytes");
}

#[tokio::test]
async fn bad_utf8_is_refused() {
    let entries = vec![Entry::Plain("s3.session-token", vec![b'a', 0xff, 0xfe])];
    assert_eq!(code(bad(Credential { entries, ..Credential::default() })).await, "plugin-bad-answer");
}

#[tokio::test]
async fn an_address_outside_the_memory_is_refused() {
    let guest = Guest::named("Bad").vending("(return (i32.const 0x7ffffff0))");
    assert_eq!(code(guest).await, "plugin-bad-answer");
}

#[tokio::test]
async fn a_case_that_the_contract_does_not_have_is_refused() {
    let guest = Guest::named("Bad").vending("(i32.store8 (i32.const 1024) (i32.const 9)) (return (i32.const 1024))");
    assert_eq!(code(guest).await, "plugin-bad-answer");
}

#[tokio::test]
async fn oversized_and_empty_answers_are_refused() {
    let entries = vec![Entry::Plain("s3.session-token", vec![b'a'; 70_000])];
    assert_eq!(code(bad(Credential { entries, ..Credential::default() })).await, "plugin-answer-size");
    let many = (0..17).map(|_| Credential::default()).collect();
    assert_eq!(code(Guest::named("Bad").answering(many)).await, "plugin-answer-size");
    assert_eq!(code(Guest::named("Bad").answering(Vec::new())).await, "plugin-bad-answer");
}

/// Where the answer says that its list is, and how long.
fn list(address: u32, length: u32) -> Guest {
    raw(&format!(
        "(i32.store (i32.const 1028) (i32.const {address})) (i32.store (i32.const 1032) (i32.const {length}))"
    ))
}

#[tokio::test]
async fn lists_and_texts_that_are_not_where_they_say_are_refused() {
    let text = |address: u32, length: u32| {
        raw(&format!(
            "(i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 1))
             (i32.store (i32.const 2048) (i32.const {address})) (i32.store (i32.const 2052) (i32.const {length}))"
        ))
    };
    let room = Room::of(vec![
        list(0, u32::MAX),
        list(u32::MAX - 3, 1),
        list(0x7fff_fff8, 0x7fff_ffff),
        list(0xffff_fff8, 2),
        list(2048, 1000),
        list(2049, 1),
        text(u32::MAX, 1),
        text(0, u32::MAX),
        text(0x8000_0000, 0x8000_0000),
        text(130_000, 1_000_000),
        Guest::named("Bad").vending("(return (i32.const 1025))"),
        Guest::named("Bad").vending("(return (i32.const -1))"),
        Guest::named("Bad").vending("(return (i32.const -32))"),
    ])
    .await;
    for (number, error) in room.errors().await.iter().enumerate() {
        let known = ["plugin-bad-answer", "plugin-copy-bytes", "plugin-answer-size"];
        assert!(known.contains(&error.code.as_str()), "{number}: {error:?}");
    }
}

#[tokio::test]
async fn records_that_lie_over_each_other_are_judged_like_others() {
    // Sixteen credentials in one place, then each begins within the one before.
    let over = raw("(loop $l
           (i32.store offset=2048 (i32.mul (local.get $i) (i32.const 8)) (i32.const 2048))
           (i32.store offset=2052 (i32.mul (local.get $i) (i32.const 8)) (i32.const 64))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $i) (i32.const 112))))
         (i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 16))");
    // A list of entries that are the list itself.
    let within = raw("(i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 1))
         (i32.store (i32.const 2056) (i32.const 2048)) (i32.store (i32.const 2060) (i32.const 50000))");
    for error in Room::of(vec![over, within]).await.errors().await {
        let known = ["plugin-bad-answer", "plugin-copy-bytes", "plugin-wider-scope", "plugin-answer-size"];
        assert!(known.contains(&error.code.as_str()), "{error:?}");
    }
}

#[tokio::test]
async fn a_million_entries_and_one_text_of_megabytes_are_not_copied() {
    let entries = raw("(drop (memory.grow (i32.const 400)))
         (i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 1))
         (i32.store (i32.const 2056) (i32.const 131072)) (i32.store (i32.const 2060) (i32.const 1000000))");
    let text = raw("(drop (memory.grow (i32.const 800)))
         (i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 1))
         (i32.store (i32.const 2048) (i32.const 131072)) (i32.store (i32.const 2052) (i32.const 50000000))");
    for error in Room::of(vec![entries, text]).await.errors().await {
        assert_eq!(error.code, "plugin-copy-bytes");
        assert!(error.message.contains("2097152 bytes") && error.message.contains("copy_bytes"), "{error}");
    }
}

#[tokio::test]
async fn text_that_is_no_utf8_is_refused_wherever_it_is() {
    let entry = |key: &'static str, value: &[u8]| Credential {
        entries: vec![Entry::Plain(key, value.to_vec())],
        ..Credential::default()
    };
    let broken: [&[u8]; 5] = [b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"a\xffb"];
    let mut guests: Vec<Guest> = broken.iter().map(|value| bad(entry("s3.session-token", value))).collect();
    // In an error's message, and in a line of log.
    let message = "(i32.store16 (i32.const 2048) (i32.const 0xfffe)) (i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store (i32.const 1040) (i32.const 2048)) (i32.store (i32.const 1044) (i32.const 2))";
    guests.push(raw(message));
    let line =
        "(i32.store16 (i32.const 2048) (i32.const 0xfffe)) (call $log (i32.const 2) (i32.const 2048) (i32.const 2))";
    guests.push(Guest::named("Bad").importing("log", "log", "(param i32 i32 i32)").vending(line));
    assert!(Room::of(guests).await.codes().await.iter().all(|code| code == "plugin-bad-answer"));
}

#[tokio::test]
async fn an_error_is_cut_and_its_code_has_a_form() {
    // Code and message are the same: half a megabyte of control characters.
    let huge =
        raw("(drop (memory.grow (i32.const 20))) (memory.fill (i32.const 131072) (i32.const 7) (i32.const 500000))
         (i32.store8 (i32.const 1024) (i32.const 1))
         (i32.store (i32.const 1032) (i32.const 131072)) (i32.store (i32.const 1036) (i32.const 500000))
         (i32.store (i32.const 1040) (i32.const 131072)) (i32.store (i32.const 1044) (i32.const 500000))");
    let error = Host::with_bad(huge, "").await.bad().await;
    assert_eq!(error.code, "plugin-error");
    assert!(!error.message.chars().any(char::is_control) && error.message.len() < 13_000, "{}", error.message.len());
}
