use pangolin_plugin_sdk::azure::Token;
use pangolin_plugin_sdk::{Access, ErrorKind, testing};

use super::*;

#[path = "../../azure-rules/scenarios.rs"]
mod scenarios;

const APP: &str = r#"{"tenant_id":"t","client_id":"c"}"#;

fn config(fields: &str) -> Config {
    Config::parse(fields, vec!["client_secret".to_owned()]).unwrap()
}

#[test]
fn every_scenario_does_what_its_file_says() {
    scenarios::run::<AzureOAuth>(env!("CARGO_MANIFEST_DIR"), 15);
}

#[test]
fn a_refusal_is_passed_on_and_nothing_wider_is_tried_instead() {
    let refusal = VendError::new(ErrorKind::InvalidConfig, "client-secret-expired", "make a new one");
    let answer = refusal.clone();
    let host = testing::Host::new()
        .on_sign_sas(move |_| Err(answer.clone()))
        .on_access_token(|_| Ok(Token { token: "planted".to_owned(), expires_at_ms: 1 }));
    let request = testing::request(config(APP), "abfss://data@acct.dfs.core.windows.net/t/", Access::READ);
    assert_eq!(host.run(|| AzureOAuth::vend(request)), Err(refusal));
    assert_eq!(host.signed().len(), 1);
}

#[test]
fn no_token_shows_in_debug_or_log() {
    let host = testing::Host::new().on_access_token(|_| Ok(Token { token: "planted".to_owned(), expires_at_ms: 9 }));
    let both = r#"{"tenant_id":"t","client_id":"c","vend":"token"}"#;
    let request = testing::request(config(both), "abfss://data@acct.dfs.core.windows.net/t/", Access::READ);
    let credentials = host.run(|| AzureOAuth::vend(request)).unwrap();
    assert!(!format!("{credentials:?} {:?}", host.lines()).contains("planted"));
}

#[test]
fn check_config_asks_nobody() {
    let host = testing::Host::new();
    assert_eq!(host.run(|| AzureOAuth::check_config(&config(APP))), Ok(()));
    assert!(host.run(|| AzureOAuth::check_config(&config("{}"))).is_err());
    assert!(host.signed().is_empty() && host.sent().is_empty());
}

#[test]
fn it_says_when_it_is_not_scoped_and_whom_it_asks() {
    let description = AzureOAuth::describe();
    assert_eq!((description.name, description.scoping), ("AzureOAuth", Scoping::Exact));
    assert_eq!(description.scoping_rules.len(), 3);
    assert!(description.scoping_rules.iter().all(|rule| rule.scoping == Scoping::Unscoped));
    assert!(description.hosts.contains(&HostPattern::OfField("authority_host")));
}
