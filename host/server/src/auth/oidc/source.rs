//! Where an issuer's keys come from: its discovery document, and the keys that this points to.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pangolin_core::egress::EgressDenied;
use pangolin_egress::{EgressClient, EgressError, Limits, Request, Response};
use serde::Deserialize;
use url::Url;

use super::freshness::fresh_ms;
use super::keys::{KeySet, NoKeys};
use crate::config::IssuerSettings;

/// Bounds of each of the two requests.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_DISCOVERY_BYTES: u64 = 64 * 1024;
const MAX_KEYS_BYTES: u64 = 256 * 1024;

/// Why there are no keys. No text holds more of the issuer's answer than a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("{what} was answered by status {status}")]
    Status { what: &'static str, status: StatusCode },
    #[error("the discovery document is not JSON with 'issuer' and 'jwks_uri'")]
    Discovery,
    #[error("the discovery document is of another issuer")]
    OtherIssuer,
    #[error("the jwks_uri of the discovery document is refused: {0}")]
    KeysUrl(EgressDenied),
    #[error("the jwks_uri of the discovery document is without TLS, and the issuer is not")]
    Downgrade,
    #[error(transparent)]
    Keys(#[from] NoKeys),
}

/// An issuer as a server.
#[derive(Debug, Clone)]
pub(super) struct Source {
    client: EgressClient,
    issuer: String,
    discovery: Result<Url, EgressDenied>,
}

/// Keys, and for how long they count as new.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    pub(super) fresh_ms: i64,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Source {
    pub(super) fn new(client: EgressClient, settings: &IssuerSettings) -> Self {
        // OpenID Connect Discovery §4.1: a slash at the end goes.
        let text = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
        let discovery = text.parse().map_err(|_| EgressDenied::Malformed);
        Self { client, issuer: settings.issuer.clone(), discovery }
    }

    /// The issuer's name.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys as they are now.
    pub(super) async fn keys(&self) -> Result<Fetched, NoAnswer> {
        let url = self.discovery.clone().map_err(EgressError::Denied)?;
        let with_tls = url.scheme() == "https";
        let document = self.get("the discovery document", url, MAX_DISCOVERY_BYTES).await?;
        let found: Discovery = serde_json::from_slice(&document.body).map_err(|_| NoAnswer::Discovery)?;
        if found.issuer != self.issuer {
            return Err(NoAnswer::OtherIssuer);
        }
        // The issuer names this URL, not the operator: it is judged like a tenant's.
        let url = match self.client.policy() {
            Some(policy) => policy.check_url(&found.jwks_uri).map_err(NoAnswer::KeysUrl)?,
            None => found.jwks_uri.parse().map_err(|_| NoAnswer::KeysUrl(EgressDenied::Malformed))?,
        };
        if with_tls && url.scheme() != "https" {
            return Err(NoAnswer::Downgrade);
        }
        let answer = self.get("the key set", url, MAX_KEYS_BYTES).await?;
        Ok(Fetched { keys: KeySet::parse(&answer.body)?, fresh_ms: fresh_ms(&answer.headers) })
    }

    async fn get(&self, what: &'static str, url: Url, max_response_bytes: u64) -> Result<Response, NoAnswer> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let request = Request { method: Method::GET, url, headers, body: Bytes::new() };
        let answer = self.client.execute(request, Limits { timeout: TIMEOUT, max_response_bytes }).await?;
        // A redirect is no answer: who the issuer is was the operator's word.
        if answer.status == StatusCode::OK { Ok(answer) } else { Err(NoAnswer::Status { what, status: answer.status }) }
    }
}
