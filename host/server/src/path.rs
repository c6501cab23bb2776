//! The parameters of a path, refused in the host's own form.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// As axum's own, but what is not percent-encoded UTF-8 is a problem like any other.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        // PostgreSQL has no NUL in text: nothing is called so.
        if parts.uri.path().contains("%00") {
            return Err(ApiError::bad_request("", "the path has a NUL character"));
        }
        let found = axum::extract::Path::from_request_parts(parts, state).await;
        let axum::extract::Path(found) =
            found.map_err(|_| ApiError::bad_request("", "the path is not percent-encoded UTF-8"))?;
        Ok(Self(found))
    }
}
