//! Where a request comes from.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use pangolin_core::audit::RequestContext;

/// Identifier of the request, in audit rows, log lines and the reply's `x-request-id`.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// Gives every request an identifier: the caller's own, if it is a plain one, or a new one.
    pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
        let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok()).filter(|text| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
        let id = given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
        let header = HeaderValue::from_str(&id).ok();
        request.extensions_mut().insert(Self(id));
        let mut response = next.run(request).await;
        if let Some(header) = header {
            response.headers_mut().insert("x-request-id", header);
        }
        response
    }
}

/// What audit rows say of a request's origin.
pub(crate) fn request_context(parts: &Parts) -> RequestContext {
    RequestContext {
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        trace_id: None,
        ip_address: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string()),
        user_agent: parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(256).collect()),
    }
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
