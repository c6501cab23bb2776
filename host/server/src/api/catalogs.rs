//! Catalogs: an administrator makes them on a warehouse; a user sees those that it has rights in.

mod create;
mod name;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::{CatalogId, TenantId};
use pangolin_core::permission::Target;
use pangolin_core::ports::{CatalogStore, StoreError};
use pangolin_core::record::{Catalog, CatalogSnapshot};
use pangolin_store::OffsetPage;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::wire::{CatalogReply, UpdateCatalog, base_in, require_local};
use super::properties;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_catalogs, create::create_catalog)).routes(routes!(
        get_catalog,
        update_catalog,
        delete_catalog
    ))
}

/// Every catalog of a tenant.
pub(crate) async fn all(state: &AppState, tenant: TenantId) -> Result<Vec<Catalog>, ApiError> {
    let mut all = Vec::new();
    let mut page = OffsetPage { limit: 1000, offset: 0 };
    loop {
        let part = state.store.list_catalogs(tenant, &page).await?;
        let is_last = part.len() < page.limit;
        page.offset += part.len();
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

/// Lists the catalogs that the caller may see, by name.
#[utoipa::path(get, path = "/api/v1/catalogs", tag = "catalogs",
    params(PageParams),
    responses((status = 200, body = Vec<CatalogReply>), (status = 403)))]
async fn list_catalogs(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<CatalogReply>>, ApiError> {
    let event = Event::new("list_catalogs", "catalog");
    let tenant = state.attempt(&caller, &event, async { caller.tenant() }).await?;
    let seen = all(&state, tenant).await?.into_iter().filter(|c| caller.principal.may_see(Target::Catalog(c.id)));
    let mut replies = Vec::new();
    for catalog in seen.skip(page.offset).take(page.limit) {
        let warehouse = match state.store.warehouse_by_id(tenant, catalog.warehouse_id).await {
            // One warehouse that cannot be used hides no catalog.
            Err(error) if error.unusable_code().is_some() => None,
            found => found?,
        };
        replies.push(CatalogReply::of(&catalog, warehouse.as_ref().map(|warehouse| warehouse.name.as_str())));
    }
    Ok(Json(replies))
}

/// Shows a catalog to whoever may see it.
#[utoipa::path(get, path = "/api/v1/catalogs/{name}", tag = "catalogs", params(("name" = String, Path)),
    responses((status = 200, body = CatalogReply), (status = 403), (status = 404)))]
async fn get_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<CatalogReply>, ApiError> {
    let event = Event::new("get_catalog", "catalog").name(&name);
    let tenant = state.attempt(&caller, &event, async { caller.tenant() }).await?;
    let may_see = |id: CatalogId| caller.principal.may_see(Target::Catalog(id));
    // Asked before the warehouse is opened: that one cannot be used tells who may not see that it is there.
    if !state.store.catalog_id(tenant, &name).await?.is_some_and(may_see) {
        return Err(ApiError::not_found("catalog"));
    }
    let found = find(&state, tenant, &name).await?;
    if may_see(found.catalog.id) {
        Ok(Json(CatalogReply::of(&found.catalog, Some(&found.warehouse.name))))
    } else {
        Err(ApiError::not_found("catalog"))
    }
}

/// Changes properties or location. No table may be left outside the new location, and a catalog
/// stays on its warehouse.
#[utoipa::path(put, path = "/api/v1/catalogs/{name}", tag = "catalogs", params(("name" = String, Path)),
    request_body = UpdateCatalog,
    responses((status = 200, body = CatalogReply), (status = 400), (status = 403), (status = 404),
        (status = 409, description = "tables or another catalog are in the way"), (status = 422)))]
async fn update_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<CatalogReply>, ApiError> {
    let event = Event::new("update_catalog", "catalog").name(&name);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let found = find(&state, tenant, &name).await?;
        let asked: UpdateCatalog = body.json()?;
        require_local(None, asked.federated_config.as_ref())?;
        if asked.warehouse_name.as_ref().is_some_and(|asked| *asked != found.warehouse.name) {
            return Err(StoreError::InUse("a catalog stays on its warehouse".to_owned()).into());
        }
        let mut catalog = Catalog::clone(&found.catalog);
        if let Some(location) = &asked.storage_location {
            catalog.base = base_in(&found.warehouse.base, &name, Some(location))?;
        }
        if let Some(properties) = asked.properties {
            properties::check(&state.config, &properties)?;
            catalog.properties = properties;
        }
        state.begin(&caller, &event).await?;
        state.store.update_catalog(&catalog).await?;
        Ok((catalog, found))
    };
    let (catalog, found) = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &catalog).await?;
    Ok(Json(CatalogReply::of(&catalog, Some(&found.warehouse.name))))
}

/// Deletes a catalog without tables.
#[utoipa::path(delete, path = "/api/v1/catalogs/{name}", tag = "catalogs", params(("name" = String, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409, description = "it has tables")))]
async fn delete_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("delete_catalog", "catalog").name(&name);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let found = find(&state, tenant, &name).await?;
        state.begin(&caller, &event).await?;
        state.store.delete_catalog(tenant, &name).await?;
        Ok(found)
    };
    let found = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &found.catalog).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &AppState, tenant: TenantId, name: &str) -> Result<Arc<CatalogSnapshot>, ApiError> {
    state.store.catalog(tenant, name).await?.ok_or_else(|| ApiError::not_found("catalog"))
}

async fn record(state: &AppState, caller: &Caller, event: Event, catalog: &Catalog) -> Result<(), ApiError> {
    let metadata = json!({"base": catalog.base, "warehouse_id": catalog.warehouse_id});
    state.record_success(caller, event.id(catalog.id.0).name(&catalog.name).metadata(metadata)).await
}
