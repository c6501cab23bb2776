//! Runs one scenario per file: a warehouse's fields, a request, what the host is prepared to
//! answer, and what comes of it. The whole strategy runs. The tests of both strategies include
//! this file.

use std::path::Path;

use pangolin_plugin_sdk::azure::{Principal, SasRequest, SasResource, Signer, Token};
use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Access, Config, Credential, ErrorKind, Scope, Strategy, Value as Entry, VendError, VendRequest, testing,
};
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

/// Runs every file below `scenarios/` of the plugin's folder, of which there are at least so many.
pub(super) fn run<S: Strategy + Presign>(folder: &str, at_least: usize) {
    let scenarios = Path::new(folder).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&scenarios).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= at_least, "{files:?}");
    let differing: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let scenario = read(file);
            let actual = outcome::<S>(&scenario);
            let shown = || format!("{}\n{}", file.display(), serde_json::to_string_pretty(&actual).unwrap());
            (actual != scenario["expected"]).then(shown)
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn read(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn outcome<S: Strategy + Presign>(scenario: &Value) -> Value {
    let slots = scenario["slots"].as_array().unwrap().iter().map(text).collect();
    let config = Config::parse(&scenario["fields"].to_string(), slots).unwrap();
    let asked = &scenario["request"];
    let host = host(&scenario["host"]);
    let result = match asked["call"].as_str() {
        Some("vend") => host.run(|| S::vend(vend(config, asked))).map(|all| all.iter().map(credential).collect()),
        Some("presign") => host.run(|| S::presign(presign(config, asked))).map(|one| url(&one)),
        other => panic!("no such call: {other:?}"),
    };
    let signed: Vec<Value> = host.signed().iter().map(sas).collect();
    match result {
        Ok(answer) => json!({ "signed": signed, "answer": answer }),
        Err(VendError { kind, code, message, retry_after_ms }) => json!({
            "signed": signed,
            "error": { "kind": format!("{kind:?}"), "code": code, "message": message, "retry_after_ms": retry_after_ms },
        }),
    }
}

/// A host that signs and gives tokens as prepared; what is not prepared is refused.
fn host(prepared: &Value) -> testing::Host {
    let host = testing::Host::new().now_ms(NOW_MS);
    let host = match answer(&prepared["sign_sas"]) {
        Some(answer) => host.on_sign_sas(move |_| answer.clone()),
        None => host,
    };
    match answer(&prepared["access_token"]) {
        Some(answer) => host.on_access_token(move |_| answer.clone()),
        None => host,
    }
}

fn answer(prepared: &Value) -> Option<Result<Token, VendError>> {
    if let Some(error) = prepared.get("error") {
        let kind = match error["kind"].as_str() {
            Some("Denied") => ErrorKind::Denied,
            Some("InvalidConfig") => ErrorKind::InvalidConfig,
            Some("Throttled") => ErrorKind::Throttled,
            Some("Unavailable") => ErrorKind::Unavailable,
            Some("Upstream") => ErrorKind::Upstream,
            other => panic!("no such kind: {other:?}"),
        };
        let mut refused = VendError::new(kind, error["code"].as_str().unwrap(), text(&error["message"]));
        refused.retry_after_ms = error["retry_after_ms"].as_u64().map(|ms| u32::try_from(ms).unwrap());
        return Some(Err(refused));
    }
    let token = prepared.get("token")?;
    Some(Ok(Token { token: text(token), expires_at_ms: NOW_MS + prepared["life_ms"].as_u64().unwrap() }))
}

fn vend(config: Config, asked: &Value) -> VendRequest {
    let scope = |scope: &Value| {
        let has = |right: &str| scope["access"].as_array().unwrap().iter().any(|held| held == right);
        let access = Access { read: has("read"), write: has("write"), delete: has("delete") };
        Scope { location: text(&scope["location"]), access }
    };
    VendRequest {
        config,
        scopes: asked["scopes"].as_array().unwrap().iter().map(scope).collect(),
        ttl_seconds: seconds(&asked["ttl_seconds"]),
        principal: "alice".to_owned(),
        tenant: "7f0c0d5e-0000-4000-8000-000000000001".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: text(&asked["request_id"]),
        extensions: Vec::new(),
    }
}

fn presign(config: Config, asked: &Value) -> PresignRequest {
    PresignRequest {
        config,
        location: text(&asked["location"]),
        method: text(&asked["method"]),
        expires_in_seconds: seconds(&asked["ttl_seconds"]),
        principal: "alice".to_owned(),
        tenant: "7f0c0d5e-0000-4000-8000-000000000001".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: text(&asked["request_id"]),
        extensions: Vec::new(),
    }
}

fn sas(asked: &SasRequest) -> Value {
    let signer = match &asked.signer {
        Signer::AccountKey(slot) => json!({ "account_key": slot }),
        Signer::Delegation(Principal::ClientSecret { tenant_id, client_id, secret, authority_host }) => {
            json!({ "tenant_id": tenant_id, "client_id": client_id, "secret": secret, "authority_host": authority_host })
        }
        Signer::Delegation(Principal::WorkloadIdentity { tenant_id, client_id }) => {
            json!({ "workload_identity": { "tenant_id": tenant_id, "client_id": client_id } })
        }
    };
    let resource = match asked.resource {
        SasResource::Container => "container",
        SasResource::Directory => "directory",
        SasResource::Blob => "blob",
    };
    let after = |at: u64| i64::try_from(at).unwrap() - i64::try_from(NOW_MS).unwrap();
    json!({
        "signer": signer,
        "resource": resource,
        "location": asked.location,
        "permissions": asked.permissions,
        "starts_after_ms": asked.starts_at_ms.map(after),
        "ends_after_ms": after(asked.expires_at_ms),
        "correlation_id": asked.correlation_id,
    })
}

fn credential(credential: &Credential) -> Value {
    let entry = |value: &Entry| match value {
        Entry::Plain(text) => json!(text),
        Entry::Slot(name) => json!({ "slot": name }),
    };
    let entries = credential.entries.iter().map(|one| (one.key.clone(), entry(&one.value)));
    json!({
        "prefix": credential.prefix,
        "entries": entries.collect::<serde_json::Map<_, _>>(),
        "life_ms": credential.expires_at_ms.map(|at| at - NOW_MS),
    })
}

fn url(presigned: &Presigned) -> Value {
    json!({ "url": presigned.url, "headers": presigned.headers, "life_ms": presigned.expires_at_ms - NOW_MS })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn seconds(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}
