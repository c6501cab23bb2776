//! Namespaces.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use pangolin_catalog::{Paging, PropertyChanges};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::Action;
use pangolin_core::record::Properties;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{PageQuery, Params, Place, asker, namespace, parse, private_value, to_the_end};
use super::shape;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

#[derive(Debug, Deserialize)]
pub(super) struct ParentQuery {
    parent: Option<String>,
}

/// A new namespace.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CreateNamespaceRequest)]
struct CreateNamespace {
    #[schema(value_type = shape::NamespaceName)]
    namespace: NamespacePath,
    #[serde(default)]
    #[schema(value_type = HashMap<String, String>)]
    properties: Properties,
}

#[derive(Debug, Serialize)]
struct NamespaceReply<'a> {
    namespace: &'a [String],
    properties: &'a Properties,
}

#[derive(Debug, Serialize)]
struct NamespaceList<'a> {
    namespaces: Vec<&'a [String]>,
    #[serde(rename = "next-page-token", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Namespaces that the caller may see: the outermost ones, or the children of `parent`.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces", tag = "iceberg",
    params(("prefix" = String, Path), ("parent" = Option<String>, Query), ("pageToken" = Option<String>, Query),
        ("pageSize" = Option<usize>, Query)),
    responses((status = 200, body = shape::NamespaceList), (status = 404)))]
pub(super) async fn list_namespaces(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(parent): Params<ParentQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Response, IcebergError> {
    let parent = parent.parent.filter(|text| !text.is_empty()).map(|text| namespace(&text)).transpose()?;
    let paging = Paging::from(page);
    let listed = state.catalogs.list_namespaces(asker(&caller), &place.catalog, parent.as_ref(), &paging).await?;
    let namespaces = listed.items.iter().map(NamespacePath::levels).collect();
    Ok(private_value(&NamespaceList { namespaces, next: listed.next }, false)?)
}

/// Creates a namespace.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces", tag = "iceberg", params(("prefix" = String, Path)),
    request_body = CreateNamespace,
    responses((status = 200, body = shape::Namespace), (status = 404), (status = 409)))]
pub(super) async fn create_namespace(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    body: Body,
) -> Result<Response, IcebergError> {
    let rights = state.catalogs.check(asker(&caller), Action::Create, &place.catalog, None, None);
    let request: CreateNamespace = parse(&body, rights).await?;
    let made = to_the_end(async move {
        let CreateNamespace { namespace, properties } = request;
        state.catalogs.create_namespace(asker(&caller), &place.catalog, namespace, properties).await
    })
    .await?;
    Ok(private_value(&NamespaceReply { namespace: made.path.levels(), properties: &made.properties }, false)?)
}

/// A namespace with its properties.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path)),
    responses((status = 200, body = shape::Namespace), (status = 404)))]
pub(super) async fn load_namespace(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<Response, IcebergError> {
    let found = state.catalogs.load_namespace(asker(&caller), &place.catalog, &place.namespace()?).await?;
    Ok(private_value(&NamespaceReply { namespace: found.path.levels(), properties: &found.properties }, false)?)
}

/// Whether a namespace exists.
#[utoipa::path(head, path = "/v1/{prefix}/namespaces/{namespace}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path)), responses((status = 204), (status = 404)))]
pub(super) async fn namespace_exists(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<StatusCode, IcebergError> {
    state.catalogs.load_namespace(asker(&caller), &place.catalog, &place.namespace()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Drops an empty namespace.
#[utoipa::path(delete, path = "/v1/{prefix}/namespaces/{namespace}", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409, description = "not empty")))]
pub(super) async fn drop_namespace(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<StatusCode, IcebergError> {
    let path = place.namespace()?;
    to_the_end(async move { state.catalogs.drop_namespace(asker(&caller), &place.catalog, &path).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets and removes properties of a namespace.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/properties", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path)), request_body = shape::PropertyChanges,
    responses((status = 200, body = shape::PropertiesChanged), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn update_namespace(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    body: Body,
) -> Result<Json<pangolin_catalog::PropertiesChanged>, IcebergError> {
    let path = place.namespace()?;
    let rights = state.catalogs.check(asker(&caller), Action::Update, &place.catalog, Some(&path), None);
    let changes: PropertyChanges = parse(&body, rights).await?;
    let changed =
        to_the_end(
            async move { state.catalogs.update_namespace(asker(&caller), &place.catalog, &path, changes).await },
        )
        .await?;
    Ok(Json(changed))
}
