//! Puts the SDK behind the egress client.

use std::time::Duration;

use aws_sdk_sts::config::RuntimeComponents;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use pangolin_egress::{EgressClient, EgressError, Limits, Request};
use url::Url;

/// Where the SDK sets no bound.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer of STS, of a metadata service, or of a credentials endpoint has a few kilobytes.
const MAX_ANSWER: u64 = 256 * 1024;

/// The SDK's HTTP client.
#[derive(Debug, Clone)]
pub(super) struct EgressHttp {
    client: EgressClient,
}

impl EgressHttp {
    pub(super) fn new(client: EgressClient) -> Self {
        Self { client }
    }
}

impl HttpClient for EgressHttp {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let timeout = match (settings.connect_timeout(), settings.read_timeout()) {
            (connect, Some(read)) => read + connect.unwrap_or_default(),
            // A metadata service that is not there is found out by its short connect timeout.
            (Some(connect), None) => connect,
            (None, None) => TIMEOUT,
        };
        SharedHttpConnector::new(Connector { client: self.client.clone(), timeout })
    }
}

#[derive(Debug)]
struct Connector {
    client: EgressClient,
    timeout: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client.clone();
        let limits = Limits { timeout: self.timeout, max_response_bytes: MAX_ANSWER };
        HttpConnectorFuture::new(async move {
            let request = outgoing(request)?;
            let answer = client.execute(request, limits).await.map_err(connector_error)?;
            let mut response = http::Response::new(SdkBody::from(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn outgoing(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let url = Url::parse(&parts.uri.to_string()).map_err(|error| ConnectorError::user(error.into()))?;
    let body =
        body.bytes().map(Bytes::copy_from_slice).ok_or_else(|| ConnectorError::user("body is a stream".into()))?;
    let mut headers = parts.headers;
    // The client writes its own.
    headers.remove(http::header::CONTENT_LENGTH);
    headers.remove(http::header::HOST);
    Ok(Request { method: parts.method, url, headers, body })
}

/// What may be tried again is told apart from what will never work.
fn connector_error(error: EgressError) -> ConnectorError {
    match error {
        EgressError::Timeout { .. } => ConnectorError::timeout(error.into()),
        EgressError::Connect { .. } | EgressError::Protocol { .. } | EgressError::Dns { .. } => {
            ConnectorError::io(error.into())
        }
        EgressError::Denied(_) | EgressError::Tls { .. } | EgressError::TooLarge { .. } | EgressError::Setup(_) => {
            ConnectorError::user(error.into())
        }
    }
}
