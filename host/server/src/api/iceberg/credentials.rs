//! Credentials of one table.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use pangolin_catalog::{CatalogError, CredentialsAsk};
use pangolin_core::access::Access;
use serde::Deserialize;

use super::request::{Params, Place, asker, client, private_value, seconds};
use super::shape;
use crate::auth::Caller;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

/// What narrows the credential.
#[derive(Debug, Deserialize)]
pub(super) struct CredentialsQuery {
    access: Option<String>,
    ttl: Option<String>,
}

impl CredentialsQuery {
    fn ask(&self, place: &Place, headers: &HeaderMap) -> Result<CredentialsAsk, CatalogError> {
        let access = access(self.access.as_deref())?;
        let ttl_seconds = seconds(self.ttl.as_deref())?;
        Ok(CredentialsAsk { access, ttl_seconds, form: place.form, client: client(headers) })
    }
}

/// The access that is asked for; everything, if nothing is said.
pub(super) fn access(text: Option<&str>) -> Result<Access, CatalogError> {
    match text {
        Some("read") => Ok(Access::READ),
        Some("read-write") => Ok(Access::READ_WRITE),
        None | Some("read-write-delete") => Ok(Access::FULL),
        Some(_) => Err(CatalogError::Invalid("access is 'read', 'read-write' or 'read-write-delete'".to_owned())),
    }
}

/// A credential as Iceberg clients read it.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path),
        ("access" = Option<String>, Query), ("ttl" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64)),
    responses((status = 200, body = shape::Credentials), (status = 404),
        (status = 409, description = "the strategy has no more to give"), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn credentials(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(query): Params<CredentialsQuery>,
    headers: HeaderMap,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let ask = query.ask(&place, &headers)?;
    let emitted = state.catalogs.credentials(asker(&caller), &place.catalog, &namespace, name, ask).await?;
    Ok(private_value(&emitted, true)?)
}

/// The same credential under the plain names of its cloud.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path),
        ("access" = Option<String>, Query), ("ttl" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64)),
    responses((status = 200, body = shape::FlatCredential), (status = 404),
        (status = 409, description = "the strategy has no more to give"), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn flat_credentials(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(query): Params<CredentialsQuery>,
    headers: HeaderMap,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let ask = query.ask(&place, &headers)?;
    let flat = state.catalogs.flat_credentials(asker(&caller), &place.catalog, &namespace, name, ask).await?;
    Ok(private_value(&flat, true)?)
}
