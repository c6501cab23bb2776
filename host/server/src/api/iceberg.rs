//! The Iceberg REST protocol. Every route of a catalog exists twice: as `/v1/{prefix}/…`, and as
//! `/v1/{prefix}/v1/…` for clients whose URI ends in the catalog's name.
//!
//! Handlers read the request and write the answer; what happens is in `pangolin-catalog`.

mod config;
mod credentials;
mod explain;
mod fault;
mod namespaces;
mod presign;
mod request;
mod shape;
mod sign;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod transactions;

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    let of_a_catalog: [UtoipaMethodRouter<AppState>; 14] = [
        routes!(config::catalog_config),
        routes!(namespaces::list_namespaces, namespaces::create_namespace),
        routes!(namespaces::load_namespace, namespaces::namespace_exists, namespaces::drop_namespace),
        routes!(namespaces::update_namespace),
        routes!(tables::list_tables, tables::create_table),
        routes!(tables::register_table),
        routes!(table::load_table, table::table_exists, table::commit_table, table::drop_table),
        routes!(table::report_metrics),
        routes!(credentials::credentials, credentials::flat_credentials),
        routes!(explain::explain),
        routes!(presign::presign),
        routes!(sign::sign),
        routes!(tables::rename_table),
        routes!(transactions::commit_transaction),
    ];
    of_a_catalog.into_iter().fold(OpenApiRouter::new().routes(routes!(config::config)), twice)
}

const PLAIN: &str = "/v1/{prefix}/";
const NESTED: &str = "/v1/{prefix}/v1/";

/// Adds a route under both forms; the document shows the first.
fn twice(router: OpenApiRouter<AppState>, route: UtoipaMethodRouter<AppState>) -> OpenApiRouter<AppState> {
    let nested: Vec<String> = route.1.paths.keys().map(|path| path.replacen(PLAIN, NESTED, 1)).collect();
    let methods = route.2.clone();
    nested.into_iter().fold(router.routes(route), |router, path| router.route(&path, methods.clone()))
}
