//! Components that misbehave, each in one way: the suite must name it.

use std::path::Path;

use super::report::{Check, Outcome};
use super::*;
use crate::ask::{Ask, Auth};
use crate::guest::{BEARER, Guest};

/// Mints for whatever location is asked, and as long as is asked: `EXTRA` milliseconds more. The
/// answer lies in the scratch space.
const MINT: &str = r#"
    (i32.store8 (i32.const 2048) (i32.const 0))
    (i32.store (i32.const 2052) (i32.const 2112)) (i32.store (i32.const 2056) (i32.const 1))
    (i32.store (i32.const 2112) (i32.load (i32.load offset=16 (local.get 0))))
    (i32.store (i32.const 2116) (i32.load offset=4 (i32.load offset=16 (local.get 0))))
    (i32.store (i32.const 2120) (i32.const 2304)) (i32.store (i32.const 2124) (i32.const 1))
    (i32.store8 (i32.const 2128) (i32.const 1))
    (i64.store (i32.const 2136) (i64.add (i64.const EXTRA) (i64.add (call $now-ms)
      (i64.mul (i64.const 1000) (i64.extend_i32_u (i32.load offset=24 (local.get 0)))))))
    (i32.store (i32.const 2304) (i32.const 2400)) (i32.store (i32.const 2308) (i32.const 16))
    (i32.store (i32.const 2316) (i32.const 2416)) (i32.store (i32.const 2320) (i32.const 24))
    (return (i32.const 2048))"#;

const TEXTS: &str = r#"(data (i32.const 2400) "s3.session-tokena-token-of-24-characters")"#;

/// Mints without asking anybody, with `before` run first.
fn minting(before: &str, extra_ms: i64) -> Guest {
    let mut guest = Guest::named("Bad").importing("clock", "now-ms", "(result i64)");
    guest.items = TEXTS.to_owned();
    guest.vending(&format!("{before} {}", MINT.replace("EXTRA", &extra_ms.to_string())))
}

/// Asks its upstream, looks at nothing that comes back, and mints.
fn careless() -> Guest {
    let mut guest = minting("", 0);
    let mint = std::mem::take(&mut guest.vend);
    guest.secrets = vec![("api_key", BEARER)];
    guest.hosts = vec!["shop.example"];
    let ask = Ask::get("https://shop.example/token").with(Auth::Bearer("api_key"));
    let mut guest = guest.asking(vec![ask]);
    guest.between = mint;
    guest
}

const SHOP: &str = r#"
base = "s3://example-bucket/warehouse/"
[[upstream]]
method = "POST"
url = "https://shop.example/token"
requires = ["authorization"]
body = "token {{expires_ms}}"
"#;

async fn held(guest: &Guest, scenario: Option<&str>) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.wasm");
    std::fs::write(&path, guest.build()).unwrap();
    let scenario = scenario.map(|text| Scenario::parse(text, Path::new("s.toml")).unwrap());
    suite(&path, scenario, &Context::default()).await.unwrap()
}

fn outcome<'r>(report: &'r Report, name: &str) -> &'r Check {
    let found = report.checks.iter().find(|check| format!("{}/{}", check.group, check.name) == name);
    found.unwrap_or_else(|| panic!("no check {name} in\n{}", report.text()))
}

#[track_caller]
fn fails(report: &Report, name: &str, why: &str) {
    let check = outcome(report, name);
    assert_eq!(check.outcome, Outcome::Fail, "{name} in\n{}", report.text());
    assert!(check.why.as_ref().is_some_and(|text| text.contains(why)), "{check:?}");
}

#[track_caller]
fn passes(report: &Report, name: &str) {
    assert_eq!(outcome(report, name).outcome, Outcome::Pass, "{name} in\n{}", report.text());
}

#[tokio::test]
async fn one_that_asks_nobody_cannot_have_narrowed() {
    let report = held(&minting("", 0), None).await;
    for name in ["vend/read", "vend/mints", "ttl/longest", "config/complete", "refusals/no-rights"] {
        passes(&report, name);
    }
    fails(&report, "vend/clients-can-use-it", "is missing");
    fails(&report, "scope/location", "the same is asked for two tables");
    fails(&report, "scope/access", "who may read gets to write");
    fails(&report, "scope/name-quotes", "names the location");
    assert_eq!(outcome(&report, "secrets/not-in-logs").outcome, Outcome::NotCovered);
}

#[tokio::test]
async fn a_life_that_is_a_second_too_long_is_seen() {
    let report = held(&minting("", 1_000), None).await;
    fails(&report, "ttl/shortest", "it ends 1000 ms later");
}

#[tokio::test]
async fn one_that_looks_at_no_answer_is_found_by_every_fault() {
    let report = held(&careless(), Some(SHOP)).await;
    passes(&report, "vend/all");
    for fault in [
        "400",
        "401",
        "403",
        "404",
        "409",
        "429",
        "500",
        "503",
        "malformed",
        "empty",
        "truncated",
        "connect",
        "timeout",
    ] {
        fails(&report, &format!("faults/{fault}-at-1"), "minted all the same");
    }
    fails(&report, "ttl/end-is-the-upstreams", "say what the answer says");
    fails(&report, "refusals/no-secrets", "a credential was minted");
    fails(&report, "scope/location", "the same is asked for two tables");
    passes(&report, "secrets/only-where-its-use-says");
}

#[tokio::test]
async fn a_scenario_that_lacks_an_answer_is_told_so() {
    let report = held(&careless().asking_twice(), Some(SHOP)).await;
    passes(&report, "vend/all");
    let mut guest = Guest::named("Asks").asking(vec![Ask::get("https://shop.example/other")]);
    guest.hosts = vec!["shop.example"];
    let report = held(&guest, Some(SHOP)).await;
    fails(&report, "vend/read", "no answer for GET https://shop.example/other");
    fails(&report, "vend/mints", "no credential was minted");
}

impl Guest {
    fn asking_twice(mut self) -> Self {
        let again = self.asks.clone();
        self.asks.extend(again);
        self
    }
}

#[tokio::test]
async fn a_minted_value_in_the_log_is_found() {
    let logging = minting("(call $log (i32.const 1) (i32.const 2416) (i32.const 24))", 0);
    let report = held(&logging.importing("log", "log", "(param i32 i32 i32)"), None).await;
    fails(&report, "secrets/minted-values-not-in-logs", "is in a log line");
}

#[tokio::test]
async fn a_configuration_that_stops_the_component_is_found() {
    let mut guest = minting("", 0);
    guest.check_config = "(if (i32.gt_u (local.get 1) (i32.const 6000)) (then (unreachable)))".to_owned();
    guest.fields = vec![crate::guest::Field { name: "note", kind: 0, uses: Vec::new(), hosts: Vec::new() }];
    let report = held(&guest, None).await;
    passes(&report, "config/complete");
    fails(&report, "config/odd-values-stop-nothing", "check-config was stopped");
    fails(&report, "schema/help", "no help for note");
}

#[tokio::test]
async fn what_does_not_load_is_one_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wasm");
    std::fs::write(&path, b"\0asm\x01\0\0\0").unwrap();
    let report = suite(&path, None, &Context::default()).await.unwrap();
    assert_eq!((report.failed(), report.checks.len()), (1, 1));
    fails(&report, "schema/loads", "core Wasm module");
    assert!(report.text().starts_with("FAIL schema/loads"), "{}", report.text());
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!((&json["failed"], &json["checks"][0]["outcome"]), (&1.into(), &"fail".into()));
    let missing = suite(&folder.path().join("y.wasm"), None, &Context::default()).await;
    assert!(missing.unwrap_err().to_string().contains("cannot be read"));
}
