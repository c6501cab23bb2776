//! The roles that a user holds.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::{RoleId, TenantId, UserId};
use pangolin_core::record::User;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::roles::RoleReply;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// Which role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AssignRole {
    #[serde(alias = "role_id")]
    #[schema(value_type = uuid::Uuid)]
    pub(super) role_id: RoleId,
}

/// Lists the roles that a user holds, to the user itself and to the tenant's administrator.
#[utoipa::path(get, path = "/api/v1/users/{id}/roles", tag = "roles", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Vec<RoleReply>), (status = 403), (status = 404)))]
pub(super) async fn list_roles_of_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<RoleReply>>, ApiError> {
    let event = Event::new("list_roles_of_user", "user").of_path(&id);
    let work = async {
        let tenant = caller.tenant()?;
        if id.parse() != Ok(caller.principal.user_id) {
            caller.require_tenant_admin()?;
        }
        Ok(tenant)
    };
    let tenant = state.attempt(&caller, &event, work).await?;
    let user = super::find(&state, Some(tenant), &id).await?;
    let roles = state.store.roles_of(tenant, user.id).await?;
    Ok(Json(roles.into_iter().map(RoleReply::from).collect()))
}

/// Gives a role to a user of the own tenant. Giving it twice is no error.
#[utoipa::path(post, path = "/api/v1/users/{id}/roles", tag = "roles", params(("id" = uuid::Uuid, Path)),
    request_body = AssignRole, responses((status = 201), (status = 403), (status = 404)))]
pub(super) async fn assign_role(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let asked = body.json::<AssignRole>();
    let event = of_role("assign_role", &id, asked.as_ref().ok().map(|asked| asked.role_id));
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let user = super::find(&state, Some(tenant), &id).await?;
        let asked = asked?;
        let role = role_name(&state, tenant, asked.role_id).await?;
        state.begin(&caller, &event).await?;
        state.store.assign_role(tenant, user.id, asked.role_id).await?;
        Ok((user, asked.role_id, role))
    };
    let done = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, done).await?;
    Ok(StatusCode::CREATED)
}

/// Takes a role from a user.
#[utoipa::path(delete, path = "/api/v1/users/{id}/roles/{role_id}", tag = "roles",
    params(("id" = uuid::Uuid, Path), ("role_id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
pub(super) async fn unassign_role(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, role_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let role_id = role_id.parse::<RoleId>();
    let event = of_role("unassign_role", &id, role_id.as_ref().ok().copied());
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let user = super::find(&state, Some(tenant), &id).await?;
        let role_id = role_id.map_err(|_| ApiError::not_found("role"))?;
        let role = role_name(&state, tenant, role_id).await?;
        state.begin(&caller, &event).await?;
        state.store.unassign_role(tenant, user.id, role_id).await?;
        Ok((user, role_id, role))
    };
    let done = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, done).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// About a user and a role, as they were named.
fn of_role(action: &'static str, user: &str, role: Option<RoleId>) -> Event {
    Event::new(action, "user").of_path(user).metadata(json!({ "role_id": role }))
}

async fn role_name(state: &AppState, tenant: TenantId, id: RoleId) -> Result<String, ApiError> {
    let role = state.store.role(tenant, id).await?;
    role.map(|role| role.name).ok_or_else(|| ApiError::not_found("role"))
}

async fn record(
    state: &AppState,
    caller: &Caller,
    event: Event,
    (user, role_id, role): (User, RoleId, String),
) -> Result<(), ApiError> {
    let UserId(id) = user.id;
    let event = event.id(id).name(&user.username).metadata(json!({"role_id": role_id, "role": role}));
    state.record_success(caller, event).await
}
