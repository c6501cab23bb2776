//! How much is looked at: in proportion to the text, whatever it is made of. Counted, not timed.

use std::cell::Cell;

use proptest::prelude::*;

use super::super::*;

thread_local! {
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// Adds to what was looked at beyond the text itself.
pub(in crate::credential_scan) fn looked_at(bytes: usize) {
    LOOKED_AT.with(|sum| sum.set(sum.get().saturating_add(bytes)));
}

fn work(run: impl FnOnce()) -> usize {
    LOOKED_AT.with(|sum| sum.set(0));
    run();
    LOOKED_AT.with(Cell::get)
}

/// Likenesses of what is searched for, that are none.
const LIKENESSES: [&str; 24] = [
    "AKIA",
    "AKIA-",
    "sk-ant-",
    "hooks.slack.com/services/",
    "ghp_ ",
    "SG.",
    "eyJ.",
    "eyJhbGciOiJI.",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----n",
    "a://",
    "a://b:",
    "a://?a=b&",
    "jdbc:",
    "jdbc:oracle:thin:a/",
    "jdbc:a;b=c;",
    "==a",
    "Q~",
    "Bearer ",
    "sig=",
    "{{",
    "<a ",
    "$(",
    "AccountKey=;",
];

fn of(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len())
}

/// Each of the lengths is 8 times the one before: what grows with the square is 64 times as much.
fn is_in_proportion(unit: &str) -> Result<(), TestCaseError> {
    let of_length = |bytes| {
        let text = of(unit, bytes);
        work(|| {
            let _ = in_text(&text);
            let _ = in_field("password", &text);
            let _ = in_field("setting", &text);
        })
    };
    let (small, large) = (of_length(16 * 1024), of_length(128 * 1024));
    prop_assert!(large <= 16 * small + 1024 * 1024, "{unit:?}: {small} bytes, then {large}");
    Ok(())
}

#[test]
fn likenesses_cost_in_proportion_to_their_number() {
    for unit in LIKENESSES {
        is_in_proportion(unit).unwrap();
    }
}

#[test]
fn what_is_looked_at_is_counted() {
    assert!(work(|| _ = in_text(&of("a://b ", 1024))) > 100);
    assert_eq!(work(|| _ = in_text("nothing to see")), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn mixed_likenesses_do_too(units in prop::collection::vec(prop::sample::select(&LIKENESSES[..]), 1..4), apart in "[ \n;/]?") {
        is_in_proportion(&format!("{}{apart}", units.concat()))?;
    }
}
