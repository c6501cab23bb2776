//! Presigned URLs of one table's objects.

use axum::extract::State;
use axum::response::Response;
use pangolin_catalog::{CatalogError, PresignTable};
use pangolin_core::permission::Action;
use serde::Deserialize;

use super::request::{Params, Place, asker, private_value, seconds, to_the_end};
use super::shape;
use crate::auth::Caller;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

/// Which object, for what, for how long.
#[derive(Debug, Deserialize)]
pub(super) struct PresignQuery {
    location: Option<String>,
    method: Option<String>,
    ttl: Option<String>,
}

impl PresignQuery {
    fn ask(self) -> Result<PresignTable, CatalogError> {
        let missing = || CatalogError::Invalid("location is missing: name one object of the table".to_owned());
        let location = self.location.ok_or_else(missing)?;
        Ok(PresignTable { location, method: self.method, ttl_seconds: seconds(self.ttl.as_deref())? })
    }
}

/// A URL that opens one object of the table for a while, without a credential.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/presign", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path),
        ("location" = String, Query, description = "the object, for example s3://bucket/path/file.parquet"),
        ("method" = Option<String>, Query, description = "GET (default), HEAD, PUT or DELETE"),
        ("ttl" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64, description = "seconds, at most 604800 and what the credential lives")),
    responses((status = 200, body = shape::PresignedUrl), (status = 404),
        (status = 409, description = "the strategy has no more to give"), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn presign(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(query): Params<PresignQuery>,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let name = name.to_owned();
    let ask = match query.ask() {
        Ok(ask) => ask,
        Err(malformed) => {
            state.catalogs.check(asker(&caller), Action::Read, &place.catalog, Some(&namespace), Some(&name)).await?;
            return Err(malformed.into());
        }
    };
    let url =
        to_the_end(
            async move { state.catalogs.presign(asker(&caller), &place.catalog, &namespace, &name, &ask).await },
        )
        .await?;
    Ok(private_value(&url, true)?)
}
