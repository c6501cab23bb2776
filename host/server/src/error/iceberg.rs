//! The error envelope of the Iceberg REST specification:
//! `{"error": {"message", "type", "code"}}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::ApiError;

/// An error under `/v1`.
#[derive(Debug)]
pub(crate) struct IcebergError {
    pub(crate) error: ApiError,
    /// The exception name that clients switch on, where the status alone does not say it.
    pub(crate) kind: Option<&'static str>,
}

impl<E: Into<ApiError>> From<E> for IcebergError {
    fn from(error: E) -> Self {
        Self { error: error.into(), kind: None }
    }
}

/// The exception that the specification names for a status.
fn kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 | 413 | 415 | 422 => "BadRequestException",
        401 => "NotAuthorizedException",
        403 => "ForbiddenException",
        404 => "NotFoundException",
        405 | 406 => "UnsupportedOperationException",
        409 => "CommitFailedException",
        429 => "TooManyRequestsException",
        502 => "BadGatewayException",
        503 => "ServiceUnavailableException",
        _ => "InternalServerError",
    }
}

impl IntoResponse for IcebergError {
    fn into_response(self) -> Response {
        let Self { error, kind } = self;
        let message = match error.log() {
            Some(id) => format!("{} (error id {id})", error.detail),
            None => error.detail.clone(),
        };
        let body = json!({"error": {
            "message": message,
            "type": kind.unwrap_or_else(|| kind_of(error.status)),
            "code": error.status.as_u16(),
            "reason": error.code,
        }});
        let mut response = (error.status, body.to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        error.add_headers(&mut response);
        response
    }
}
