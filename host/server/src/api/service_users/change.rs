//! Changing and deleting service users.

use axum::Json;
use axum::extract::State;
use pangolin_core::id::UserId;
use pangolin_store::{ServiceUser, ServiceUserChange};
use serde_json::json;

use super::wire::{Done, UpdateServiceUser, check_description, end_of_days};
use crate::api::users::check_username;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// Changes name, description, end, or whether it is active. Deactivation revokes its tokens; its
/// keys are refused as long as it lasts.
#[utoipa::path(put, path = "/api/v1/service-users/{id}", tag = "service-users",
    params(("id" = uuid::Uuid, Path)), request_body = UpdateServiceUser,
    responses((status = 200, body = Done), (status = 400, description = "yourself"), (status = 403), (status = 404),
        (status = 409, description = "name taken"), (status = 422)))]
pub(super) async fn update_service_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Done>, ApiError> {
    let event = Event::new("update_service_user", "service_user").of_path(&id);
    let (found, changed) = state.attempt(&caller, &event, update(&state, &caller, &event, &id, &body)).await?;
    let event = event.id(found.user.id.0).name(&found.user.username);
    state.record_success(&caller, event.metadata(json!({"changed": changed}))).await?;
    Ok(Json(Done { status: "updated" }))
}

async fn update(
    state: &AppState,
    caller: &Caller,
    event: &Event,
    id: &str,
    body: &Body,
) -> Result<(ServiceUser, Vec<&'static str>), ApiError> {
    let tenant = caller.require_tenant_admin()?;
    let found = super::find(state, tenant, id).await?;
    let mut change = ServiceUserChange::default();
    let asked: UpdateServiceUser = body.json()?;
    let mut changed = Vec::new();
    if let Some(name) = asked.name {
        check_username("name", &name)?;
        change.name = Some(name);
        changed.push("name");
    }
    if asked.description.is_some() {
        check_description(asked.description.as_deref())?;
        change.description = asked.description;
        changed.push("description");
    }
    if let Some(active) = asked.active {
        if !active {
            refuse_oneself(caller, found.user.id, "active", "you cannot deactivate yourself")?;
        }
        change.active = Some(active);
        changed.push("active");
    }
    if let Some(end) = end_of_days(asked.expires_in_days, state.clock.now())? {
        change.expires_at = Some(end);
        changed.push("expires_at");
    }
    state.begin(caller, event).await?;
    state.store.update_service_user(tenant, found.user.id, &change).await?;
    Ok((found, changed))
}

/// Deletes a service user: its keys and tokens end at once.
#[utoipa::path(delete, path = "/api/v1/service-users/{id}", tag = "service-users",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Done), (status = 400, description = "yourself"), (status = 403), (status = 404)))]
pub(super) async fn delete_service_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Done>, ApiError> {
    let event = Event::new("delete_service_user", "service_user").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let found = super::find(&state, tenant, &id).await?;
        refuse_oneself(&caller, found.user.id, "id", "you cannot delete yourself")?;
        state.begin(&caller, &event).await?;
        state.store.delete_user(found.user.id).await?;
        Ok(found)
    };
    let found = state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event.id(found.user.id.0).name(&found.user.username)).await?;
    Ok(Json(Done { status: "deleted" }))
}

fn refuse_oneself(caller: &Caller, id: UserId, field: &str, message: &str) -> Result<(), ApiError> {
    if caller.principal.user_id == id { Err(ApiError::bad_request(field, message)) } else { Ok(()) }
}
