//! A new catalog, with its namespace `default`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::{CatalogId, NamespaceId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::CatalogStore;
use pangolin_core::record::{Catalog, Namespace, Properties};
use pangolin_core::warehouse::Warehouse;

use super::name::check_catalog_name;
use super::wire::{CatalogReply, CreateCatalog, base_in, require_local};
use crate::api::properties;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

/// The namespace that every catalog begins with.
const FIRST_NAMESPACE: &str = "default";

/// Creates a catalog on a warehouse of the own tenant.
#[utoipa::path(post, path = "/api/v1/catalogs", tag = "catalogs", request_body = CreateCatalog,
    responses((status = 201, body = CatalogReply), (status = 400, description = "no such warehouse, or no location"),
        (status = 403), (status = 409, description = "name or location taken"), (status = 422)))]
pub(super) async fn create_catalog(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<CatalogReply>), ApiError> {
    let asked = body.json::<CreateCatalog>();
    let event = Event::new("create_catalog", "catalog").of_body(asked.as_ref().ok().map(|asked| &*asked.name));
    let (catalog, warehouse) = state.attempt(&caller, &event, create(&state, &caller, &event, asked)).await?;
    super::record(&state, &caller, event, &catalog).await?;
    Ok((StatusCode::CREATED, Json(CatalogReply::of(&catalog, Some(&warehouse.name)))))
}

async fn create(
    state: &AppState,
    caller: &Caller,
    event: &Event,
    asked: Result<CreateCatalog, ApiError>,
) -> Result<(Catalog, Arc<Warehouse>), ApiError> {
    let tenant_id = caller.require_tenant_admin()?;
    let asked = asked?;
    require_local(asked.catalog_type.as_deref(), asked.federated_config.as_ref())?;
    check_catalog_name(&asked.name)?;
    properties::check(&state.config, asked.properties.as_ref().unwrap_or(&Properties::new()))?;
    let name = asked.warehouse_name.ok_or_else(|| ApiError::unprocessable("warehouse_name", "name a warehouse"))?;
    let warehouse = state.store.warehouse(tenant_id, &name).await?;
    let warehouse = warehouse.ok_or_else(|| ApiError::bad_request("warehouse_name", "Warehouse not found"))?;
    let catalog = Catalog {
        id: CatalogId::generate(),
        tenant_id,
        base: base_in(&warehouse.base, &asked.name, asked.storage_location.as_ref())?,
        name: asked.name,
        warehouse_id: warehouse.id,
        properties: asked.properties.unwrap_or_default(),
        revision: 1,
    };
    state.begin(caller, &event.clone().id(catalog.id.0).name(&catalog.name)).await?;
    state.store.create_catalog(&catalog).await?;
    let first = Namespace {
        id: NamespaceId::generate(),
        catalog_id: catalog.id,
        path: NamespacePath::new(vec![FIRST_NAMESPACE.to_owned()]).map_err(ApiError::internal)?,
        properties: Properties::new(),
    };
    if let Err(error) = state.store.create_namespace(&first).await {
        // Whole or not at all: the caller can ask again under the same name.
        state.store.delete_catalog(tenant_id, &catalog.name).await?;
        return Err(error.into());
    }
    Ok((catalog, warehouse))
}
