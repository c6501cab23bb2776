//! Request bodies, held until the caller's rights are known and only then judged.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A body with its content type, not yet read.
pub(crate) struct Body {
    bytes: Bytes,
    is_json: bool,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|essence| {
                let essence = essence.trim().to_ascii_lowercase();
                essence == "application/json" || essence.ends_with("+json")
            });
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status();
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(status, "too-large", "the body is larger than the host accepts")
            } else {
                ApiError::new(StatusCode::BAD_REQUEST, "bad-request", "the body could not be read")
            }
        })?;
        Ok(Self { bytes, is_json })
    }
}

impl Body {
    /// Reads JSON of the content type `application/json`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if self.is_json {
            self.json_any_type()
        } else {
            Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                "send the body with 'Content-Type: application/json'",
            ))
        }
    }

    /// Reads JSON whatever the content type says: login and token requests only.
    pub(crate) fn json_any_type<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        // Form and shape are told apart: the first is a 400, the second a 422. The serde texts name
        // fields and types, and a value only where it is of the wrong type: never a secret string.
        let value: serde_json::Value = serde_json::from_slice(&self.bytes).map_err(|error| {
            ApiError::bad_request(
                "",
                format!("the body is not JSON (line {}, column {})", error.line(), error.column()),
            )
        })?;
        serde_json::from_value(value).map_err(|error| ApiError::unprocessable("", without_values(&error.to_string())))
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Serde quotes a wrong value as `string "…"`; what stands between the quotes may be a secret.
fn without_values(text: &str) -> String {
    match text.split_once("string \"") {
        Some((before, after)) => {
            let rest = after.rsplit_once('"').map_or("", |(_, rest)| rest);
            format!("{before}string{rest}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_not_quoted() {
        let error = serde_json::from_str::<u32>("\"hunter2\"").unwrap_err().to_string();
        assert!(error.contains("hunter2"));
        assert!(!without_values(&error).contains("hunter2"));
        assert!(without_values(&error).contains("expected u32"));
    }
}
