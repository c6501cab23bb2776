//! Roles of a tenant: its administrator makes them, Root stays out.

mod wire;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::{RoleId, TenantId};
use pangolin_core::record::Role;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::wire::RoleReply;
use self::wire::{CreateRole, UpdateRole, require_tenant};
use crate::api::permissions::check_grants;
use crate::api::tenants::check_name;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_roles, create_role)).routes(routes!(get_role, update_role, delete_role))
}

/// Lists the roles of the own tenant by name, the built-in ones among them.
#[utoipa::path(get, path = "/api/v1/roles", tag = "roles",
    params(PageParams),
    responses((status = 200, body = Vec<RoleReply>), (status = 403)))]
async fn list_roles(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<RoleReply>>, ApiError> {
    let event = Event::new("list_roles", "role");
    let tenant = state.attempt(&caller, &event, async { caller.require_tenant_admin() }).await?;
    let roles = state.store.list_roles(tenant, &page).await?;
    Ok(Json(roles.into_iter().map(RoleReply::from).collect()))
}

/// Creates a role, with permissions or without.
#[utoipa::path(post, path = "/api/v1/roles", tag = "roles", request_body = CreateRole,
    responses((status = 201, body = RoleReply), (status = 403), (status = 404, description = "a catalog or table of a scope"),
        (status = 409, description = "name taken"), (status = 422)))]
async fn create_role(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<RoleReply>), ApiError> {
    let asked = body.json::<CreateRole>();
    let event = Event::new("create_role", "role").of_body(asked.as_ref().ok().map(|asked| &*asked.name));
    let work = async {
        let tenant_id = caller.require_tenant_admin()?;
        let asked = asked?;
        require_tenant(tenant_id, asked.tenant_id)?;
        check_name("name", &asked.name)?;
        check_grants(&state, tenant_id, &asked.permissions).await?;
        let now = state.clock.now();
        let role = Role {
            id: RoleId::generate(),
            tenant_id,
            name: asked.name,
            description: asked.description,
            permissions: asked.permissions,
            built_in: false,
            created_by: caller.principal.user_id,
            created_at: now,
            updated_at: now,
        };
        state.begin(&caller, &event.clone().id(role.id.0).name(&role.name)).await?;
        state.store.create_role(&role).await?;
        Ok(role)
    };
    let role = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &role).await?;
    Ok((StatusCode::CREATED, Json(role.into())))
}

/// Shows a role of the own tenant.
#[utoipa::path(get, path = "/api/v1/roles/{id}", tag = "roles", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = RoleReply), (status = 403), (status = 404)))]
async fn get_role(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RoleReply>, ApiError> {
    let event = Event::new("get_role", "role").of_path(&id);
    let tenant = state.attempt(&caller, &event, async { caller.require_tenant_admin() }).await?;
    Ok(Json(find(&state, tenant, &id).await?.into()))
}

/// Replaces name, description or permissions; takes the whole role as GET shows it, or a part.
#[utoipa::path(put, path = "/api/v1/roles/{id}", tag = "roles", params(("id" = uuid::Uuid, Path)),
    request_body = UpdateRole,
    responses((status = 200, body = RoleReply), (status = 400, description = "another role's id in the body"),
        (status = 403), (status = 404), (status = 409, description = "built-in, or name taken"), (status = 422)))]
async fn update_role(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<RoleReply>, ApiError> {
    let event = Event::new("update_role", "role").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let mut role = find(&state, tenant, &id).await?;
        let asked: UpdateRole = body.json()?;
        asked.apply(&mut role)?;
        check_name("name", &role.name)?;
        check_grants(&state, tenant, &role.permissions).await?;
        role.updated_at = state.clock.now();
        state.begin(&caller, &event).await?;
        state.store.update_role(&role).await?;
        Ok(role)
    };
    let role = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &role).await?;
    Ok(Json(role.into()))
}

/// Deletes a role and takes it from everybody who holds it.
#[utoipa::path(delete, path = "/api/v1/roles/{id}", tag = "roles", params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409, description = "built-in")))]
async fn delete_role(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("delete_role", "role").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let role = find(&state, tenant, &id).await?;
        state.begin(&caller, &event).await?;
        state.store.delete_role(tenant, role.id).await?;
        Ok(role)
    };
    let role = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &role).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &AppState, tenant: TenantId, id: &str) -> Result<Role, ApiError> {
    let missing = || ApiError::not_found("role");
    let id: RoleId = id.parse().map_err(|_| missing())?;
    state.store.role(tenant, id).await?.ok_or_else(missing)
}

async fn record(state: &AppState, caller: &Caller, event: Event, role: &Role) -> Result<(), ApiError> {
    let event = event.id(role.id.0).name(&role.name).metadata(json!({"permissions": role.permissions}));
    state.record_success(caller, event).await
}
