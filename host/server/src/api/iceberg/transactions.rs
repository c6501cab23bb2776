//! Commits over several tables.

use axum::extract::State;
use axum::http::StatusCode;
use pangolin_catalog::TableChange;
use pangolin_core::permission::Action;
use serde::Deserialize;

use super::request::{Place, asker, parse, to_the_end};
use super::shape;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

#[derive(Debug, Deserialize)]
struct Transaction {
    #[serde(rename = "table-changes")]
    changes: Vec<TableChange>,
}

/// Commits changes of several tables, all or none.
#[utoipa::path(post, path = "/v1/{prefix}/transactions/commit", tag = "iceberg", params(("prefix" = String, Path)),
    request_body = shape::Transaction, responses((status = 204), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn commit_transaction(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    body: Body,
) -> Result<StatusCode, IcebergError> {
    let rights = state.catalogs.check(asker(&caller), Action::Write, &place.catalog, None, None);
    let Transaction { changes } = parse(&body, rights).await?;
    to_the_end(async move { state.catalogs.commit_tables(asker(&caller), &place.catalog, changes).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
