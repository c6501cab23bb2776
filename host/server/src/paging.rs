//! `limit` and `offset` of management lists.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use pangolin_store::OffsetPage;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;

/// Default and largest page.
const PAGE: (usize, usize) = (100, 1000);

/// A page of a management list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging(pub(crate) OffsetPage);

/// The parameters as the document shows them.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// 100 if absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    #[param(minimum = 0)]
    offset: Option<usize>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Query(raw) = Query::<PageParams>::from_request_parts(parts, state)
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

/// A page by texts that are read one by one, so that the answer names the one that is wrong.
pub(crate) fn page(limit: Option<&str>, offset: Option<&str>) -> Result<OffsetPage, ApiError> {
    let number = |field: &str, text: Option<&str>| {
        let read = |text: &str| text.parse::<usize>().map_err(|_| ApiError::bad_request(field, "a whole number"));
        text.map(read).transpose()
    };
    let limit = number("limit", limit)?.unwrap_or(PAGE.0);
    let offset = number("offset", offset)?.unwrap_or(0);
    if (1..=PAGE.1).contains(&limit) {
        Ok(OffsetPage { limit, offset })
    } else {
        Err(ApiError::bad_request("limit", format!("between 1 and {}", PAGE.1)))
    }
}
