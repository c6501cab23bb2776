//! Where a request comes from, and what names it in audit rows, log lines and the reply.

mod client_address;
mod trace_parent;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use pangolin_core::audit::RequestContext;
use tracing::Instrument as _;

use self::client_address::client_address;
use self::trace_parent::trace_id;
use crate::state::AppState;

/// The header that names a request, in both directions.
const REQUEST_ID: &str = "x-request-id";

/// Notes once for every request where it comes from. Log lines of the request are in a span with
/// its names.
pub(crate) async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let trusted = &state.config.listen.trusted_proxies;
    let context = RequestContext {
        request_id: request_id(headers),
        trace_id: trace_id(headers),
        ip_address: peer.map(|peer| client_address(peer, headers, trusted).to_string()),
        user_agent: headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(256).collect()),
    };
    // Of the highest level, so that lines of every level have it.
    let span = tracing::error_span!("api.request", request_id = %context.request_id, trace_id = context.trace_id);
    let named = HeaderValue::from_str(&context.request_id).ok();
    request.extensions_mut().insert(context);
    let mut response = next.run(request).instrument(span).await;
    if let Some(named) = named {
        response.headers_mut().insert(REQUEST_ID, named);
    }
    response
}

/// The caller's own name for the request, if it is a plain one, or a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// What audit rows say of a request's origin.
pub(crate) fn request_context(parts: &Parts) -> RequestContext {
    parts.extensions.get::<RequestContext>().cloned().unwrap_or_default()
}

/// Extracts where a request comes from, for routes without a caller.
#[derive(Debug)]
pub(crate) struct Origin(pub(crate) RequestContext);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(request_context(parts)))
    }
}
