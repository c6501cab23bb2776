//! Requests to Google's servers and their JSON answers, in bounds.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use pangolin_egress::{EgressClient, Limits, Request, Response};
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::WideToken;
use super::fault::{self, Asked};
use crate::service::leak::Needles;

/// An answer of these servers has two kilobytes.
const MAX_ANSWER: u64 = 64 * 1024;
/// No token is longer.
const MAX_TOKEN: usize = 16 * 1024;
/// Google's tokens live an hour, twelve at most.
const MAX_LIFE_SECONDS: u64 = 12 * 60 * 60;

/// The way to a server for one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) client: &'a EgressClient,
    pub(super) deadline: Instant,
}

impl Wire<'_> {
    /// Posts a form with one secret field.
    pub(super) async fn form(
        &self,
        asked: Asked,
        url: &Url,
        fields: &[(&str, &str)],
        secret: (&str, &Secret<String>),
    ) -> Result<Map<String, Value>, StrategyError> {
        let body = encode(fields, secret);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let request = Request { method: Method::POST, url: url.clone(), headers, body };
        let response = self.send(asked, request).await?;
        read(asked, &response, Some(secret.1))
    }

    /// Posts JSON with a bearer token.
    pub(super) async fn json(
        &self,
        asked: Asked,
        url: &Url,
        body: &Value,
        token: &Secret<String>,
    ) -> Result<Map<String, Value>, StrategyError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, bearer(asked, token)?);
        let body = Bytes::from(body.to_string());
        let request = Request { method: Method::POST, url: url.clone(), headers, body };
        let response = self.send(asked, request).await?;
        read(asked, &response, Some(token))
    }

    /// Gets with these headers; an answer that is no success is a fault.
    pub(super) async fn get(
        &self,
        asked: Asked,
        url: Url,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<Response, StrategyError> {
        let headers = headers.into_iter().collect();
        let response = self.send(asked, Request { method: Method::GET, url, headers, body: Bytes::new() }).await?;
        if response.status.is_success() { Ok(response) } else { Err(fault::of_answer(asked, &response, None)) }
    }

    async fn send(&self, asked: Asked, request: Request) -> Result<Response, StrategyError> {
        let timeout = self.deadline.saturating_duration_since(Instant::now());
        if timeout.is_zero() {
            return Err(fault::too_slow());
        }
        let limits = Limits { timeout, max_response_bytes: MAX_ANSWER };
        self.client.execute(request, limits).await.map_err(|error| fault::of_egress(&error, asked.server.name()))
    }
}

#[expect(clippy::disallowed_methods, reason = "the secret is the field of the form that it is for")]
fn encode(fields: &[(&str, &str)], (name, value): (&str, &Secret<String>)) -> Bytes {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    Bytes::from(form.extend_pairs(fields).append_pair(name, value.expose()).finish())
}

#[expect(clippy::disallowed_methods, reason = "the token goes into the header that it is for")]
fn bearer(asked: Asked, token: &Secret<String>) -> Result<HeaderValue, StrategyError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| fault::unreadable(asked, "its token is no text of a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The object of an answer of success. A server that repeats what it was sent is not quoted.
#[expect(clippy::disallowed_methods, reason = "the secret is looked for in the answer")]
fn read(asked: Asked, response: &Response, sent: Option<&Secret<String>>) -> Result<Map<String, Value>, StrategyError> {
    if !response.status.is_success() {
        let mut needles = Needles::default();
        if let Some(sent) = sent {
            needles.add(sent.expose());
        }
        return Err(fault::of_answer(asked, response, Some(&needles)));
    }
    object(asked, &response.body)
}

/// The members of a JSON object.
pub(super) fn object(asked: Asked, body: &[u8]) -> Result<Map<String, Value>, StrategyError> {
    serde_json::from_slice(body).map_err(|_| fault::unreadable(asked, "its answer is not a JSON object"))
}

/// `access_token`, which must be one of the bearer kind.
pub(super) fn access_token(asked: Asked, answer: &mut Map<String, Value>) -> Result<Secret<String>, StrategyError> {
    let token = token(asked, answer.remove("access_token"))?;
    match answer.get("token_type").and_then(Value::as_str) {
        Some(kind) if !kind.eq_ignore_ascii_case("bearer") => {
            Err(fault::unreadable(asked, "its token is not of the type Bearer"))
        }
        _ => Ok(token),
    }
}

/// A text that can be sent as a token.
pub(super) fn token(asked: Asked, value: Option<Value>) -> Result<Secret<String>, StrategyError> {
    match value {
        Some(Value::String(text)) => {
            let text = Secret::new(text);
            if is_token(&text) { Ok(text) } else { Err(fault::unreadable(asked, "its token is no token")) }
        }
        _ => Err(fault::unreadable(asked, "it has no token")),
    }
}

#[expect(clippy::disallowed_methods, reason = "looks at the characters only")]
fn is_token(text: &Secret<String>) -> bool {
    let text = text.expose();
    (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// When a token ends by its `expires_in`; none if the answer does not say.
pub(super) fn expires_at(
    asked: Asked,
    answer: &Map<String, Value>,
    sent_at: UnixMillis,
) -> Result<Option<UnixMillis>, StrategyError> {
    let seconds = match answer.get("expires_in") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
    };
    match seconds.filter(|seconds| (1..=MAX_LIFE_SECONDS).contains(seconds)).map(i64::try_from) {
        Some(Ok(seconds)) => Ok(Some(sent_at.plus_seconds(seconds))),
        _ => Err(fault::unreadable(asked, "the life of its token is no number of seconds")),
    }
}

/// A token whose life must be said. Counted from before the request, so that it is never too long.
pub(super) fn wide_token(
    asked: Asked,
    mut answer: Map<String, Value>,
    sent_at: UnixMillis,
) -> Result<WideToken, StrategyError> {
    let expires_at = expires_at(asked, &answer, sent_at)?
        .ok_or_else(|| fault::unreadable(asked, "it does not say how long its token lives"))?;
    Ok(WideToken { token: access_token(asked, &mut answer)?, expires_at })
}
