//! `limit` and `offset` of management lists.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use pangolin_store::OffsetPage;
use serde::Deserialize;

use crate::error::ApiError;

/// Default and largest page.
const PAGE: (usize, usize) = (100, 1000);

/// A page of a management list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging(pub(crate) OffsetPage);

#[derive(Deserialize)]
struct Raw {
    limit: Option<usize>,
    offset: Option<usize>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Query(raw) = Query::<Raw>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::bad_request("limit", "limit and offset are whole numbers, not negative"))?;
        let limit = raw.limit.unwrap_or(PAGE.0);
        let offset = raw.offset.unwrap_or(0);
        if !(1..=PAGE.1).contains(&limit) {
            return Err(ApiError::bad_request("limit", format!("limit is between 1 and {}", PAGE.1)));
        }
        Ok(Self(OffsetPage { limit, offset }))
    }
}
