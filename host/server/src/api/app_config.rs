//! What a user interface must know before anybody is logged in.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(app_config))
}

/// How the host lets people in.
#[derive(Serialize, utoipa::ToSchema)]
struct AppConfig {
    /// False in No-Auth mode.
    auth_enabled: bool,
    /// Version of the host.
    version: &'static str,
}

/// Says whether a login is needed.
#[utoipa::path(get, path = "/api/v1/app-config", tag = "system", security(()), responses((status = 200, body = AppConfig)))]
async fn app_config(State(state): State<AppState>) -> Json<AppConfig> {
    Json(AppConfig { auth_enabled: !state.config.is_no_auth(), version: env!("CARGO_PKG_VERSION") })
}
