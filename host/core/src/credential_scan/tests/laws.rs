//! Rules by chance: what is drawn by lot is found, what people and machines write otherwise is not.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::*;
use super::{BASE62, BASE64};

/// How many of 2,000 samples are found in a field with an ordinary name.
fn share(sample: impl Strategy<Value = String>) -> f64 {
    let mut runner = TestRunner::deterministic();
    let found = (0..2_000)
        .filter(|_| {
            let text = sample.new_tree(&mut runner).unwrap().current();
            in_field("setting", &text).is_some()
        })
        .count();
    f64::from(u32::try_from(found).unwrap()) / 2_000.0
}

#[test]
fn nearly_everything_that_is_drawn_by_lot_is_found() {
    let base64_url = BASE64.replace('+', "-").replace('/', "_");
    for (alphabet, length, least) in [
        (BASE62, 24, 0.85),
        (BASE62, 32, 0.93),
        (BASE64, 40, 0.93),
        (base64_url.as_str(), 43, 0.93),
        (BASE64, 64, 0.97),
    ] {
        let letters: Vec<char> = alphabet.chars().collect();
        // A class of a regular expression would give each of its ranges one share.
        let drawn = prop::collection::vec(prop::sample::select(letters), length).prop_map(String::from_iter);
        let found = share(drawn);
        assert!(found > least, "{alphabet} {length}: {found}");
    }
}

#[test]
fn what_people_write_is_not() {
    for (what, found) in [
        ("words", share("([A-Z][a-z]{3,9}){3,6}[0-9]{0,3}")),
        ("paths", share("(/[A-Za-z][a-z]{2,8}[0-9]?){3,8}")),
        ("dotted", share("([a-z]{2,8}\\.){2,5}[A-Z][a-z]{3,9}([A-Z][a-z]{3,9}){1,3}")),
        ("buckets", share("([a-z0-9]{3,8}-){2,6}[a-z0-9]{3,8}")),
        ("uuids", share("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")),
        ("digests", share("(sha256:)?[0-9a-f]{64}")),
        ("numbers", share("[0-9]{24,48}")),
        ("sentences", share("([a-z]{2,9} ){4,12}")),
        ("times", share("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z")),
        ("ULIDs", share("[0-9A-HJKMNP-TV-Z]{26}")),
    ] {
        assert!(found == 0.0, "{what}: {found}");
    }
}

proptest! {
    #[test]
    fn no_text_stops_the_search(name in "\\PC{0,24}", text in "[\\PC\n\r\t]{0,200}") {
        let _ = in_field(&name, &text);
        let _ = in_text(&text);
    }

    #[test]
    fn a_literal_under_a_secret_name_is_found_whatever_it_is(text in "[A-Za-z0-9!#%&+,.:;=?@^_-]{1,40}") {
        prop_assume!(!matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "none"));
        prop_assume!(text.contains(|c: char| c.is_ascii_alphanumeric()) && !text.contains("ref+") && !text.contains(':'));
        prop_assume!(![".pem", ".key", ".json", ".p8", ".p12", ".pfx", ".txt", "../", "./"].iter().any(|end| text.contains(end)));
        for name in ["password", "db.password", "DB_PASSWORD", "dbPassword", "client-secret", "s3.secret-access-key"] {
            prop_assert!(in_field(name, &text).is_some(), "{name} = {text}");
        }
    }

    #[test]
    fn a_template_is_never_found(variable in "[A-Z][A-Z0-9_]{1,20}") {
        for text in [format!("${{{variable}}}"), format!("${variable}"), format!("{{{{ {variable} }}}}"), format!("<{variable}>")] {
            prop_assert_eq!(in_field("password", &text), None);
            prop_assert_eq!(in_field("url", &format!("postgres://ada:{text}@db/lake")), None);
        }
    }

    #[test]
    fn a_finding_never_holds_the_value(value in "[A-Za-z0-9]{8,20}", key in "[a-z]{1,8}") {
        let leaves = [Leaf { path: vec![Step::Key(value.clone()), Step::Key(format!("{key}_password"))], text: value.clone(), line: 1 }];
        for found in in_document(&leaves) {
            let shown = format!("{found:?}");
            prop_assert!(!shown.contains(&value));
        }
    }
}
