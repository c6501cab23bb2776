//! Tables of a namespace: list, create, register, rename.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use pangolin_catalog::{CreateTable, Paging, RegisterTable, TableIdentifier};
use pangolin_core::permission::Action;
use serde::{Deserialize, Serialize};

use super::request::{PageQuery, Params, Place, asker, delegation, parse, private_value, to_the_end};
use super::shape;
use super::table::answer;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

#[derive(Debug, Serialize)]
struct TableList<'a> {
    identifiers: Vec<Identifier<'a>>,
    #[serde(rename = "next-page-token", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Identifier<'a> {
    namespace: &'a [String],
    name: &'a str,
}

#[derive(Debug, Deserialize)]
struct Rename {
    source: TableIdentifier,
    destination: TableIdentifier,
}

/// Tables that the caller may see.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}/tables", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("pageToken" = Option<String>, Query),
        ("pageSize" = Option<usize>, Query)),
    responses((status = 200, body = shape::TableList), (status = 404)))]
pub(super) async fn list_tables(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(page): Params<PageQuery>,
) -> Result<Response, IcebergError> {
    let path = place.namespace()?;
    let listed = state.catalogs.list_tables(asker(&caller), &place.catalog, &path, &Paging::from(page)).await?;
    let identifiers = listed.items.iter().map(|name| Identifier { namespace: path.levels(), name }).collect();
    Ok(private_value(&TableList { identifiers, next: listed.next }, false)?)
}

/// Creates a table, or stages one.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/tables", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path)), request_body = shape::CreateTable,
    responses((status = 200, body = shape::LoadTable), (status = 404), (status = 409), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn create_table(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, IcebergError> {
    let path = place.namespace()?;
    let rights = state.catalogs.check(asker(&caller), Action::Create, &place.catalog, Some(&path), None);
    let request: CreateTable = parse(&body, rights).await?;
    let delegation = delegation(&headers, &place);
    let made = to_the_end(async move {
        state.catalogs.create_table(asker(&caller), &place.catalog, &path, request, delegation).await
    })
    .await?;
    Ok(answer(&made)?)
}

/// Takes in a table whose metadata file exists.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/register", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path)), request_body = shape::RegisterTable,
    responses((status = 200, body = shape::LoadTable), (status = 404), (status = 409), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn register_table(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, IcebergError> {
    let path = place.namespace()?;
    let rights = state.catalogs.check(asker(&caller), Action::Create, &place.catalog, Some(&path), None);
    let request: RegisterTable = parse(&body, rights).await?;
    let delegation = delegation(&headers, &place);
    let made = to_the_end(async move {
        state.catalogs.register_table(asker(&caller), &place.catalog, &path, request, delegation).await
    })
    .await?;
    Ok(answer(&made)?)
}

/// Renames a table, or moves it to another namespace of the catalog.
#[utoipa::path(post, path = "/v1/{prefix}/tables/rename", tag = "iceberg", params(("prefix" = String, Path)),
    request_body = shape::RenameTable, responses((status = 204), (status = 404), (status = 409)))]
pub(super) async fn rename_table(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    body: Body,
) -> Result<StatusCode, IcebergError> {
    let rights = state.catalogs.check(asker(&caller), Action::Write, &place.catalog, None, None);
    let Rename { source, destination } = parse(&body, rights).await?;
    to_the_end(async move {
        let from = (&source.namespace, source.name.as_str());
        let to = (&destination.namespace, destination.name.as_str());
        state.catalogs.rename_table(asker(&caller), &place.catalog, from, to).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
