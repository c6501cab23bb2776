//! Wire forms of catalogs.

use pangolin_core::id::{CatalogId, TenantId};
use pangolin_core::location::Location;
use pangolin_core::record::{Catalog, Properties};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::ApiError;

/// A new catalog.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateCatalog {
    pub(super) name: String,
    #[serde(alias = "warehouse-name", alias = "warehouse")]
    pub(super) warehouse_name: Option<String>,
    /// Absent: the warehouse's base and the name.
    #[serde(alias = "storage-location")]
    pub(super) storage_location: Option<String>,
    /// `Local`.
    #[serde(alias = "catalog-type")]
    pub(super) catalog_type: Option<String>,
    #[serde(alias = "federated-config")]
    #[schema(ignore)]
    pub(super) federated_config: Option<Value>,
    #[schema(value_type = Option<Object>)]
    pub(super) properties: Option<Properties>,
}

/// A change: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateCatalog {
    #[serde(alias = "warehouse-name", alias = "warehouse")]
    pub(super) warehouse_name: Option<String>,
    #[serde(alias = "storage-location")]
    pub(super) storage_location: Option<String>,
    #[serde(alias = "federated-config")]
    #[schema(ignore)]
    pub(super) federated_config: Option<Value>,
    /// Replaces all properties.
    #[schema(value_type = Option<Object>)]
    pub(super) properties: Option<Properties>,
}

/// A catalog as replies show it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogReply {
    #[schema(value_type = uuid::Uuid)]
    id: CatalogId,
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
    name: String,
    catalog_type: &'static str,
    warehouse_name: Option<String>,
    storage_location: String,
    #[schema(value_type = Object)]
    properties: Properties,
}

impl CatalogReply {
    pub(super) fn of(catalog: &Catalog, warehouse: Option<&str>) -> Self {
        Self {
            id: catalog.id,
            tenant_id: catalog.tenant_id,
            name: catalog.name.clone(),
            catalog_type: "Local",
            warehouse_name: warehouse.map(str::to_owned),
            storage_location: catalog.base.as_str().to_owned(),
            properties: catalog.properties.clone(),
        }
    }
}

/// Refuses catalogs that live elsewhere.
pub(super) fn require_local(kind: Option<&str>, federated: Option<&Value>) -> Result<(), ApiError> {
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("local")) {
        return Err(ApiError::unprocessable("catalog_type", "only Local catalogs are supported"));
    }
    if federated.is_some_and(|config| !config.is_null()) {
        return Err(ApiError::unprocessable("federated_config", "federated catalogs are not supported: leave it out"));
    }
    Ok(())
}

/// The location of a catalog: as asked, or below the warehouse's base by its name.
pub(super) fn base_in(warehouse: &Location, name: &str, asked: Option<&String>) -> Result<Location, ApiError> {
    let wrong =
        |error: pangolin_core::location::InvalidLocation| ApiError::bad_request("storage_location", error.to_string());
    let Some(asked) = asked else { return warehouse.join(name).map_err(wrong) };
    let location = Location::parse(asked).map_err(wrong)?;
    if !warehouse.contains(&location) {
        let message = format!("it must lie in the warehouse's base location {}", warehouse.as_str());
        return Err(ApiError::unprocessable("storage_location", message));
    }
    Location::parse(location.without_slash()).map_err(wrong)
}
