//! One file per scenario: a warehouse's fields, a request, what the host answers, and what the
//! strategy asked and answered. The whole strategy runs.

use std::path::Path;

use pangolin_plugin_sdk::azure::Token;
use pangolin_plugin_sdk::gcp::{Downscope, Principal, SignUrl};
use pangolin_plugin_sdk::presign::{Presign, PresignRequest};
use pangolin_plugin_sdk::{
    Access, Config, Credential, ErrorKind, Scope, Strategy, Value as Minted, VendError, VendRequest, testing,
};
use serde_json::{Value, json};

use crate::GcpDownscoped;

/// What the host's clock says.
const NOW_MS: u64 = 1_767_225_600_000;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn config(scenario: &Value) -> Config {
    let config = &scenario["config"];
    let slots = config["slots"].as_array().unwrap().iter().map(text).collect();
    Config::parse(&config["fields"].to_string(), slots).unwrap()
}

fn vend_request(scenario: &Value) -> VendRequest {
    let request = &scenario["vend"];
    let scope = |scope: &Value| {
        let has = |right: &str| scope["access"].as_array().unwrap().iter().any(|held| held == right);
        let access = Access { read: has("read"), write: has("write"), delete: has("delete") };
        Scope { location: text(&scope["location"]), access }
    };
    VendRequest {
        config: config(scenario),
        scopes: request["scopes"].as_array().unwrap().iter().map(scope).collect(),
        ttl_seconds: 3_600,
        principal: "alice".to_owned(),
        tenant: "t1".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: "r1".to_owned(),
        extensions: Vec::new(),
    }
}

fn presign_request(scenario: &Value) -> PresignRequest {
    let request = &scenario["presign"];
    PresignRequest {
        config: config(scenario),
        location: text(&request["location"]),
        method: text(&request["method"]),
        expires_in_seconds: number(&request["expires_in_seconds"]),
        principal: "alice".to_owned(),
        tenant: "t1".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: "r1".to_owned(),
        extensions: Vec::new(),
    }
}

fn principal(principal: &Principal) -> Value {
    match principal {
        Principal::Host => json!("host"),
        Principal::ServiceAccountKey(slot) => json!({ "key": slot }),
        Principal::ServiceAccount { client_email, private_key } => json!({ "email": client_email, "key": private_key }),
    }
}

fn downscoped(asked: &Downscope) -> Value {
    json!({
        "principal": principal(&asked.principal),
        "token_uri": asked.endpoints.token_uri,
        "sts": asked.endpoints.sts,
        "boundary": serde_json::from_str::<Value>(&asked.boundary).unwrap(),
    })
}

fn signed(asked: &SignUrl) -> Value {
    json!({
        "principal": principal(&asked.principal),
        "method": asked.method,
        "location": asked.location,
        "expires_in_seconds": asked.expires_in_seconds,
    })
}

fn error(error: &VendError) -> Value {
    json!({
        "error": error.code,
        "kind": format!("{:?}", error.kind),
        "message": error.message,
        "retry_after_ms": error.retry_after_ms,
    })
}

fn credential(credential: &Credential) -> Value {
    let entries: serde_json::Map<String, Value> = credential
        .entries
        .iter()
        .map(|entry| match &entry.value {
            Minted::Plain(value) => (entry.key.clone(), json!(value)),
            Minted::Slot(slot) => (entry.key.clone(), json!({ "slot": slot })),
        })
        .collect();
    json!({ "prefix": credential.prefix, "entries": entries, "expires_at_ms": credential.expires_at_ms })
}

/// The host's answer, as the scenario has it; nothing: the host is not to be asked.
fn host_error(answer: &Value) -> Option<VendError> {
    let fault = answer.get("error")?;
    let kind = match fault["kind"].as_str().unwrap() {
        "InvalidConfig" => ErrorKind::InvalidConfig,
        "Denied" => ErrorKind::Denied,
        "Unsupported" => ErrorKind::Unsupported,
        "Upstream" => ErrorKind::Upstream,
        "Throttled" => ErrorKind::Throttled,
        "Unavailable" => ErrorKind::Unavailable,
        other => panic!("{other}"),
    };
    let retry_after_ms = fault["retry_after_ms"].as_u64().map(|ms| u32::try_from(ms).unwrap());
    Some(VendError { retry_after_ms, ..VendError::new(kind, &text(&fault["code"]), text(&fault["message"])) })
}

fn run(scenario: &Value) -> Value {
    let asked = std::rc::Rc::new(std::cell::RefCell::new(Value::Null));
    let (of_downscope, of_sign) = (asked.clone(), asked.clone());
    let (for_downscope, for_sign) = (scenario["host"].clone(), scenario["host"].clone());
    let host = testing::Host::new()
        .now_ms(NOW_MS)
        .on_downscope(move |request| {
            *of_downscope.borrow_mut() = downscoped(request);
            let answer = &for_downscope;
            host_error(answer).map_or_else(
                || {
                    Ok(Token {
                        token: text(&answer["token"]),
                        expires_at_ms: answer["expires_at_ms"].as_u64().unwrap(),
                    })
                },
                Err,
            )
        })
        .on_sign_url(move |request| {
            *of_sign.borrow_mut() = signed(request);
            host_error(&for_sign).map_or_else(|| Ok(text(&for_sign["url"])), Err)
        });
    let answer = host.run(|| {
        if let Err(problems) = GcpDownscoped::check_config(&config(scenario)) {
            let shown: Vec<Value> =
                problems.iter().map(|p| json!({ "field": p.field, "message": p.message })).collect();
            return json!({ "problems": shown });
        }
        if scenario.get("presign").is_some() {
            match GcpDownscoped::presign(presign_request(scenario)) {
                Ok(made) => json!({ "url": made.url, "headers": made.headers, "expires_at_ms": made.expires_at_ms }),
                Err(refused) => error(&refused),
            }
        } else {
            match GcpDownscoped::vend(vend_request(scenario)) {
                Ok(made) => json!({ "credentials": made.iter().map(credential).collect::<Vec<_>>() }),
                Err(refused) => error(&refused),
            }
        }
    });
    json!({ "asked": *asked.borrow(), "answered": answer })
}

#[test]
fn every_scenario_goes_as_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    let differing: Vec<String> = files
        .iter()
        .filter_map(|path| {
            let scenario: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let actual = run(&scenario);
            (actual != scenario["expected"])
                .then(|| format!("{}\n{}", path.display(), serde_json::to_string_pretty(&actual).unwrap()))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
