//! Remote signing: requests to the storage that clients cannot sign.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use pangolin_catalog::SignRequest;
use pangolin_core::permission::Action;

use super::request::{Place, asker, parse, private_value};
use super::shape;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

/// Signs one request to the storage, if it does no more than the caller may do in this table.
#[utoipa::path(post, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/sign", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path)), request_body = shape::RemoteSignRequest,
    responses((status = 200, body = shape::RemoteSignResult), (status = 404),
        (status = 409, description = "the strategy has no more to give"), (status = 422),
        (status = 502, description = "the strategy's service refused or failed")))]
pub(super) async fn sign(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    body: Body,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let rights = state.catalogs.check(asker(&caller), Action::Read, &place.catalog, Some(&namespace), Some(name));
    let request: SignRequest = parse(&body, rights).await?;
    let signed = state.catalogs.sign_request(asker(&caller), &place.catalog, &namespace, name, &request).await?;
    let mut response = private_value(&signed, true)?;
    // Java keeps a signature for half a minute if it reads exactly 'private' here.
    let keep = if signed.may_be_kept() { "private" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    Ok(response)
}
