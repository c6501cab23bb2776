//! Refusals of the token endpoint, in the form of RFC 6749 §5.2 that Iceberg's clients parse.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::ApiError;

/// What the client is asked for when it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Challenge {
    /// `client_id` and `client_secret`.
    Basic,
    /// A token.
    Bearer,
}

/// A refusal.
#[derive(Debug)]
pub(super) struct OAuthError {
    error: Box<ApiError>,
    /// The error code of the RFC.
    pub(super) code: &'static str,
    challenge: Challenge,
}

impl OAuthError {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self { error: Box::new(ApiError::new(status, code, description)), code, challenge: Challenge::Basic }
    }

    /// The request is missing something, has something twice, or is malformed.
    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// Whatever is wrong with the client's authentication: one text, which tells nothing.
    pub(super) fn invalid_client(challenge: Challenge) -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "invalid_client", "client authentication failed");
        Self { challenge, ..error }
    }

    pub(super) fn invalid_scope(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    pub(super) fn unsupported_grant_type() -> Self {
        let description = "grant_type is client_credentials or urn:ietf:params:oauth:grant-type:token-exchange";
        Self::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", description)
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.error.status
    }

    /// What the audit trail says of it.
    pub(super) fn description(&self) -> &str {
        &self.error.detail
    }
}

/// What happens to any request: the RFC has no code for it, so these are the ones of its
/// authorization endpoint.
impl<E: Into<ApiError>> From<E> for OAuthError {
    fn from(error: E) -> Self {
        let error = error.into();
        let code = match error.status.as_u16() {
            429 | 503 => "temporarily_unavailable",
            400..=499 => "invalid_request",
            _ => "server_error",
        };
        Self { error: Box::new(error), code, challenge: Challenge::Basic }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let Self { error, code, challenge } = self;
        let description = match error.log() {
            Some(id) => format!("{} (error id {id})", error.detail),
            None => error.detail.clone(),
        };
        let body = json!({"error": code, "error_description": description});
        let mut response = (error.status, body.to_string()).into_response();
        error.add_headers(&mut response);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if error.status == StatusCode::UNAUTHORIZED && challenge == Challenge::Basic {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"pangolin\""));
        }
        response
    }
}
