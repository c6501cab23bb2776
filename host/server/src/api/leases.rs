//! Leases: what the host minted and ends itself. An administrator of the tenant sees and ends them.

mod query;
mod wire;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use pangolin_core::id::LeaseId;
use pangolin_core::ports::LeaseBook as _;
use pangolin_core::vend::{LeaseActor, LeaseEnd};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::query::LeaseQuery;
use self::wire::{LeaseView, RevokedView};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_leases)).routes(routes!(get_lease)).routes(routes!(revoke_lease))
}

/// Lists the leases of the own tenant, the newest first. Settled ones are shown for 30 days.
#[utoipa::path(get, path = "/api/v1/leases", tag = "leases", params(LeaseQuery),
    responses((status = 200, body = Vec<LeaseView>), (status = 400, description = "a filter is wrong"), (status = 403)))]
async fn list_leases(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<LeaseQuery>, QueryRejection>,
) -> Result<Json<Vec<LeaseView>>, ApiError> {
    let event = Event::new("list_leases", "lease");
    let tenant = state.attempt(&caller, &event, async { caller.require_tenant_admin() }).await?;
    let query = query::read(query)?;
    let leases = state.store.list_leases(tenant, &query.filter()?, &query.page()?).await?;
    Ok(Json(leases.into_iter().map(LeaseView::from).collect()))
}

/// Shows one lease.
#[utoipa::path(get, path = "/api/v1/leases/{id}", tag = "leases", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = LeaseView), (status = 403), (status = 404)))]
async fn get_lease(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LeaseView>, ApiError> {
    let event = Event::new("get_lease", "lease").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        state.store.lease(tenant, parse(&id)?).await?.ok_or_else(missing)
    };
    Ok(Json(state.attempt(&caller, &event, work).await?.into()))
}

/// Ends a lease now. It is handed out no more, whatever the answer; 202: the store did not end it
/// yet, and the host tries again.
#[utoipa::path(post, path = "/api/v1/leases/{id}/revoke", tag = "leases", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = RevokedView), (status = 202, body = RevokedView), (status = 403), (status = 404)))]
async fn revoke_lease(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<RevokedView>), ApiError> {
    let event = Event::new("revoke_lease", "lease").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let actor = LeaseActor {
            user_id: caller.principal.user_id,
            name: caller.principal.username.to_string(),
            context: caller.context.clone(),
        };
        // What the host does about it is recorded where it does it.
        state.vending.end_lease(tenant, parse(&id)?, actor).await?.ok_or_else(missing)
    };
    let (lease, end) = state.attempt(&caller, &event, work).await?;
    let (status, reason) = match end {
        LeaseEnd::Ended => (StatusCode::OK, None),
        LeaseEnd::NotYet(reason) => (StatusCode::ACCEPTED, Some(reason)),
    };
    Ok((status, Json(RevokedView { lease: lease.into(), reason })))
}

fn parse(id: &str) -> Result<LeaseId, ApiError> {
    id.parse().map_err(|_| missing())
}

fn missing() -> ApiError {
    ApiError::not_found("lease")
}
