//! One step of a script: one call of the host, and what came of it.

use pangolin_plugin_sdk::azure::{self, Principal, SasRequest, SasResource, Signer};
use pangolin_plugin_sdk::gcp::{self, Downscope, Endpoints, SignUrl};
use pangolin_plugin_sdk::http::{Auth, Capture, Request};
use pangolin_plugin_sdk::log::{self, Level};
use pangolin_plugin_sdk::signing::{self, PresignS3};
use pangolin_plugin_sdk::sts::{self, AssumeRole, Base};
use pangolin_plugin_sdk::{KeySlots, VendError, clock, crypto};
use serde_json::{Value, json};

use crate::json::{Words, number};

pub(crate) fn run(step: &Value, words: &mut Words) -> Value {
    match step.get("do").and_then(Value::as_str).unwrap_or_default() {
        "send" => send(step, words),
        "log" => {
            let level = match words.needed(step, "level").as_str() {
                "debug" => Level::Debug,
                "info" => Level::Info,
                "error" => Level::Error,
                _ => Level::Warn,
            };
            log::log(level, &words.needed(step, "text"));
            json!({})
        }
        "assume-role" => told(words, assume_role(step, words)),
        "presign-s3" => {
            let request = PresignS3 {
                keys: keys(step, words),
                method: words.member(step, "method").unwrap_or_else(|| "GET".to_owned()),
                url: words.needed(step, "url"),
                region: words.member(step, "region").unwrap_or_else(|| "us-east-1".to_owned()),
                expires_in_seconds: number(step, "seconds").unwrap_or(60),
            };
            told(words, signing::presign_s3(&request))
        }
        "sign-sas" => told(words, sign_sas(step, words)),
        "access-token" => told(words, azure::access_token(azure_principal(step, words)).map(|token| token.token)),
        "downscope" => {
            let endpoints = Endpoints { token_uri: words.member(step, "token_uri"), sts: words.member(step, "sts") };
            let boundary = words.needed(step, "boundary");
            let request = Downscope { principal: gcp_principal(step, words), endpoints, boundary };
            told(words, gcp::downscope(request).map(|token| token.token))
        }
        "sign-url" => {
            let request = SignUrl {
                principal: gcp_principal(step, words),
                method: words.member(step, "method").unwrap_or_else(|| "GET".to_owned()),
                location: words.needed(step, "location"),
                expires_in_seconds: number(step, "seconds").unwrap_or(60),
            };
            told(words, gcp::sign_url(request))
        }
        "hmac" => {
            let mac = crypto::hmac_sha256(words.needed(step, "key").as_bytes(), words.needed(step, "data").as_bytes());
            json!({ "ok": crypto::hex(&mac) })
        }
        "wait" => {
            let end = clock::now_ms() + u64::from(number(step, "ms").unwrap_or(0));
            while clock::now_ms() < end {}
            json!({})
        }
        other => json!({ "unknown": other }),
    }
}

fn told(words: &mut Words, result: Result<String, VendError>) -> Value {
    match result {
        Ok(text) => {
            words.see(text.clone());
            json!({ "ok": text })
        }
        Err(error) => json!({ "kind": format!("{:?}", error.kind), "code": error.code, "message": error.message }),
    }
}

fn send(step: &Value, words: &mut Words) -> Value {
    let mut request =
        Request::new(&words.member(step, "method").unwrap_or_else(|| "GET".to_owned()), words.needed(step, "url"));
    request.headers = words.pairs(step, "headers");
    request.body = words.needed(step, "body").into_bytes();
    request.auth = step.get("auth").map(|auth| self::auth(auth, words)).unwrap_or_default();
    request.captures =
        words.pairs(step, "captures").into_iter().map(|(slot, pointer)| Capture { slot, pointer }).collect();
    request.trust = words.member(step, "trust");
    request.timeout_ms = number(step, "timeout");
    match request.send() {
        Ok(answer) => {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            words.see(body.clone());
            let shown: String = body.chars().take(4096).collect();
            json!({ "status": answer.status, "headers": answer.headers, "body": shown, "bytes": answer.body.len() })
        }
        Err(failure) => json!({ "failed": format!("{:?}", failure.kind), "message": failure.message }),
    }
}

fn auth(auth: &Value, words: &Words) -> Auth {
    let (name, slot) = (words.needed(auth, "name"), words.needed(auth, "slot"));
    match words.needed(auth, "by").as_str() {
        "bearer" => Auth::Bearer { slot },
        "basic" => Auth::Basic { user: name, slot },
        "header" => Auth::Header { name, slot },
        "form" => Auth::FormField { name, slot },
        "json" => Auth::JsonField { name, slot },
        "scheme" => Auth::Authorization { scheme: name, slot },
        "sigv4" => Auth::Sigv4 {
            keys: keys(auth, words),
            service: words.needed(auth, "service"),
            region: words.member(auth, "region").unwrap_or_else(|| "us-east-1".to_owned()),
        },
        _ => Auth::None,
    }
}

/// The warehouse's own keys, unless the step names others.
fn keys(step: &Value, words: &Words) -> KeySlots {
    KeySlots {
        access_key_id: words.member(step, "id").unwrap_or_else(|| "access_key_id".to_owned()),
        secret_access_key: words.member(step, "secret").unwrap_or_else(|| "secret_access_key".to_owned()),
        session_token: words.member(step, "token"),
    }
}

fn assume_role(step: &Value, words: &Words) -> Result<String, VendError> {
    let base = if words.needed(step, "base") == "host" { Base::Host } else { Base::Slots(keys(step, words)) };
    let session = sts::assume_role(AssumeRole {
        base,
        role_arn: words.needed(step, "role"),
        session_name: words.member(step, "session").unwrap_or_else(|| "hostile".to_owned()),
        external_id: words.member(step, "external_id"),
        duration_seconds: number(step, "seconds").unwrap_or(900),
        policy: words.needed(step, "policy"),
        tags: words.pairs(step, "tags"),
        region: words.member(step, "region"),
        endpoint: words.member(step, "endpoint"),
    })?;
    Ok(format!("{} {} {}", session.access_key_id, session.secret_access_key, session.session_token))
}

fn azure_principal(step: &Value, words: &Words) -> Principal {
    if words.needed(step, "principal") == "host" {
        return Principal::WorkloadIdentity { tenant_id: None, client_id: None };
    }
    Principal::ClientSecret {
        tenant_id: words.member(step, "directory").unwrap_or_else(|| "directory.example".to_owned()),
        client_id: words.member(step, "client").unwrap_or_else(|| "app".to_owned()),
        secret: words.member(step, "slot").unwrap_or_else(|| "form_secret".to_owned()),
        authority_host: words.member(step, "authority"),
    }
}

fn sign_sas(step: &Value, words: &Words) -> Result<String, VendError> {
    let signer = match words.member(step, "slot") {
        Some(slot) if words.needed(step, "principal").is_empty() => Signer::AccountKey(slot),
        _ => Signer::Delegation(azure_principal(step, words)),
    };
    let resource = match words.needed(step, "resource").as_str() {
        "container" => SasResource::Container,
        "blob" => SasResource::Blob,
        _ => SasResource::Directory,
    };
    let life = u64::from(number(step, "seconds").unwrap_or(60)) * 1000;
    let request = SasRequest {
        signer,
        resource,
        location: words.member(step, "location").unwrap_or_else(|| words.fill("{root}")),
        permissions: words.member(step, "permissions").unwrap_or_else(|| "rl".to_owned()),
        starts_at_ms: None,
        expires_at_ms: clock::now_ms() + life,
        correlation_id: None,
    };
    azure::sign_sas(request).map(|token| token.token)
}

fn gcp_principal(step: &Value, words: &Words) -> gcp::Principal {
    match words.needed(step, "principal").as_str() {
        "host" => gcp::Principal::Host,
        "parts" => gcp::Principal::ServiceAccount {
            client_email: words.needed(step, "email"),
            private_key: words.member(step, "slot").unwrap_or_else(|| "jwt_secret".to_owned()),
        },
        _ => gcp::Principal::ServiceAccountKey(words.member(step, "slot").unwrap_or_else(|| "jwt_secret".to_owned())),
    }
}
