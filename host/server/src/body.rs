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
        let bytes = read(request, state).await?;
        Ok(Self { bytes, is_json })
    }
}

/// All bytes of a body, as many as the host accepts.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        let status = rejection.status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::new(status, "too-large", "the body is larger than the host accepts")
        } else {
            ApiError::new(StatusCode::BAD_REQUEST, "bad-request", "the body could not be read")
        }
    })
}

impl Body {
    /// A body without a content type.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self { bytes: Bytes::copy_from_slice(text.as_bytes()), is_json: false }
    }

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
        if self.bytes.is_empty() {
            return Err(ApiError::bad_request("", "the body is empty, and this route takes a JSON object"));
        }
        let value: serde_json::Value = serde_json::from_slice(&self.bytes).map_err(|error| {
            ApiError::bad_request(
                "",
                format!("the body is not JSON (line {}, column {})", error.line(), error.column()),
            )
        })?;
        // Serde takes a list for a struct, field by field.
        if !value.is_object() {
            return Err(ApiError::unprocessable("", "the body is a JSON object"));
        }
        // PostgreSQL has no NUL in text.
        if has_nul(&value) {
            return Err(ApiError::unprocessable("", "the body has a NUL character in a text"));
        }
        serde_path_to_error::deserialize(value).map_err(|error| {
            let message = without_values(&error.inner().to_string());
            // A field that is missing or unknown stands in the message.
            let path = error.path().to_string();
            let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
            let place = match unknown {
                Some((name, _)) => path.strip_suffix(name).unwrap_or(&path).trim_end_matches('.'),
                None => &path,
            };
            let place = if place.starts_with(|c: char| c.is_ascii_alphabetic()) { place } else { "" };
            ApiError::unprocessable(place, plain(&message))
        })
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// The words of libraries on what a caller gave, in the caller's own.
fn plain(message: &str) -> String {
    if message.starts_with("UUID parsing failed") {
        return "must be an identifier (a UUID), not a name".to_owned();
    }
    match message.split_once(", expected ") {
        Some((before, rest)) if rest.starts_with("struct ") || rest.starts_with("internally tagged enum ") => {
            format!("{before}, expected a JSON object")
        }
        _ => message.to_owned(),
    }
}

fn has_nul(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Serde quotes a wrong value as `string "…"` or `integer …`; what stands there may be a secret.
fn without_values(text: &str) -> String {
    let mut text = text.to_owned();
    for (kind, quote) in [("string", '"'), ("integer", '`'), ("floating point", '`')] {
        if let Some((before, after)) = text.split_once(&format!("{kind} {quote}")) {
            let rest = after.rsplit_once(quote).map_or("", |(_, rest)| rest);
            text = format!("{before}{kind}{rest}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Asked {
        #[expect(dead_code, reason = "only the refusals are looked at")]
        role_id: uuid::Uuid,
    }

    fn refusal(text: &'static str) -> String {
        let body = Body { bytes: Bytes::from_static(text.as_bytes()), is_json: true };
        body.json::<Asked>().unwrap_err().detail
    }

    #[test]
    fn a_refusal_names_the_field_once() {
        assert!(refusal(r#"{"role-id": "Reader"}"#).starts_with("role-id: must be an identifier"));
        assert_eq!(refusal("{}"), "missing field `role-id`");
        assert!(refusal(r#"{"role": "Reader"}"#).starts_with("unknown field `role`"));
        assert!(refusal("").starts_with("the body is empty"));
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only the refusals are looked at")]
        #[serde(default)]
        inner: Vec<Asked>,
    }

    fn outer(text: &'static str) -> String {
        let body = Body { bytes: Bytes::from_static(text.as_bytes()), is_json: true };
        body.json::<Outer>().unwrap_err().detail
    }

    #[test]
    fn a_refusal_says_where_a_field_is_missing_or_unknown() {
        assert_eq!(outer(r#"{"inner": [{}]}"#), "inner[0]: missing field `role-id`");
        assert!(outer(r#"{"inner": [{"role": 1}]}"#).starts_with("inner[0]: unknown field `role`"));
        assert_eq!(outer(r#"{"inner": ["x"]}"#), "inner[0]: invalid type: string, expected a JSON object");
        assert!(outer(r#"{"outer": 1}"#).starts_with("unknown field `outer`"));
    }

    #[test]
    fn a_wrong_value_is_not_quoted() {
        let error = serde_json::from_str::<u32>("\"hunter2\"").unwrap_err().to_string();
        assert!(error.contains("hunter2"));
        assert!(!without_values(&error).contains("hunter2"));
        assert!(without_values(&error).contains("expected u32"));
        for number in ["12345678", "1234.5678"] {
            let error = serde_json::from_str::<String>(number).unwrap_err().to_string();
            assert!(error.contains("1234"));
            assert!(!without_values(&error).contains("1234"));
            assert!(without_values(&error).contains("expected a string"));
        }
    }
}
