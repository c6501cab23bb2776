//! A request as an explanation shows it: by names where there are secrets.

use pangolin_egress::Request;
use serde_json::{Value, json};

use super::auth::HttpAuth;

/// Bytes of a body that are shown.
const LONGEST_BODY: usize = 16 * 1024;

/// The request after it was authenticated, with the guest's own body. Of headers only the names:
/// among them stands what authenticates.
pub(super) fn request(
    outgoing: &Request,
    body: &[u8],
    auth: &HttpAuth,
    captures: &[(String, String)],
    trust: Option<&str>,
) -> Value {
    let mut headers: Vec<&str> = outgoing.headers.keys().map(http::HeaderName::as_str).collect();
    headers.sort_unstable();
    json!({
        "method": outgoing.method.as_str(),
        "url": outgoing.url.as_str(),
        "headers": headers,
        "body": shown_body(body),
        "auth": shown_auth(auth),
        "captures": captures.iter().map(|(slot, _)| slot).collect::<Vec<_>>(),
        "trust": trust,
    })
}

/// JSON as such, a text as it is, anything else by its size.
fn shown_body(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    match (std::str::from_utf8(body), serde_json::from_slice::<Value>(body)) {
        _ if body.len() > LONGEST_BODY => json!({ "bytes": body.len() }),
        (_, Ok(document @ (Value::Object(_) | Value::Array(_)))) => document,
        (Ok(text), _) => Value::from(text),
        (Err(_), _) => json!({ "bytes": body.len() }),
    }
}

fn shown_auth(auth: &HttpAuth) -> Value {
    match auth {
        HttpAuth::None => Value::Null,
        HttpAuth::Sigv4 { keys, service, region } => {
            json!({ "kind": "sigv4", "slots": keys.names(), "service": service, "region": region })
        }
        HttpAuth::Bearer(slot) => json!({ "kind": "bearer", "slots": [slot] }),
        HttpAuth::Basic { user, slot } => json!({ "kind": "basic", "user": user, "slots": [slot] }),
        HttpAuth::Header { name, slot } => json!({ "kind": "header", "name": name, "slots": [slot] }),
        HttpAuth::FormField { name, slot } => json!({ "kind": "form-field", "name": name, "slots": [slot] }),
        HttpAuth::JsonField { name, slot } => json!({ "kind": "json-field", "name": name, "slots": [slot] }),
        HttpAuth::Authorization { scheme, slot } => {
            json!({ "kind": "authorization", "scheme": scheme, "slots": [slot] })
        }
    }
}
