//! What a client learns before anything else.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::request::{Params, Place, asker};
use crate::auth::Caller;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

/// Every route of a catalog, exactly: clients call nothing that is not in this list.
const ENDPOINTS: [&str; 22] = [
    "GET /v1/{prefix}/namespaces",
    "POST /v1/{prefix}/namespaces",
    "GET /v1/{prefix}/namespaces/{namespace}",
    "HEAD /v1/{prefix}/namespaces/{namespace}",
    "DELETE /v1/{prefix}/namespaces/{namespace}",
    "POST /v1/{prefix}/namespaces/{namespace}/properties",
    "GET /v1/{prefix}/namespaces/{namespace}/tables",
    "POST /v1/{prefix}/namespaces/{namespace}/tables",
    "POST /v1/{prefix}/namespaces/{namespace}/register",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials/explain",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/presign",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign",
    "POST /v1/{prefix}/tables/rename",
    "POST /v1/{prefix}/transactions/commit",
    "GET /v1/{prefix}/config",
];

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CatalogConfig {
    defaults: Defaults,
    overrides: Overrides,
    endpoints: &'static [&'static str],
}

/// Clients that send no header of their own ask for credentials.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Defaults {
    #[serde(rename = "header.X-Iceberg-Access-Delegation")]
    delegation: &'static str,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Overrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
}

impl CatalogConfig {
    fn new(prefix: Option<String>) -> Json<Self> {
        Json(Self {
            defaults: Defaults { delegation: "vended-credentials" },
            overrides: Overrides { prefix },
            endpoints: &ENDPOINTS,
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ConfigQuery {
    warehouse: Option<String>,
}

/// Settings for a client. `warehouse` is the name of a catalog.
#[utoipa::path(get, path = "/v1/config", tag = "iceberg", params(("warehouse" = Option<String>, Query)),
    responses((status = 200, body = CatalogConfig), (status = 404, description = "no such catalog")))]
pub(super) async fn config(
    State(state): State<AppState>,
    caller: Caller,
    Params(query): Params<ConfigQuery>,
) -> Result<Json<CatalogConfig>, IcebergError> {
    match query.warehouse.filter(|name| !name.is_empty()) {
        None => Ok(CatalogConfig::new(None)),
        Some(name) => {
            let found = state.catalogs.find_catalog(asker(&caller), &name).await?;
            Ok(CatalogConfig::new(Some(found.catalog.name.clone())))
        }
    }
}

/// Settings for a client of one catalog.
#[utoipa::path(get, path = "/v1/{prefix}/config", tag = "iceberg", params(("prefix" = String, Path)),
    responses((status = 200, body = CatalogConfig), (status = 404, description = "no such catalog")))]
pub(super) async fn catalog_config(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<Json<CatalogConfig>, IcebergError> {
    let found = state.catalogs.find_catalog(asker(&caller), &place.catalog).await?;
    // Under the nested form the client's own URI names the catalog already.
    let nested = place.form == pangolin_catalog::RouteForm::Nested;
    Ok(CatalogConfig::new((!nested).then(|| found.catalog.name.clone())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_is_exactly_what_is_routed() {
        let document = super::super::routes().into_openapi();
        let mut routed = BTreeSet::new();
        for (path, item) in &document.paths.paths {
            let methods = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("DELETE", &item.delete),
                ("HEAD", &item.head),
                ("PUT", &item.put),
            ];
            routed
                .extend(methods.iter().filter(|(_, found)| found.is_some()).map(|(name, _)| format!("{name} {path}")));
        }
        assert!(routed.remove("GET /v1/config"));
        let listed: BTreeSet<String> = ENDPOINTS.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(listed, routed);
    }
}
