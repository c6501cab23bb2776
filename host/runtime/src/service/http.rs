//! `http`: requests of a guest, through grants, egress policy and bounds. Secrets are put in after
//! the guest has let go of the request, and are looked for in the answer before it gets it.

mod auth;
mod capture;
mod failure;
mod headers;
mod json;
mod shown;
#[cfg(test)]
mod tests;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Method};
use pangolin_core::clock::Clock;
use pangolin_core::egress::host_granted;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::SecretUse;
use pangolin_egress::{EgressClient, Limits, Request, Response};
use tokio::time::Instant;
use url::Url;

pub(crate) use self::auth::HttpAuth;
pub(crate) use self::capture::Captured;
pub(crate) use self::failure::{HttpFailure, HttpFailureKind};
use super::leak::Needles;
use super::{server, slot};
use crate::call::Call;

/// Bytes of a URL; servers take 8 KiB.
const LONGEST_URL: usize = 16 * 1024;

/// Secrets that this request did not send are looked for if they are longer than words.
const NO_WORD: usize = 12;

/// A request as a guest gives it.
#[derive(Debug, Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) auth: HttpAuth,
    /// Slot and JSON pointer of what is taken out of the answer.
    pub(crate) captures: Vec<(String, String)>,
    /// Field of the configuration with certificates to trust.
    pub(crate) trust: Option<String>,
    pub(crate) timeout_ms: Option<u32>,
}

/// An answer as a guest gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The service. One per process.
#[derive(Debug)]
pub(crate) struct Http {
    egress: EgressClient,
    clock: Arc<dyn Clock>,
}

impl Http {
    pub(crate) fn new(egress: EgressClient, clock: Arc<dyn Clock>) -> Self {
        Self { egress, clock }
    }

    /// Sends one request. What it cost is taken off the call's bounds.
    #[tracing::instrument(name = "host.http.send", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn send(&self, call: &mut Call, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        if !call.may_send {
            return Err(HttpFailure::denied("requests can be sent while minting and while looking after leases only"));
        }
        let method = self.method(&request.method)?;
        let url = self.url(&request.url)?;
        require_grant(call, &url)?;
        let headers = headers::checked(&request.headers)?;
        if request.auth.is_sent_as_it_is() {
            headers::check_whole(&headers)?;
        }
        let client = trust::client(&self.egress, call, request.trust.as_deref())?;
        capture::check(call, &url, &request.captures)?;
        // Before the search for secrets, which costs as much as there is to look through.
        charge_request(call, &request)?;
        require_no_secret(call, &request)?;
        for slot in request.auth.slots() {
            slot::require_host(call, slot, &url).map_err(|denied| HttpFailure::denied(denied.to_string()))?;
        }
        let timeout = timeout(call, request.timeout_ms)?;

        let rehearsed = call.dry_run.is_some().then(|| request.body.clone());
        let mut outgoing = Request { method, url: url.clone(), headers, body: Bytes::from(request.body) };
        let mut never = auth::inject(call, &request.auth, &mut outgoing, self.clock.now())?;
        if let Some(body) = rehearsed {
            // What authenticates it was put in and judged, and is dropped with the request.
            let ask = shown::request(&outgoing, &body, &request.auth, &request.captures, request.trust.as_deref());
            call.ends_rehearsal("http.send", || ask).map_err(|error| HttpFailure::denied(error.message))?;
            return Err(HttpFailure::dry_run());
        }
        let limits = Limits { timeout, max_response_bytes: call.http_bytes_left };
        let response = client.execute(outgoing, limits).await?;
        charge_response(call, &response);
        let captures = if response.status.is_success() { request.captures.as_slice() } else { &[] };
        let body = capture::take(call, &url, captures, &response.body, &mut never)?;
        answer(call, &response, body, never)
    }

    fn method(&self, text: &str) -> Result<Method, HttpFailure> {
        match text {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" => {
                Method::from_bytes(text.as_bytes()).map_err(|_| HttpFailure::invalid("method"))
            }
            _ => Err(HttpFailure::invalid("the method is not GET, POST, PUT, PATCH, DELETE or HEAD")),
        }
    }

    fn url(&self, text: &str) -> Result<Url, HttpFailure> {
        if text.len() > LONGEST_URL {
            return Err(HttpFailure::invalid(format!("the URL has more than {LONGEST_URL} bytes")));
        }
        match self.egress.policy() {
            Some(policy) => Ok(policy.check_url(text)?),
            None => Err(HttpFailure::denied("this host has no egress policy for guests")),
        }
    }
}

/// Refuses a server that is not among the granted ones, with what would grant it.
fn require_grant(call: &Call, url: &Url) -> Result<(), HttpFailure> {
    if host_granted(&call.hosts, &call.config, url) {
        return Ok(());
    }
    Err(HttpFailure::denied(server::not_granted(call, url, "", "")))
}

/// A guest that knows a secret of the warehouse got it by no way that the host gave it.
#[expect(clippy::disallowed_methods, reason = "values are looked for in the guest's request")]
fn require_no_secret(call: &Call, request: &HttpRequest) -> Result<(), HttpFailure> {
    let mut needles = Needles::default();
    for value in call.slots.values().chain(call.captured.values()) {
        needles.add(value.expose());
    }
    let named = match &request.auth {
        HttpAuth::Basic { user: text, .. }
        | HttpAuth::Authorization { scheme: text, .. }
        | HttpAuth::JsonField { name: text, .. } => text.as_str(),
        _ => "",
    };
    let headers = request.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let mut texts = headers.chain([request.url.as_str(), named]).map(str::as_bytes).chain([request.body.as_slice()]);
    if texts.any(|text| needles.are_in(text)) {
        return Err(HttpFailure::breach("the request"));
    }
    Ok(())
}

fn charge_request(call: &mut Call, request: &HttpRequest) -> Result<(), HttpFailure> {
    call.http_calls_left = call
        .http_calls_left
        .checked_sub(1)
        .ok_or_else(|| HttpFailure::denied("this call has sent as many requests as it may"))?;
    let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let size = u64::try_from(request.url.len() + headers + request.body.len()).unwrap_or(u64::MAX);
    call.http_bytes_left = call.http_bytes_left.checked_sub(size).ok_or_else(|| HttpFailure {
        kind: HttpFailureKind::TooLarge,
        message: "the request is larger than what this call may still send and receive".to_owned(),
    })?;
    Ok(())
}

fn charge_response(call: &mut Call, response: &Response) {
    let headers: usize = response.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let size = u64::try_from(headers + response.body.len()).unwrap_or(u64::MAX);
    call.http_bytes_left = call.http_bytes_left.saturating_sub(size);
}

/// What was asked for, and never longer than what is left of the call.
fn timeout(call: &Call, asked_ms: Option<u32>) -> Result<Duration, HttpFailure> {
    let left = call.deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(HttpFailure {
            kind: HttpFailureKind::Timeout,
            message: "the time of this call is over".to_owned(),
        });
    }
    Ok(asked_ms.map_or(left, |ms| left.min(Duration::from_millis(u64::from(ms)))))
}

/// The answer, unless it repeats what was sent or taken. Cookies are nobody's business here.
#[expect(clippy::disallowed_methods, reason = "values are looked for in the answer")]
fn answer(
    call: &Call,
    response: &Response,
    body: Option<Vec<u8>>,
    mut sent: Needles,
) -> Result<HttpResponse, HttpFailure> {
    let withheld = |message: &str| HttpFailure { kind: HttpFailureKind::Protocol, message: message.to_owned() };
    for value in &call.masked {
        sent.add(value.expose());
    }
    if !sent.is_empty() && is_encoded(&response.headers) {
        return Err(withheld("the server's answer is compressed, which nobody asked for; it is withheld"));
    }
    // A server may keep what it was sent, and repeat it to a call that sends nothing.
    let mut kept = Needles::default();
    for field in call.fields.iter().filter(|field| field.secret_uses.iter().any(is_sent_by)) {
        if let Some(value) = call.slots.get(&field.name).map(Secret::expose).filter(|value| value.len() >= NO_WORD) {
            kept.add(value);
        }
    }
    let HeaderList(headers) = HeaderList::from(&response.headers);
    let body = body.unwrap_or_else(|| response.body.to_vec());
    let repeats = |needles: &Needles| {
        needles.are_in(&body)
            || headers.iter().any(|(name, value)| needles.are_in(name.as_bytes()) || needles.are_in(value.as_bytes()))
    };
    if repeats(&sent) {
        return Err(withheld("the server's answer repeats a secret that the host sent or keeps; it is withheld"));
    }
    if repeats(&kept) {
        return Err(HttpFailure::breach("the answer"));
    }
    Ok(HttpResponse { status: response.status.as_u16(), headers, body })
}

/// Whether a body is not what its bytes say.
fn is_encoded(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    encodings.into_iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Uses by which `http` sends a value as it is.
fn is_sent_by(wanted: &SecretUse) -> bool {
    matches!(
        wanted,
        SecretUse::Basic
            | SecretUse::Bearer
            | SecretUse::Header(_)
            | SecretUse::FormField(_)
            | SecretUse::JsonField(_)
            | SecretUse::Authorization(_)
    )
}

struct HeaderList(Vec<(String, String)>);

impl From<&HeaderMap> for HeaderList {
    fn from(map: &HeaderMap) -> Self {
        Self(
            map.iter()
                .filter(|(name, _)| !matches!(name.as_str(), "set-cookie" | "set-cookie2"))
                .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
        )
    }
}
