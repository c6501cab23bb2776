//! Permissions of single users: an administrator gives them within the own tenant.

mod scope;
mod shape;
mod wire;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use pangolin_core::id::{GrantId, UserId};
use pangolin_core::permission::Grant;
use pangolin_core::record::UserGrant;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::scope::check_grants;
pub(crate) use self::shape::{ActionName, GrantShape, Scope};
use self::wire::{GrantPermission, OfUser, PermissionReply};
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_permissions, grant_permission)).routes(routes!(revoke_permission))
}

/// Lists direct permissions: an administrator sees those of the tenant, or of one user; a user
/// sees its own. Those of roles are shown with the roles.
#[utoipa::path(get, path = "/api/v1/permissions", tag = "permissions",
    params(("user" = Option<uuid::Uuid>, Query, description = "only those of this user")),
    responses((status = 200, body = Vec<PermissionReply>), (status = 403)))]
async fn list_permissions(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<OfUser>, QueryRejection>,
) -> Result<Json<Vec<PermissionReply>>, ApiError> {
    let event = Event::new("list_permissions", "permission");
    let work = async {
        let tenant = caller.tenant()?;
        let Query(asked) = query.map_err(|_| ApiError::bad_request("user", "the UUID of a user"))?;
        if caller.principal.is_admin_of(tenant) {
            return Ok((tenant, asked.user));
        }
        let own = caller.principal.user_id;
        if asked.user.is_some_and(|user| user != own) {
            return Err(ApiError::forbidden("only an administrator of the tenant sees the permissions of others"));
        }
        Ok((tenant, Some(own)))
    };
    let (tenant, user) = state.attempt(&caller, &event, work).await?;
    let grants = state.store.list_grants(tenant, user).await?;
    Ok(Json(grants.into_iter().map(PermissionReply::from).collect()))
}

/// Grants actions on a scope to a user of the own tenant.
#[utoipa::path(post, path = "/api/v1/permissions", tag = "permissions", request_body = GrantPermission,
    responses((status = 201, body = PermissionReply), (status = 403),
        (status = 404, description = "no such user, catalog or table"), (status = 422)))]
async fn grant_permission(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<PermissionReply>), ApiError> {
    let asked = body.json::<GrantPermission>();
    let user = asked.as_ref().ok().map(|asked| asked.user_id.to_string());
    let event = Event::new("grant_permission", "permission").of_body(user.as_deref());
    let work = async {
        let tenant_id = caller.require_tenant_admin()?;
        let asked = asked?;
        let name = username(&state, &caller, asked.user_id).await?;
        let grant = Grant { scope: asked.scope, actions: asked.actions };
        check_grants(&state, tenant_id, std::slice::from_ref(&grant)).await?;
        let grant = UserGrant {
            id: GrantId::generate(),
            tenant_id,
            user_id: asked.user_id,
            grant,
            granted_by: caller.principal.user_id,
            granted_at: state.clock.now(),
        };
        state.begin(&caller, &event.clone().id(grant.id.0).name(&name)).await?;
        state.store.create_grant(&grant).await?;
        Ok((grant, name))
    };
    let (grant, name) = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &grant, &name).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}

/// Takes a permission back.
#[utoipa::path(delete, path = "/api/v1/permissions/{id}", tag = "permissions", params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
async fn revoke_permission(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("revoke_permission", "permission").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let missing = || ApiError::not_found("permission");
        let id: GrantId = id.parse().map_err(|_| missing())?;
        let grant = state.store.grant(tenant, id).await?.ok_or_else(missing)?;
        let name = username(&state, &caller, grant.user_id).await?;
        state.begin(&caller, &event).await?;
        state.store.delete_grant(tenant, id).await?;
        Ok((grant, name))
    };
    let (grant, name) = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &grant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The name of a user of the caller's tenant.
async fn username(state: &AppState, caller: &Caller, id: UserId) -> Result<String, ApiError> {
    let user = state.store.user(id).await?.filter(|user| Some(user.tenant_id) == caller.principal.tenant_id);
    user.map(|user| user.username).ok_or_else(|| ApiError::not_found("User or Service User"))
}

async fn record(
    state: &AppState,
    caller: &Caller,
    event: Event,
    given: &UserGrant,
    name: &str,
) -> Result<(), ApiError> {
    let UserGrant { user_id, grant, .. } = given;
    let metadata = json!({"user_id": user_id, "scope": grant.scope, "actions": grant.actions});
    state.record_success(caller, event.id(given.id.0).name(name).metadata(metadata)).await
}
