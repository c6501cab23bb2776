//! Tenants: Root makes, changes and deletes them; a tenant's own people may read it.

mod host_identity;
mod name;
mod wire;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::TenantId;
use pangolin_core::record::{HostIdentityPins, Tenant};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::name::check_name;
use self::wire::{CreateTenant, TenantReply, UpdateTenant};
use super::properties;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_tenants, create_tenant))
        .routes(routes!(get_tenant, update_tenant, delete_tenant))
        .merge(host_identity::routes())
}

/// Lists all tenants by name. Root only.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants",
    params(PageParams),
    responses((status = 200, body = Vec<TenantReply>), (status = 403)))]
async fn list_tenants(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<TenantReply>>, ApiError> {
    let event = Event::new("list_tenants", "tenant");
    state.attempt(&caller, &event, async { caller.require_root() }).await?;
    let tenants = state.store.list_tenants(&page).await?;
    Ok(Json(tenants.into_iter().map(TenantReply::from).collect()))
}

/// Creates a tenant with the built-in roles. Root only; Root may choose the identifier.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "tenants", request_body = CreateTenant,
    responses((status = 201, body = TenantReply), (status = 403), (status = 409, description = "name taken")))]
async fn create_tenant(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<TenantReply>), ApiError> {
    let asked = body.json::<CreateTenant>();
    let event = Event::new("create_tenant", "tenant").of_body(asked.as_ref().ok().map(|asked| &*asked.name));
    let work = async {
        caller.require_root()?;
        let asked = asked?;
        check_name("name", &asked.name)?;
        let properties = asked.properties.unwrap_or_default();
        properties::check(&state.config, &properties)?;
        let tenant = Tenant {
            id: asked.id.map_or_else(TenantId::generate, TenantId),
            name: asked.name,
            properties,
            host_identity: HostIdentityPins::default(),
        };
        state.begin(&caller, &event.clone().id(tenant.id.0).name(&tenant.name).tenant(tenant.id)).await?;
        state.store.create_tenant(&tenant).await?;
        Ok(tenant)
    };
    let tenant = state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event.id(tenant.id.0).name(&tenant.name).tenant(tenant.id)).await?;
    Ok((StatusCode::CREATED, Json(tenant.into())))
}

/// Shows a tenant, to Root and to its own users.
#[utoipa::path(get, path = "/api/v1/tenants/{id}", tag = "tenants", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TenantReply), (status = 404)))]
async fn get_tenant(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TenantReply>, ApiError> {
    let tenant = find(&state, &id).await?;
    let visible = caller.principal.is_root() || caller.principal.tenant_id == Some(tenant.id);
    if visible { Ok(Json(tenant.into())) } else { Err(ApiError::not_found("tenant")) }
}

/// Changes name or properties. Root only.
#[utoipa::path(put, path = "/api/v1/tenants/{id}", tag = "tenants", params(("id" = uuid::Uuid, Path)),
    request_body = UpdateTenant,
    responses((status = 200, body = TenantReply), (status = 403), (status = 404), (status = 409)))]
async fn update_tenant(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<TenantReply>, ApiError> {
    let event = Event::new("update_tenant", "tenant").of_path(&id);
    let work = async {
        caller.require_root()?;
        let mut tenant = find(&state, &id).await?;
        let asked: UpdateTenant = body.json()?;
        if let Some(name) = asked.name {
            check_name("name", &name)?;
            tenant.name = name;
        }
        if let Some(properties) = asked.properties {
            properties::check(&state.config, &properties)?;
            tenant.properties = properties;
        }
        state.begin(&caller, &event.clone().tenant(tenant.id)).await?;
        state.store.update_tenant(&tenant).await?;
        Ok(tenant)
    };
    let tenant = state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event.id(tenant.id.0).name(&tenant.name).tenant(tenant.id)).await?;
    Ok(Json(tenant.into()))
}

/// Deletes a tenant that has no warehouses and no catalogs, with its users. Root only.
#[utoipa::path(delete, path = "/api/v1/tenants/{id}", tag = "tenants", params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409, description = "still in use")))]
async fn delete_tenant(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("delete_tenant", "tenant").of_path(&id);
    let work = async {
        caller.require_root()?;
        let tenant = find(&state, &id).await?;
        state.begin(&caller, &event.clone().tenant(tenant.id)).await?;
        state.store.delete_tenant(tenant.id).await?;
        Ok(tenant)
    };
    let tenant = state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event.id(tenant.id.0).name(&tenant.name).tenant(tenant.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &AppState, id: &str) -> Result<Tenant, ApiError> {
    let missing = || ApiError::not_found("tenant");
    let id: TenantId = id.parse().map_err(|_| missing())?;
    state.store.tenant(id).await?.ok_or_else(missing)
}
