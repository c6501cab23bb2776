//! Reading the audit trail: Root all of it, an administrator that of the own tenant.

mod entry;
mod filter;
mod refusals;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use pangolin_core::id::{AuditId, TenantId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::entry::AuditLogEntry;
use self::filter::AuditQuery;
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit)).routes(routes!(count_audit)).routes(routes!(get_audit))
}

/// How many rows.
#[derive(Debug, Serialize, ToSchema)]
struct AuditCount {
    count: u64,
}

/// Lists rows, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Vec<AuditLogEntry>), (status = 400, description = "a filter is wrong"), (status = 403)))]
async fn list_audit(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<Vec<AuditLogEntry>>, ApiError> {
    let own = readable(&state, &caller).await?;
    let query = filter::read(query)?;
    let rows = state.store.audit_query(&query.filter(own)?, &query.page()?).await?;
    Ok(Json(rows.into_iter().map(AuditLogEntry::from).collect()))
}

/// Counts rows.
#[utoipa::path(get, path = "/api/v1/audit/count", tag = "audit", params(AuditQuery),
    responses((status = 200, body = AuditCount), (status = 400), (status = 403)))]
async fn count_audit(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditCount>, ApiError> {
    let own = readable(&state, &caller).await?;
    let count = state.store.audit_count(&filter::read(query)?.filter(own)?).await?;
    Ok(Json(AuditCount { count }))
}

/// Shows one row.
#[utoipa::path(get, path = "/api/v1/audit/{id}", tag = "audit", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = AuditLogEntry), (status = 403), (status = 404)))]
async fn get_audit(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AuditLogEntry>, ApiError> {
    let own = readable(&state, &caller).await?;
    let missing = || ApiError::not_found("audit row");
    let id: AuditId = id.parse().map_err(|_| missing())?;
    Ok(Json(state.store.audit_event(own, id).await?.ok_or_else(missing)?.into()))
}

/// The tenant whose rows the caller may read; none: all. Root may narrow it by header.
async fn readable(state: &AppState, caller: &Caller) -> Result<Option<TenantId>, ApiError> {
    let event = Event::new("read_audit", "audit");
    let own = state.attempt(caller, &event, async { caller.require_admin_or_root() }).await?;
    Ok(own.or(caller.named_tenant))
}
