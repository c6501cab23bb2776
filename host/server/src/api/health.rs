//! Liveness and readiness.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(live)).routes(routes!(ready))
}

/// The process lives.
#[derive(Serialize, utoipa::ToSchema)]
struct Live {
    status: &'static str,
}

/// Whether the host can serve.
#[derive(Serialize, utoipa::ToSchema)]
struct Ready {
    /// `ready` or `unavailable`.
    status: &'static str,
    /// `ok` or `failed`.
    store: &'static str,
    /// Time of one question to the store.
    store_latency_ms: u64,
    /// Strategies that are loaded.
    plugins: usize,
    /// Files of the plugin directory that were refused. The host is ready all the same.
    plugins_rejected: usize,
    /// Files of it that are being compiled and checked.
    plugins_pending: usize,
    /// `ok`, or `failed`: directory or grant file cannot be used, what was loaded before serves.
    plugin_directory: &'static str,
}

/// The process lives.
#[utoipa::path(get, path = "/health/live", tag = "system", security(()), responses((status = 200, body = Live)))]
async fn live() -> Json<Live> {
    Json(Live { status: "alive" })
}

/// The host can serve.
#[utoipa::path(get, path = "/health", tag = "system", security(()), responses((status = 200, body = Ready), (status = 503, body = Ready)))]
async fn health(state: State<AppState>) -> (StatusCode, Json<Ready>) {
    judge(state).await
}

/// The host can serve.
#[utoipa::path(get, path = "/health/ready", tag = "system", security(()), responses((status = 200, body = Ready), (status = 503, body = Ready)))]
async fn ready(state: State<AppState>) -> (StatusCode, Json<Ready>) {
    judge(state).await
}

async fn judge(State(state): State<AppState>) -> (StatusCode, Json<Ready>) {
    let began = Instant::now();
    let store_answers = state.store.ping().await.is_ok();
    let directory = state.strategies.directory_state();
    let report = Ready {
        status: if store_answers { "ready" } else { "unavailable" },
        store: if store_answers { "ok" } else { "failed" },
        store_latency_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        plugins: state.strategies.list().len(),
        plugins_rejected: state.strategies.rejected().len(),
        plugins_pending: directory.pending.len(),
        plugin_directory: if directory.problem.is_none() { "ok" } else { "failed" },
    };
    (if store_answers { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(report))
}
