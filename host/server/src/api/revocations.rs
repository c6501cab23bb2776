//! The kill switch: a principal, a warehouse or a table is cut off until that is lifted, and the
//! reply says what the host cannot take back. An administrator within the own tenant; Root
//! principals of any tenant, and nothing else.

mod query;
mod report;
mod target;
mod wire;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use pangolin_core::id::{RevocationId, TenantId, UserId};
use pangolin_core::revocation::{Revocation, RevokedKind};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::query::RevocationQuery;
pub(crate) use self::target::reason;
use self::wire::{Report, RevocationView, RevokeRequest};
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_revocations, revoke)).routes(routes!(get_revocation, lift_revocation))
}

/// Revokes a principal, a warehouse or a table. At once: nothing is vended, signed or written for it,
/// nothing minted before is served, a principal is not let in and its tokens end, leases are ended.
/// The reply says what is out and cannot be taken back, until when, and what would end it. 200: it
/// was revoked before, and still is.
#[utoipa::path(post, path = "/api/v1/revocations", tag = "revocations", request_body = RevokeRequest,
    responses((status = 201, body = Report), (status = 200, body = Report),
        (status = 400, description = "yourself, or Root"), (status = 403),
        (status = 404, description = "no such principal, warehouse or table"), (status = 409), (status = 422)))]
async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Report>), ApiError> {
    let asked = body.json::<RevokeRequest>();
    let event = target::event(asked.as_ref().ok());
    let wanted = state.attempt(&caller, &event, target::wanted(&state, &caller, asked)).await?;
    // A task of its own: a caller who hangs up does not leave it half done, or without its row.
    let done = tokio::spawn(async move { report::revoke(&state, &caller, wanted).await });
    let (report, stood) = done.await.map_err(ApiError::internal)??;
    Ok((if stood { StatusCode::OK } else { StatusCode::CREATED }, Json(report)))
}

/// Lists revocations, the newest first: those that stand, and those that were lifted.
#[utoipa::path(get, path = "/api/v1/revocations", tag = "revocations", params(RevocationQuery),
    responses((status = 200, body = Vec<RevocationView>), (status = 400, description = "a filter is wrong"),
        (status = 403)))]
async fn list_revocations(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<RevocationQuery>, QueryRejection>,
) -> Result<Json<Vec<RevocationView>>, ApiError> {
    let event = Event::new("list_revocations", "revocation");
    let own = state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    let query = query::read(query)?;
    let mut filter = query.filter()?;
    filter.tenant = own.or(caller.named_tenant);
    if own.is_none() {
        match filter.kind {
            None | Some(RevokedKind::Principal) => filter.kind = Some(RevokedKind::Principal),
            Some(_) => return Ok(Json(Vec::new())),
        }
    }
    let found = state.store.list_revocations(filter, &query.page()?).await?;
    Ok(Json(found.iter().map(RevocationView::from).collect()))
}

/// Shows a revocation with what is out now.
#[utoipa::path(get, path = "/api/v1/revocations/{id}", tag = "revocations", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Report), (status = 403), (status = 404)))]
async fn get_revocation(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Report>, ApiError> {
    let event = Event::new("get_revocation", "revocation").of_path(&id);
    let found = state.attempt(&caller, &event, find(&state, &caller, &id)).await?;
    Ok(Json(report::of(&state, found).await?))
}

/// Lifts a revocation: what is minted from now on is served again. What Root revoked only Root lifts.
#[utoipa::path(delete, path = "/api/v1/revocations/{id}", tag = "revocations", params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
async fn lift_revocation(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("lift_revocation", "revocation").of_path(&id);
    let work = async {
        let found = find(&state, &caller, &id).await?;
        if found.revoked_by == UserId::ROOT && !caller.principal.is_root() {
            return Err(ApiError::forbidden("Root revoked this, and only Root lifts it"));
        }
        state.begin(&caller, &event).await?;
        state.store.lift_revocation(&found, caller.principal.user_id, state.clock.now()).await?;
        Ok(found)
    };
    let lifted = state.attempt(&caller, &event, work).await?;
    let metadata = json!({ "kind": lifted.kind, "target": lifted.target });
    let event = event.id(lifted.id.0).name(&lifted.name).tenant(lifted.tenant_id).metadata(metadata);
    state.record_success(&caller, event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A revocation that the caller may know of. Another is as one that never was.
async fn find(state: &AppState, caller: &Caller, id: &str) -> Result<Revocation, ApiError> {
    let own: Option<TenantId> = caller.require_admin_or_root()?;
    let missing = || ApiError::not_found("revocation");
    let id: RevocationId = id.parse().map_err(|_| missing())?;
    let found = state.store.revocation(own, id).await?;
    found.filter(|found| own.is_some() || found.kind == RevokedKind::Principal).ok_or_else(missing)
}
