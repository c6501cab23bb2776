//! Filters of the list. One that cannot be read is refused: to ignore it would show too much.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use pangolin_core::revocation::RevokedKind;
use pangolin_store::{OffsetPage, RevocationFilter};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::paging;

/// What to show. All texts: each is read by itself, so that the answer names the one that is wrong.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct RevocationQuery {
    /// `principal`, `warehouse` or `table`.
    #[param(pattern = "^(principal|warehouse|table)$")]
    kind: Option<String>,
    /// `true`: those that stand; `false`: those that were lifted.
    #[param(pattern = "^(true|false)$")]
    standing: Option<String>,
    /// At most 1000; 100 if absent.
    #[param(pattern = "^(1000|[1-9][0-9]{0,2})$")]
    limit: Option<String>,
    #[param(pattern = "^[0-9]{1,9}$")]
    offset: Option<String>,
}

/// The query of a request.
pub(super) fn read(query: Result<Query<RevocationQuery>, QueryRejection>) -> Result<RevocationQuery, ApiError> {
    query.map(|Query(query)| query).map_err(|rejection| ApiError::bad_request("", rejection.body_text()))
}

impl RevocationQuery {
    pub(super) fn filter(&self) -> Result<RevocationFilter, ApiError> {
        Ok(RevocationFilter {
            tenant: None,
            kind: self.kind.as_deref().map(kind).transpose()?,
            standing: self.standing.as_deref().map(standing).transpose()?,
        })
    }

    pub(super) fn page(&self) -> Result<OffsetPage, ApiError> {
        paging::page(self.limit.as_deref(), self.offset.as_deref())
    }
}

fn kind(text: &str) -> Result<RevokedKind, ApiError> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|_| ApiError::bad_request("kind", "principal, warehouse or table"))
}

fn standing(text: &str) -> Result<bool, ApiError> {
    text.parse().map_err(|_| ApiError::bad_request("standing", "true or false"))
}
