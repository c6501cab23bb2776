//! Runs one scenario per file: a warehouse's fields, what is asked, what VMS answers in turn, and
//! what comes of it. The whole strategy runs; each request is held against the file.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;

use pangolin_plugin_sdk::http::{Auth, Failure, FailureKind, Request, Response};
use pangolin_plugin_sdk::leases::{Leases, RecoverRequest, RevokeRequest, Revoked};
use pangolin_plugin_sdk::{Access, Config, Scope, Strategy, Value as Entry, VendError, VendRequest, testing};
use serde_json::{Map, Value, json};

use crate::VastS3Keys;

#[test]
fn every_scenario_does_what_its_file_says() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&scenarios).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "{}", files.len());
    let differing: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let scenario: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            let actual = outcome(&scenario);
            let expected = json!({ "sent": sent(&scenario), "expected": scenario["expected"] });
            (actual != expected)
                .then(|| format!("{}\n{}", file.display(), serde_json::to_string_pretty(&actual).unwrap()))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// What the file says that is sent.
fn sent(scenario: &Value) -> Vec<Value> {
    exchanges(scenario).iter().map(|exchange| exchange["sent"].clone()).collect()
}

fn exchanges(scenario: &Value) -> Vec<Value> {
    scenario["exchanges"].as_array().cloned().unwrap_or_default()
}

fn outcome(scenario: &Value) -> Value {
    let answers: VecDeque<Value> = exchanges(scenario).iter().map(|exchange| exchange["answer"].clone()).collect();
    let answers = Rc::new(RefCell::new(answers));
    let left = Rc::clone(&answers);
    let host = testing::Host::new().on_send(move |_| answer(answers.borrow_mut().pop_front()));
    let result = host.run(|| call(scenario));
    assert!(left.borrow().is_empty(), "answers that nobody asked for: {:?}", left.borrow());
    let expected = result.unwrap_or_else(|error| {
        let VendError { kind, code, message, retry_after_ms } = error;
        json!({ "error": { "kind": format!("{kind:?}"), "code": code, "message": message, "retry_after_ms": retry_after_ms } })
    });
    json!({ "sent": host.sent().iter().map(shown).collect::<Vec<_>>(), "expected": expected })
}

fn call(scenario: &Value) -> Result<Value, VendError> {
    let strings =
        |name: &str| scenario[name].as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned());
    let config = Config::parse(&scenario["fields"].to_string(), strings("slots").collect()).unwrap();
    let known = || scenario["known"].as_array().into_iter().flatten().map(Value::to_string).collect::<Vec<_>>();
    let request = || vend_request(config.clone(), scenario);
    match scenario["call"].as_str().unwrap() {
        "vend" => VastS3Keys::vend(request()).map(|credentials| {
            let [one] = credentials.as_slice() else { panic!("{credentials:?}") };
            let plain = |entry: &Entry| if let Entry::Plain(text) = entry { json!(text) } else { panic!("{entry:?}") };
            let entries: Map<_, _> = one.entries.iter().map(|entry| (entry.key.clone(), plain(&entry.value))).collect();
            assert_eq!(one.expires_at_ms, None);
            json!({ "prefix": one.prefix, "entries": entries, "handle": json_of(one.handle.as_deref().unwrap()) })
        }),
        "claim" => VastS3Keys::claim(&request())
            .map(|claim| json!({ "resource": claim.resource, "share": claim.share, "capacity": claim.capacity })),
        "survey" => VastS3Keys::survey(&request(), &known()).map(|survey| json_of(&survey)),
        "revoke" => {
            let (tenant, request_id) = ("t1".to_owned(), "r1".to_owned());
            let handle = scenario["handle"].to_string();
            let revoked = VastS3Keys::revoke(RevokeRequest { config: config.clone(), handle, tenant, request_id });
            revoked.map(|revoked| json!(if revoked == Revoked::Gone { "gone" } else { "revoked" }))
        }
        "recover" => VastS3Keys::recover(RecoverRequest {
            interrupted: request(),
            survey: scenario["survey"].to_string(),
            started_at_ms: scenario["started_at_ms"].as_u64().unwrap(),
            ended_at_ms: scenario["ended_at_ms"].as_u64().unwrap(),
            known: known(),
        })
        .map(|left| {
            let found: Vec<Value> = left.found.iter().map(|handle| json_of(handle)).collect();
            json!({ "found": found, "undecided": left.undecided })
        }),
        other => panic!("no such call: {other}"),
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn vend_request(config: Config, scenario: &Value) -> VendRequest {
    let has = |right: &str| scenario["access"].as_array().unwrap().iter().any(|held| held == right);
    let access = Access { read: has("read"), write: has("write"), delete: has("delete") };
    let mut request = testing::request(config, "s3://lake/sales/orders/", access);
    request.scopes.push(Scope { location: "s3://lake/elsewhere/orders/".to_owned(), access });
    if let Some(principal) = scenario["principal"].as_str() {
        principal.clone_into(&mut request.principal);
    }
    request
}

fn answer(prepared: Option<Value>) -> Result<Response, Failure> {
    let prepared = prepared.ok_or_else(|| panic!("more is sent than the file says")).unwrap();
    if let Some(failure) = prepared["failure"].as_str() {
        let kind = match failure {
            "Tls" => FailureKind::Tls,
            "Timeout" => FailureKind::Timeout,
            "Connect" => FailureKind::Connect,
            "Denied" => FailureKind::Denied,
            "Invalid" => FailureKind::Invalid,
            "Protocol" => FailureKind::Protocol,
            other => panic!("no such failure: {other}"),
        };
        return Err(Failure { kind, message: prepared["message"].as_str().unwrap().to_owned() });
    }
    let headers = prepared["headers"].as_object().into_iter().flatten();
    Ok(Response {
        status: u16::try_from(prepared["status"].as_u64().unwrap()).unwrap(),
        headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        body: match &prepared["body"] {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        },
    })
}

/// What is usual is left out.
fn shown(request: &Request) -> Value {
    let mut shown = Map::new();
    let mut say = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    say("call", json!(format!("{} {}", request.method, request.url)));
    say(
        "auth",
        json!(match &request.auth {
            Auth::Basic { user, slot } => format!("basic {user}:<{slot}>"),
            Auth::Bearer { slot } => format!("bearer <{slot}>"),
            Auth::JsonField { name, slot } => format!("json-field {name}=<{slot}>"),
            Auth::Authorization { scheme, slot } => format!("{scheme} <{slot}>"),
            other => panic!("{other:?}"),
        }),
    );
    if !request.body.is_empty() {
        say("body", serde_json::from_slice(&request.body).unwrap());
    }
    for (name, value) in &request.headers {
        let usual = [("Accept", "application/json"), ("Content-Type", "application/json")];
        if !usual.contains(&(name.as_str(), value.as_str())) {
            say(name, json!(value));
        }
    }
    if !request.captures.is_empty() {
        say("captures", request.captures.iter().map(|one| json!(format!("{} -> {}", one.pointer, one.slot))).collect());
    }
    if let Some(field) = &request.trust {
        say("trust", json!(field));
    }
    Value::Object(shown)
}
