//! Reading the audit trail: Root all of it, an administrator that of the own tenant.

mod entry;
mod export;
mod filter;
pub(crate) mod line;
mod refusals;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{OriginalUri, Query, State};
use axum::http::header::{HeaderName, LINK};
use axum::response::AppendHeaders;
use pangolin_core::id::{AuditId, TenantId};
use pangolin_core::ports::StoreError;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::entry::AuditLogEntry;
pub(crate) use self::filter::AuditQuery;
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_audit))
        .routes(routes!(count_audit))
        .routes(routes!(export::export_audit))
        .routes(routes!(get_audit))
}

/// How many rows.
#[derive(Debug, Serialize, ToSchema)]
struct AuditCount {
    count: u64,
}

/// Lists rows, the newest first. A full page has a `Link` header to the rows after it.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Vec<AuditLogEntry>), (status = 400, description = "a filter is wrong"), (status = 403)))]
async fn list_audit(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<(AppendHeaders<Vec<(HeaderName, String)>>, Json<Vec<AuditLogEntry>>), ApiError> {
    let own = readable(&state, &caller, Event::new("read_audit", "audit")).await?;
    let query = filter::read(query)?;
    let page = query.page()?;
    let rows = state.store.audit_query(&query.filter(own)?, &page).await.map_err(|error| match error {
        StoreError::NotFound(_) if page.before.is_some() => ApiError::bad_request("before", "no such row"),
        error => error.into(),
    })?;
    let next = rows.last().filter(|_| rows.len() == page.part.limit).map(|last| (LINK, filter::next(&uri, last.id)));
    let rows = rows.into_iter().map(AuditLogEntry::from).collect();
    Ok((AppendHeaders(next.into_iter().collect()), Json(rows)))
}

/// Counts rows.
#[utoipa::path(get, path = "/api/v1/audit/count", tag = "audit", params(AuditQuery),
    responses((status = 200, body = AuditCount), (status = 400), (status = 403)))]
async fn count_audit(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditCount>, ApiError> {
    let own = readable(&state, &caller, Event::new("read_audit", "audit")).await?;
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
    let own = readable(&state, &caller, Event::new("read_audit", "audit").of_path(&id)).await?;
    let missing = || ApiError::not_found("audit row");
    let id: AuditId = id.parse().map_err(|_| missing())?;
    Ok(Json(state.store.audit_event(own, id).await?.ok_or_else(missing)?.into()))
}

/// The tenant whose rows the caller may read; none: all. Root may narrow it by header.
async fn readable(state: &AppState, caller: &Caller, event: Event) -> Result<Option<TenantId>, ApiError> {
    let own = state.attempt(caller, &event, async { caller.require_admin_or_root() }).await?;
    Ok(own.or(caller.named_tenant))
}
