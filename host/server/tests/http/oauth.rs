//! The token endpoint: what clients send, word for word, and what attackers do.

mod attacks;
mod clients;
mod narrowed;
mod narrowed_alone;

use axum_core::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request, header};
use serde_json::Value;

use crate::support::{Host, Reply};

pub(crate) const PATH: &str = "/v1/oauth/tokens";
pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A form as clients encode it.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) fn basic(id: &str, key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{key}")))
}

/// A token request; `authorization` empty: none.
pub(crate) async fn ask(host: &Host, path: &str, authorization: &str, pairs: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if !authorization.is_empty() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    host.raw(request.body(Body::from(form(pairs))).unwrap()).await
}

/// A token for id and key.
pub(crate) async fn token(host: &Host, id: &str, key: &str, scope: &str) -> String {
    fetch(host, id, key, scope).await.expect(200).text("access_token")
}

pub(crate) async fn fetch(host: &Host, id: &str, key: &str, scope: &str) -> Reply {
    let pairs = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", key), ("scope", scope)];
    ask(host, PATH, "", &pairs).await
}

/// A token for a token, as Iceberg's Java client asks.
pub(crate) async fn exchange(host: &Host, authorization: &str, subject: &str, scope: &str) -> Reply {
    let pairs =
        [("grant_type", EXCHANGE), ("scope", scope), ("subject_token", subject), ("subject_token_type", ACCESS_TOKEN)];
    ask(host, PATH, authorization, &pairs).await
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The claims of a token.
pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A refusal with this status and code.
#[track_caller]
pub(crate) fn refused(reply: Reply, status: u16, code: &str) -> Reply {
    let reply = reply.expect(status);
    assert_eq!(reply.text("error"), code, "{}", reply.text);
    assert!(reply.body["error_description"].is_string() && reply.body.as_object().unwrap().len() == 2);
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    reply
}

/// Gives a built-in role.
pub(crate) async fn give(host: &Host, admin: &str, user: &str, role: &str) -> String {
    let roles = host.get("/api/v1/roles", admin).await.expect(200);
    let id = roles.body.as_array().unwrap().iter().find(|found| found["name"] == role).unwrap()["id"].clone();
    let body = serde_json::json!({"role-id": id});
    host.post(&format!("/api/v1/users/{user}/roles"), admin, body).await.expect(201);
    id.as_str().unwrap().to_owned()
}
