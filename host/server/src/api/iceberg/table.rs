//! One table: load, exists, commit, drop, metrics.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pangolin_catalog::{CatalogError, CommitTable, LoadedTable};
use pangolin_core::permission::Action;
use serde::Deserialize;

use super::request::{Params, Place, asker, delegation, parse, private, to_the_end};
use super::shape;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

#[derive(Debug, Deserialize)]
pub(super) struct DropQuery {
    #[serde(rename = "purgeRequested")]
    purge: Option<String>,
}

impl DropQuery {
    /// PyIceberg writes `True` and `False`.
    fn purge(&self) -> Result<bool, CatalogError> {
        match self.purge.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(CatalogError::Invalid("purgeRequested is true or false".to_owned())),
        }
    }
}

/// The reply of load, create and register.
pub(super) fn answer(loaded: &LoadedTable) -> Result<Response, CatalogError> {
    Ok(tagged(private(loaded.to_json()?, loaded.has_credential()), loaded))
}

fn tagged(mut response: Response, loaded: &LoadedTable) -> Response {
    if let Ok(tag) = HeaderValue::from_str(loaded.etag()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Loads a table, with a credential if `X-Iceberg-Access-Delegation` asks for one.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path)),
    responses((status = 200, body = shape::LoadTable), (status = 304), (status = 404),
        (status = 409, description = "the strategy has no more to give"), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn load_table(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    headers: HeaderMap,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let delegation = delegation(&headers, &place);
    let loaded = state.catalogs.load_table(asker(&caller), &place.catalog, &namespace, name, delegation).await?;
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if loaded.is_known(known) {
        return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), &loaded));
    }
    Ok(answer(&loaded)?)
}

/// Whether a table exists.
#[utoipa::path(head, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(super) async fn table_exists(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<StatusCode, IcebergError> {
    let (namespace, name) = place.table()?;
    state.catalogs.table_exists(asker(&caller), &place.catalog, &namespace, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Commits changes if the requirements hold.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path)), request_body = shape::CommitTable,
    responses((status = 200, body = shape::CommittedTable), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn commit_table(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    body: Body,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let name = name.to_owned();
    let rights = state.catalogs.check(asker(&caller), Action::Write, &place.catalog, Some(&namespace), Some(&name));
    let request: CommitTable = parse(&body, rights).await?;
    let committed = to_the_end(async move {
        state.catalogs.commit_table(asker(&caller), &place.catalog, &namespace, &name, request).await
    })
    .await?;
    Ok(private(committed.to_json()?, false))
}

/// Drops a table, with its files if `purgeRequested` is true.
#[utoipa::path(delete, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path),
        ("purgeRequested" = Option<bool>, Query)),
    responses((status = 204), (status = 403), (status = 404)))]
pub(super) async fn drop_table(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(query): Params<DropQuery>,
) -> Result<StatusCode, IcebergError> {
    let (namespace, name) = place.table()?;
    let (name, purge) = (name.to_owned(), query.purge()?);
    to_the_end(
        async move { state.catalogs.drop_table(asker(&caller), &place.catalog, &namespace, &name, purge).await },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a client's report of a scan or a commit. It is not kept.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path)), request_body = Option<shape::Report>,
    responses((status = 204), (status = 404)))]
pub(super) async fn report_metrics(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<StatusCode, IcebergError> {
    let (namespace, name) = place.table()?;
    state.catalogs.report_metrics(asker(&caller), &place.catalog, &namespace, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
