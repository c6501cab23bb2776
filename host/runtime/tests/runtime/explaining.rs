//! Explanations of whole guests: honest ones, ones that fail, and ones that would like to learn something.

use pangolin_core::ports::Strategies as _;
use pangolin_core::strategy::{DryRun, DryRunEnd, StrategyError};

use crate::ask::{Ask, Auth};
use crate::guest::{BEARER, CREDENTIAL_VALUE, Credential, Entry, Guest, NOW_MS, SCOPE};
use crate::host::{Host, authorised};

const SECRET: &str = "planted-value-of-the-slot";

async fn explain(host: &Host, strategy: &str) -> Result<DryRun, StrategyError> {
    let (mut warehouse, authorised) = authorised(strategy);
    warehouse.config.extend(host.config.clone());
    host.runtime.explain(host.call(&warehouse, &authorised)).await
}

async fn alone(guest: Guest, grants: &str) -> DryRun {
    let mut host = Host::new(&[guest], grants).await;
    assert_eq!(host.runtime.rejected(), []);
    host.slots.insert("key".to_owned(), SECRET.into());
    let run = explain(&host, "Probe").await.unwrap();
    assert!(!format!("{run:?}").contains(SECRET));
    run
}

#[tokio::test]
async fn a_strategy_that_asks_nobody_is_shown_by_names_and_its_end() {
    let mut guest = Guest::named("Probe").answering(vec![Credential {
        entries: vec![Entry::Plain("s3.access-key-id", b"ASIA".to_vec()), Entry::Slot("s3.secret-access-key", "key")],
        ..Credential::default()
    }]);
    guest.scoping = 3;
    guest.secrets = vec![("key", CREDENTIAL_VALUE)];
    let run = alone(guest, "[plugins.Probe]\ncredential_values = true\n").await;
    assert!(run.steps.is_empty() && run.claim.is_none());
    let DryRunEnd::Answered(shapes) = run.end else { panic!("{:?}", run.end) };
    assert_eq!((shapes[0].prefix.as_str(), shapes.len()), (SCOPE, 1));
    assert_eq!(shapes[0].entries, ["s3.access-key-id", "s3.secret-access-key"]);
    assert_eq!(shapes[0].expires_at.unwrap().0, i64::try_from(NOW_MS).unwrap() + 900_000);
}

#[tokio::test]
async fn a_request_ends_the_run_and_nothing_after_it_happens() {
    // Were it sent, the name would not resolve, and the guest would go on to its second request.
    let ask = |path: &str| Ask::get(format!("https://a.example.org{path}")).with(Auth::Bearer("key"));
    let mut guest =
        Guest::named("Probe").asking(vec![ask("/first").body("{\"x\":1}").with(Auth::Bearer("key")), ask("/second")]);
    guest.hosts = vec!["a.example.org"];
    guest.secrets = vec![("key", BEARER)];
    let run = alone(guest, "[plugins.Probe]\nhosts = [\"a.example.org\"]\n").await;
    assert!(matches!(run.end, DryRunEnd::AtRequest));
    assert_eq!(run.steps.len(), 1);
    assert_eq!(run.steps[0].ask["url"], "https://a.example.org/first");
    assert_eq!(run.steps[0].ask["auth"]["slots"][0], "key");
}

#[tokio::test]
async fn what_the_host_refuses_is_told_to_the_guest_as_ever() {
    let guest = Guest::named("Probe").asking(vec![Ask::get("https://elsewhere.example/")]);
    let run = alone(guest, "[plugins.Probe]\n").await;
    assert!(run.steps.is_empty());
    let DryRunEnd::Failed(error) = run.end else { panic!("{:?}", run.end) };
    assert!(error.message.contains("does not ask for this host"), "{error}");
}

#[tokio::test]
async fn a_guess_of_a_secret_stops_the_guest() {
    let mut guest = Guest::named("Probe").asking(vec![Ask::get("https://a.example.org/").body(SECRET)]);
    guest.hosts = vec!["a.example.org"];
    guest.secrets = vec![("key", BEARER)];
    let run = alone(guest, "[plugins.Probe]\nhosts = [\"a.example.org\"]\n").await;
    let DryRunEnd::Failed(error) = run.end else { panic!("{:?}", run.end) };
    assert_eq!(error.code, "plugin-secret");
    assert!(run.steps.is_empty());
}

#[tokio::test]
async fn bounds_and_checks_of_the_answer_hold() {
    let wide = Credential { prefix: "s3://lake/base/".to_owned(), ..Credential::default() };
    let run = alone(Guest::named("Probe").answering(vec![wide]), "[plugins.Probe]\n").await;
    assert!(matches!(run.end, DryRunEnd::Failed(error) if error.code == "plugin-wider-scope"));
    let spins = Guest::named("Probe").vending("(loop $l (br $l))");
    let run = alone(spins, "[plugins.Probe.limits]\ncpu_ms = 50\n").await;
    assert!(matches!(run.end, DryRunEnd::Failed(error) if error.code == "plugin-cpu-exceeded"));
}

#[tokio::test]
async fn what_is_not_granted_or_not_there_is_not_run() {
    let host = Host::new(&[Guest::named("Probe")], "").await;
    assert_eq!(explain(&host, "Probe").await.unwrap_err().code, "plugin-not-granted");
    assert_eq!(explain(&host, "Other").await.unwrap_err().code, "plugin-not-loaded");
}
