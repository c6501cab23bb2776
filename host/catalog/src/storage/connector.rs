//! object_store's HTTP through the egress policy.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use pangolin_egress::{EgressClient, EgressError, Limits, Request};
use url::Url;

use super::MAX_METADATA_BYTES;

/// The longest exchange.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What is answered to a write or a removal is a word, or a fault.
const MAX_WORD_BYTES: u64 = 256 * 1024;

/// Makes clients that ask the egress policy before every request.
#[derive(Debug, Clone)]
pub(super) struct EgressConnector(pub(super) EgressClient);

impl HttpConnector for EgressConnector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for EgressConnector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let body = body.collect().await?.to_bytes();
        let request = Request { method: parts.method, url, headers: parts.headers, body };
        let limits = limits(&request.method);
        let answer = self.0.execute(request, limits).await.map_err(fault)?;
        let mut response = HttpResponse::new(HttpResponseBody::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// A tenant names the store, and every answer is held in memory.
fn limits(method: &Method) -> Limits {
    let max_response_bytes = if *method == Method::GET { MAX_METADATA_BYTES } else { MAX_WORD_BYTES };
    Limits { timeout: TIMEOUT, max_response_bytes }
}

/// What may be tried again is for object_store to decide.
fn fault(error: EgressError) -> HttpError {
    let kind = match &error {
        EgressError::Connect { .. } | EgressError::Tls { .. } | EgressError::Dns { .. } => HttpErrorKind::Connect,
        EgressError::Timeout { .. } => HttpErrorKind::Timeout,
        EgressError::Protocol { .. } => HttpErrorKind::Request,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}
