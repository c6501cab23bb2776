//! The table of contents: every route of the host.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::api;
use crate::auth::{context, neighbours};
use crate::error::ApiError;
use crate::state::AppState;
use crate::{to_the_end, whole_body};

/// What the host manages is described in little; only commits to tables are large. A body is judged
/// in memory, where it takes many times its length.
const MANAGEMENT_BODY_BYTES: usize = 1024 * 1024;
/// Bodies that are read before anybody is known: a name, a password, a tenant.
const LOGIN_BODY_BYTES: usize = 64 * 1024;

/// The whole API, each resource from its own file. No body is larger than `most` bytes.
fn routes(most: usize) -> OpenApiRouter<AppState> {
    let with_password = OpenApiRouter::new().merge(api::session::routes()).merge(api::tokens::routes());
    management()
        .layer(DefaultBodyLimit::max(most.min(MANAGEMENT_BODY_BYTES)))
        .merge(with_password.layer(DefaultBodyLimit::max(most.min(LOGIN_BODY_BYTES))))
        // It has a limit of its own.
        .merge(api::oauth::routes())
        // Iceberg REST.
        .merge(api::iceberg::routes())
}

fn management() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(api::openapi::document())
        // Without credentials.
        .merge(api::health::routes())
        .merge(api::metrics::routes())
        .merge(api::app_config::routes())
        .merge(api::openapi::routes())
        // Identity.
        .merge(api::tenants::routes())
        .merge(api::users::routes())
        .merge(api::service_users::routes())
        .merge(api::roles::routes())
        .merge(api::permissions::routes())
        // Storage and strategies.
        .merge(api::warehouses::routes())
        .merge(api::catalogs::routes())
        .merge(api::plugins::routes())
        .merge(api::leases::routes())
        .merge(api::revocations::routes())
        .merge(api::search::routes())
        .merge(api::audit::routes())
}

/// The OpenAPI document of [`routes`].
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi::complete(routes(usize::MAX).into_openapi())
}

/// The service that the listener runs.
pub fn router(state: AppState) -> Router {
    let body_limit = state.config.limits.max_body_bytes;
    let (router, _) = routes(body_limit).split_for_parts();
    router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state.clone())
        .layer(middleware::from_fn_with_state(state.clone(), whole_body::layer))
        .layer(middleware::from_fn_with_state(state.clone(), neighbours::layer))
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(middleware::from_fn(to_the_end::layer))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state, context::layer))
}

async fn unknown(uri: axum::http::Uri) -> Response {
    ApiError::not_found("route").in_form_of(uri.path())
}

async fn wrong_method(uri: axum::http::Uri) -> Response {
    let error = ApiError::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this route does not know that method",
    );
    error.in_form_of(uri.path())
}

/// A panic costs its own request. Its text may hold anything and stays in the log's own hook.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}
