//! `http`: requests of a guest, through grants, egress policy and bounds. Secrets are put in after
//! the guest has let go of the request, and are looked for in the answer before it gets it.

mod auth;
mod capture;
mod failure;
mod headers;
mod json;
#[cfg(test)]
mod tests;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use pangolin_core::clock::Clock;
use pangolin_core::egress::{host_granted, wanted_host};
use pangolin_egress::{EgressClient, Limits, Request, Response};
use tokio::time::Instant;
use url::Url;

pub(crate) use self::auth::HttpAuth;
pub(crate) use self::capture::Captured;
pub(crate) use self::failure::{HttpFailure, HttpFailureKind};
use super::leak::Needles;
use super::slot;
use crate::call::Call;

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
        let client = trust::client(&self.egress, call, request.trust.as_deref())?;
        capture::check(call, &url, &request.captures)?;
        require_no_secret(call, &request)?;
        for slot in request.auth.slots() {
            slot::require_host(call, slot, &url).map_err(|denied| HttpFailure::denied(denied.to_string()))?;
        }
        charge_request(call, &request)?;
        let timeout = timeout(call, request.timeout_ms)?;

        let mut outgoing = Request { method, url: url.clone(), headers, body: Bytes::from(request.body) };
        let mut never = auth::inject(call, &request.auth, &mut outgoing, self.clock.now())?;
        let limits = Limits { timeout, max_response_bytes: call.http_bytes_left };
        let response = client.execute(outgoing, limits).await?;
        charge_response(call, &response);
        let captures = if response.status.is_success() { request.captures.as_slice() } else { &[] };
        let body = capture::take(call, &url, captures, &response.body, &mut never)?;
        answer(&response, body.unwrap_or_else(|| response.body.to_vec()), &never)
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
    let (plugin, host) = (&call.plugin, wanted_host(url));
    let port = url.port().map(|port| format!(" on port {port}")).unwrap_or_default();
    Err(HttpFailure::denied(format!(
        "plugin '{plugin}' may not reach '{host}'{port}: its description must ask for this host, and the grant file must \
         have\n[plugins.{plugin}]\nhosts = [\"{host}\"]\n(a port other than the usual one, or plain http, only by \
         \"field:<name>\" of a field whose URL has it)"
    )))
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
        return Err(HttpFailure::denied("the request holds the value of a secret; name its slot in `auth` instead"));
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

/// The answer, unless it repeats what was injected or taken. Cookies are nobody's business here.
fn answer(response: &Response, body: Vec<u8>, never: &Needles) -> Result<HttpResponse, HttpFailure> {
    let HeaderList(headers) = HeaderList::from(&response.headers);
    let repeated = never.are_in(&body)
        || headers.iter().any(|(name, value)| never.are_in(name.as_bytes()) || never.are_in(value.as_bytes()));
    if repeated {
        return Err(HttpFailure {
            kind: HttpFailureKind::Protocol,
            message: "the server's answer repeats a secret that the host sent or keeps; it is withheld".to_owned(),
        });
    }
    Ok(HttpResponse { status: response.status.as_u16(), headers, body })
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
