//! Filters of the list. One that cannot be read is refused: to ignore it would show too much.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use pangolin_core::lease::LeaseState;
use pangolin_store::{LeaseFilter, OffsetPage};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::paging;

/// What to show. All texts: each is read by itself, so that the answer names the one that is wrong.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct LeaseQuery {
    /// Name of the warehouse when the lease began.
    warehouse: Option<String>,
    /// `minting`, `active`, `revoking`, `revoked`, `lost` or `undecided`.
    state: Option<String>,
    /// Name of who asked first.
    principal: Option<String>,
    /// At most 1000; 100 if absent.
    limit: Option<String>,
    offset: Option<String>,
}

/// The query of a request.
pub(super) fn read(query: Result<Query<LeaseQuery>, QueryRejection>) -> Result<LeaseQuery, ApiError> {
    query.map(|Query(query)| query).map_err(|rejection| ApiError::bad_request("", rejection.body_text()))
}

impl LeaseQuery {
    pub(super) fn filter(&self) -> Result<LeaseFilter, ApiError> {
        Ok(LeaseFilter {
            warehouse: self.warehouse.clone(),
            state: self.state.as_deref().map(state).transpose()?,
            principal: self.principal.clone(),
        })
    }

    pub(super) fn page(&self) -> Result<OffsetPage, ApiError> {
        paging::page(self.limit.as_deref(), self.offset.as_deref())
    }
}

fn state(text: &str) -> Result<LeaseState, ApiError> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|_| ApiError::bad_request("state", "minting, active, revoking, revoked, lost or undecided"))
}
