//! One folder per scenario: a warehouse's fields, a request, and what STS is asked for, or the
//! error. The whole strategy runs.

use std::path::Path;

use pangolin_plugin_sdk::sts::{AssumeRole, Base, Session};
use pangolin_plugin_sdk::{Access, Config, Scope, Strategy, VendRequest, testing};
use serde_json::{Value, json};

fn read(folder: &Path, name: &str) -> Value {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn request(config: &Value, request: &Value) -> VendRequest {
    let slots = config["slots"].as_array().unwrap().iter().map(text).collect();
    let scope = |scope: &Value| {
        let has = |right: &str| scope["access"].as_array().unwrap().iter().any(|held| held == right);
        let access = Access { read: has("read"), write: has("write"), delete: has("delete") };
        Scope { location: text(&scope["location"]), access }
    };
    VendRequest {
        config: Config::parse(&config["fields"].to_string(), slots).unwrap(),
        scopes: request["scopes"].as_array().unwrap().iter().map(scope).collect(),
        ttl_seconds: u32::try_from(request["ttl_seconds"].as_u64().unwrap()).unwrap(),
        principal: text(&request["principal"]),
        tenant: text(&request["tenant"]),
        table: text(&request["table"]),
        request_id: "r1".to_owned(),
        extensions: Vec::new(),
    }
}

fn shown(asked: &AssumeRole) -> Value {
    let base = match &asked.base {
        Base::Host => json!("host"),
        Base::Slots(keys) => json!([keys.access_key_id, keys.secret_access_key, keys.session_token]),
    };
    json!({
        "base": base,
        "role_arn": asked.role_arn,
        "session_name": asked.session_name,
        "external_id": asked.external_id,
        "duration_seconds": asked.duration_seconds,
        "policy": serde_json::from_str::<Value>(&asked.policy).unwrap(),
        "policy_bytes": asked.policy.len(),
        "tags": asked.tags,
        "region": asked.region,
        "endpoint": asked.endpoint,
    })
}

fn run(folder: &Path) -> Value {
    let request = request(&read(folder, "config.json"), &read(folder, "request.json"));
    let host = testing::Host::new().on_assume_role(|_| {
        Ok(Session {
            access_key_id: "ASIA".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: "token".to_owned(),
            expires_at_ms: 1,
            packed_policy_percent: None,
        })
    });
    match host.run(|| crate::AwsSts::vend(request)) {
        Ok(_) => shown(&host.assumed()[0]),
        Err(error) => json!({ "error": error.code, "message": error.message }),
    }
}

#[test]
fn every_scenario_asks_for_what_its_folder_says() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut folders: Vec<_> = std::fs::read_dir(&scenarios)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 8, "{folders:?}");
    let differing: Vec<String> = folders
        .iter()
        .filter_map(|folder| {
            let (actual, expected) = (run(folder), read(folder, "expected.json"));
            (actual != expected)
                .then(|| format!("{}\n{}", folder.display(), serde_json::to_string_pretty(&actual).unwrap()))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
