use pangolin_plugin_sdk::azure::Token;
use pangolin_plugin_sdk::{Access, Scope, Value, testing};

use super::*;

#[path = "../../azure-rules/scenarios.rs"]
mod scenarios;

fn config(fields: &str) -> Config {
    Config::parse(fields, vec!["account_key".to_owned()]).unwrap()
}

fn host() -> testing::Host {
    testing::Host::new().now_ms(1_767_225_600_000).on_sign_sas(|asked| {
        Ok(Token { token: format!("sp={}&sig=planted", asked.permissions), expires_at_ms: asked.expires_at_ms - 500 })
    })
}

#[test]
fn every_scenario_does_what_its_file_says() {
    scenarios::run::<AzureSas>(env!("CARGO_MANIFEST_DIR"), 9);
}

#[test]
fn each_scope_has_a_signature_of_its_own() {
    let mut request = testing::request(config("{}"), "abfss://data@acct.dfs.core.windows.net/t/", Access::FULL);
    let elsewhere = "abfss://data@acct.dfs.core.windows.net/elsewhere/t/";
    request.scopes.push(Scope { location: elsewhere.to_owned(), access: Access::FULL });
    let host = host();
    let credentials = host.run(|| AzureSas::vend(request)).unwrap();
    assert_eq!(
        credentials.iter().map(|one| one.prefix.as_str()).collect::<Vec<_>>(),
        ["abfss://data@acct.dfs.core.windows.net/t/", elsewhere]
    );
    assert_eq!(credentials[0].get("adls.sas-token"), Some(&Value::Plain("sp=racwdl&sig=planted".to_owned())));
    assert_eq!(credentials[0].expires_at_ms, Some(1_767_225_600_000 + 3_599_500), "what the host answered");
    assert_eq!(host.signed().len(), 2);
    assert!(!format!("{credentials:?} {:?}", host.lines()).contains("planted"));
}

#[test]
fn check_config_asks_nobody_and_names_the_fields() {
    let host = testing::Host::new();
    assert_eq!(host.run(|| AzureSas::check_config(&config("{}"))), Ok(()));
    let bad = Config::parse(r#"{"hierarchical":"perhaps"}"#, Vec::new()).unwrap();
    let problems = host.run(|| AzureSas::check_config(&bad)).unwrap_err();
    assert_eq!(problems.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["account_key", "hierarchical"]);
    assert!(host.signed().is_empty());
}

#[test]
fn it_says_that_a_flat_account_is_not_scoped() {
    let description = AzureSas::describe();
    assert_eq!((description.name, description.scoping), ("AzureSas", Scoping::Exact));
    assert_eq!(description.scoping_rules, RULES);
    assert!(description.hosts.is_empty(), "it talks to nobody");
}
