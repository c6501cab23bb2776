//! The loaded strategies, what their warehouses are configured with, and the state of the plugin
//! directory. Administrators see the strategies; files and what is wrong with them are Root's.

mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::strategy::{StrategyInfo, configuration_schema};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::wire::{PluginReply, PluginsReply};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_plugins))
        .routes(routes!(reload_plugins))
        .routes(routes!(get_plugin))
        .routes(routes!(get_plugin_schema))
}

/// Lists the loaded strategies by name, with their configuration fields. Root also sees files on
/// their way, files that are refused, and what is wrong with the plugin directory as a whole.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins",
    responses((status = 200, body = PluginsReply), (status = 403)))]
async fn list_plugins(State(state): State<AppState>, caller: Caller) -> Result<Json<PluginsReply>, ApiError> {
    let event = Event::new("list_plugins", "plugin");
    state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    Ok(Json(PluginsReply::of(&*state.strategies, caller.principal.is_root())))
}

/// Shows one loaded strategy.
#[utoipa::path(get, path = "/api/v1/plugins/{name}", tag = "plugins", params(("name" = String, Path)),
    responses((status = 200, body = PluginReply), (status = 403), (status = 404)))]
async fn get_plugin(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PluginReply>, ApiError> {
    let info = find(&state, &caller, "get_plugin", &name).await?;
    Ok(Json(PluginReply::of(StrategyInfo::clone(&info), caller.principal.is_root())))
}

/// The JSON Schema (2020-12) of what a warehouse gives the strategy below its name in
/// `vending_strategy`. Secrets are `writeOnly`; other spellings of a field stand in `x-aliases`.
#[utoipa::path(get, path = "/api/v1/plugins/{name}/schema", tag = "plugins", params(("name" = String, Path)),
    responses((status = 200, body = Object), (status = 403), (status = 404)))]
async fn get_plugin_schema(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let info = find(&state, &caller, "get_plugin_schema", &name).await?;
    Ok(Json(configuration_schema(&info.description)))
}

/// Reads the plugin directory and the grant file again, and shows what came of it. Refused files
/// are part of the answer; 409: directory or grant file as a whole are not good, and everything
/// stays as it was.
#[utoipa::path(post, path = "/api/v1/plugins/reload", tag = "plugins",
    responses((status = 200, body = PluginsReply), (status = 403),
        (status = 409, description = "the directory or the grant file as a whole is not good")))]
async fn reload_plugins(State(state): State<AppState>, caller: Caller) -> Result<Json<PluginsReply>, ApiError> {
    let event = Event::new("reload_plugins", "plugin");
    state.attempt(&caller, &event, async { caller.require_root() }).await?;
    // In a task of its own: a caller who hangs up leaves nothing half done, and nothing unrecorded.
    let work = tokio::spawn(async move { reload(&state, &caller, event).await });
    work.await.map_err(ApiError::internal)?.map(Json)
}

async fn reload(state: &AppState, caller: &Caller, event: Event) -> Result<PluginsReply, ApiError> {
    state.begin(caller, &event).await?;
    if let Err(refused) = state.strategies.reload().await {
        let error = ApiError::new(StatusCode::CONFLICT, "plugins-not-reloaded", refused.0);
        state.record_failure(caller, event, &error).await?;
        return Err(error);
    }
    let reply = PluginsReply::of(&*state.strategies, true);
    let loaded: Vec<String> = state.strategies.list().into_iter().map(|info| info.description.name).collect();
    let rejected: Vec<String> = state.strategies.rejected().into_iter().map(|rejected| rejected.file).collect();
    let metadata = json!({"loaded": loaded, "rejected": rejected});
    state.record_success(caller, event.metadata(metadata)).await?;
    Ok(reply)
}

async fn find(
    state: &AppState,
    caller: &Caller,
    action: &'static str,
    name: &str,
) -> Result<Arc<StrategyInfo>, ApiError> {
    let work = async {
        caller.require_admin_or_root()?;
        state.strategies.find(name).ok_or_else(|| ApiError::not_found("plugin"))
    };
    state.attempt(caller, &Event::new(action, "plugin").name(name), work).await
}
