//! RFC 9457 problem details.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::ApiError;

impl ApiError {
    /// Logs a fault of the host once and returns the id that the caller gets.
    pub(crate) fn log(&self) -> Option<String> {
        if !self.status.is_server_error() {
            return None;
        }
        let id = uuid::Uuid::now_v7().simple().to_string();
        tracing::error!(error_id = %id, status = self.status.as_u16(), code = %self.code, detail = %self.detail,
            cause = self.cause.as_deref().unwrap_or(""), "request failed");
        Some(id)
    }

    /// Headers that go with the status whatever the body's form.
    pub(crate) fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error_id = self.log();
        let mut body = json!({
            "type": format!("urn:pangolin:error:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(map) = body.as_object_mut() {
            if !self.problems.is_empty() {
                map.insert("errors".to_owned(), json!(self.problems));
            }
            if let Some(id) = error_id {
                map.insert("error_id".to_owned(), json!(id));
            }
        }
        let mut response = (self.status, body.to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.add_headers(&mut response);
        response
    }
}
