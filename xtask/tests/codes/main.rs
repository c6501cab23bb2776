//! Holds the codes that clients see and `host/TROUBLESHOOTING.md` together: each code of the
//! sources has one entry, and each entry a code.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where something is missing"
)]

mod gather;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::gather::Gathered;

/// Where errors of the host and of its own strategies are made.
const ROOTS: [&str; 15] = [
    "host/core/src",
    "host/catalog/src",
    "host/egress/src",
    "host/runtime/src",
    "host/server/src",
    "host/signing/src",
    "host/store/src",
    "plugins/sdk/src",
    "plugins/azure-rules",
    "plugins/aws-static/src",
    "plugins/aws-sts/src",
    "plugins/azure-oauth/src",
    "plugins/azure-sas/src",
    "plugins/gcp-downscoped/src",
    "plugins/vast-s3keys/src",
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn gathered() -> Gathered {
    gather::codes(&sources::read(root(), &ROOTS))
}

/// The codes that the page has an entry for: rows of its tables that begin with a code.
fn entries() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(root().join("host/TROUBLESHOOTING.md")).expect("the page is there");
    let rows = page.lines().filter_map(|line| {
        let (code, rest) = line.strip_prefix("| `")?.split_once("` |")?;
        Some((code.to_owned(), rest.to_owned()))
    });
    rows.collect()
}

#[test]
fn every_code_has_one_entry_and_every_entry_a_code() {
    let Gathered { codes, .. } = gathered();
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for (code, _) in entries() {
        *counted.entry(code).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for (code, places) in &codes {
        if !counted.contains_key(code) {
            wrong.push(format!(
                "`{code}` has no entry; it is made in {}",
                places.iter().cloned().collect::<Vec<_>>().join(", ")
            ));
        }
    }
    for (code, times) in counted {
        if !codes.contains_key(&code) {
            wrong.push(format!("`{code}` has an entry, and nothing makes it"));
        }
        if times > 1 {
            wrong.push(format!("`{code}` has {times} entries"));
        }
    }
    assert!(wrong.is_empty(), "host/TROUBLESHOOTING.md and the sources disagree:\n{}", wrong.join("\n"));
}

#[test]
fn no_error_is_made_with_a_code_that_cannot_be_read_here() {
    let Gathered { unreadable, .. } = gathered();
    assert!(
        unreadable.is_empty(),
        "write the code as a literal, a constant or a parameter called `code`:\n{}",
        unreadable.join("\n")
    );
}

#[test]
fn entries_say_who_is_to_act_what_it_means_and_what_to_do() {
    for (code, rest) in entries() {
        let cells: Vec<&str> = rest.trim().trim_end_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{code}: who, what it means, what to do");
        assert!(cells.iter().all(|cell| cell.len() > 2), "{code}: a cell is empty");
        assert!(cells[1].len() >= 15 && cells[2].len() >= 10, "{code} says too little: {rest}");
    }
}

/// The promises of the documents: each a code of its own, for each cloud that can fail so.
#[test]
fn what_the_documents_promise_is_told_apart() {
    let page = std::fs::read_to_string(root().join("host/TROUBLESHOOTING.md")).expect("the page is there");
    let known: BTreeSet<String> = gathered().codes.into_keys().collect();
    let (_, after) = page.split_once("## First look").expect("the section is there");
    let (section, _) = after.split_once("\n## ").expect("another section follows");
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows[0][1..], ["AWS STS", "Microsoft Entra", "Azure Storage", "Google", "VAST", "S3 store"]);
    let mut seen: BTreeMap<(usize, String), String> = BTreeMap::new();
    for row in &rows[1..] {
        for (cloud, cell) in row.iter().enumerate().skip(1) {
            for code in cell.split('`').skip(1).step_by(2) {
                assert!(known.contains(code), "{}: nothing makes `{code}`", row[0]);
                let before = seen.insert((cloud, code.to_owned()), row[0].to_owned());
                assert!(
                    before.is_none(),
                    "`{code}` of {} stands for two troubles: {before:?} and {}",
                    rows[0][cloud],
                    row[0]
                );
            }
        }
    }
    let promised = ["role not assumable", "access denied", "clock skew", "expired", "unknown key", "throttling"];
    for trouble in promised {
        assert!(rows.iter().any(|row| row[0].to_lowercase().contains(trouble)), "{trouble} is promised and has no row");
    }
}
