//! The server's error and the only status table. RFC 9457 problem details under `/api`, the
//! Iceberg envelope under `/v1`.

pub(crate) mod iceberg;
mod problem;
mod status;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// One thing wrong with a request.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct FieldProblem {
    /// The field, or empty.
    pub(crate) field: String,
    /// What is wrong and how to mend it.
    pub(crate) message: String,
}

/// An answer other than success. `detail` is for the caller; `cause` goes to the log once.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) problems: Vec<FieldProblem>,
    pub(crate) retry_after_seconds: Option<u64>,
    pub(crate) cause: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            problems: Vec::new(),
            retry_after_seconds: None,
            cause: None,
        }
    }

    pub(crate) fn unauthorised(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorised", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// A thing that does not exist, or that the caller may not know of: the text is the same.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("{what} not found"))
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    pub(crate) fn bad_request(field: &str, message: impl Into<String>) -> Self {
        Self::field(StatusCode::BAD_REQUEST, "bad-request", field, message)
    }

    pub(crate) fn unprocessable(field: &str, message: impl Into<String>) -> Self {
        Self::field(StatusCode::UNPROCESSABLE_ENTITY, "invalid", field, message)
    }

    /// Everything that is wrong, at once.
    pub(crate) fn problems(problems: impl IntoIterator<Item = (String, String)>) -> Self {
        let problems: Vec<FieldProblem> =
            problems.into_iter().map(|(field, message)| FieldProblem { field, message }).collect();
        let detail =
            problems.iter().map(|problem| said(&problem.field, &problem.message)).collect::<Vec<_>>().join("; ");
        Self { problems, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) }
    }

    pub(crate) fn too_many(retry_after_seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-attempts",
                format!("too many failed attempts; try again in {retry_after_seconds} s"),
            )
        }
    }

    /// A fault of the host. The caller gets an error id, the log gets the cause under that id.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the host failed; quote the error id to the operator",
            )
        }
    }

    /// The answer in the form of the API that `path` belongs to.
    pub(crate) fn in_form_of(self, path: &str) -> Response {
        if path.starts_with("/v1/") { iceberg::IcebergError::from(self).into_response() } else { self.into_response() }
    }

    fn field(status: StatusCode, code: &str, field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let detail = said(field, &message);
        Self { problems: vec![FieldProblem { field: field.to_owned(), message }], ..Self::new(status, code, detail) }
    }
}

/// A problem as one text. Messages that begin with the field do not name it twice.
fn said(field: &str, message: &str) -> String {
    match message.strip_prefix(field) {
        Some(rest) if field.is_empty() || rest.starts_with(' ') => message.to_owned(),
        _ => format!("{field}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_names_each_field_once() {
        let problems = [("bucket", "bucket is missing"), ("role", "role_arn is wrong"), ("", "no JSON")];
        let error = ApiError::problems(problems.map(|(field, message)| (field.to_owned(), message.to_owned())));
        assert_eq!(error.detail, "bucket is missing; role: role_arn is wrong; no JSON");
    }
}
