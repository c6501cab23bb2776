//! Holds the threat model to the tests that it names.

use std::collections::BTreeSet;
use std::path::Path;

/// Every `path::name` in back quotes.
fn named(text: &str) -> BTreeSet<(String, String)> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|quoted| quoted.rsplit_once("::"))
        .filter(|(path, _)| path.ends_with(".rs") || path.ends_with(".py"))
        .map(|(path, name)| (path.to_owned(), name.to_owned()))
        .collect()
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let model = std::fs::read_to_string(root.join("host/SECURITY.md")).expect("the threat model");
    let named = named(&model);
    assert!(named.len() > 30, "the threat model names its tests as `path::name`: {} found", named.len());
    let gone: Vec<String> = named
        .into_iter()
        .filter(|(path, name)| {
            let source = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            !source.contains(&format!("fn {name}(")) && !source.contains(&format!("def {name}("))
        })
        .map(|(path, name)| format!("{path}::{name}"))
        .collect();
    assert!(gone.is_empty(), "named in host/SECURITY.md and not there: {gone:#?}");
}

/// Every invariant is held by a test: rows of the table have a number, and name one.
#[test]
fn every_invariant_names_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let model = std::fs::read_to_string(root.join("host/SECURITY.md")).expect("the threat model");
    let rows = model
        .lines()
        .filter(|line| line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
    let without: Vec<&str> = rows.filter(|row| named(row).is_empty()).collect();
    assert!(without.is_empty(), "no test is named: {without:#?}");
}
