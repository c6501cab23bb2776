//! The loaded strategies, and the files that could not be loaded.

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use pangolin_core::strategy::{Description, RejectedPlugin, StrategyInfo};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_plugins))
}

/// A loaded strategy: what it says of itself, and what the host knows of it.
#[derive(Debug, Serialize, ToSchema)]
struct PluginReply {
    /// Name, version, summary, schemes, scoping, fields, hosts, bounds of life.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    description: Description,
    /// SHA-256 of the component.
    digest: String,
    /// Whether it may do what it asks for.
    granted: bool,
    /// The host interfaces that it can reach.
    imports: Vec<String>,
}

/// A file that could not be loaded.
#[derive(Debug, Serialize, ToSchema)]
struct RejectedReply {
    file: String,
    reason: String,
}

/// The plugins.
#[derive(Debug, Serialize, ToSchema)]
struct PluginsReply {
    plugins: Vec<PluginReply>,
    /// Shown to Root only.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Vec<RejectedReply>>,
}

impl From<StrategyInfo> for PluginReply {
    fn from(info: StrategyInfo) -> Self {
        Self { description: info.description, digest: info.digest, granted: info.granted, imports: info.imports }
    }
}

impl From<RejectedPlugin> for RejectedReply {
    fn from(rejected: RejectedPlugin) -> Self {
        Self { file: rejected.file, reason: rejected.reason }
    }
}

/// Lists the loaded strategies by name, with their configuration fields.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins",
    responses((status = 200, body = PluginsReply), (status = 403)))]
async fn list_plugins(State(state): State<AppState>, caller: Caller) -> Result<Json<PluginsReply>, ApiError> {
    let event = Event::new("list_plugins", "plugin");
    state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    let mut plugins: Vec<PluginReply> = state.strategies.list().into_iter().map(PluginReply::from).collect();
    plugins.sort_by(|one, other| one.description.name.cmp(&other.description.name));
    let rejected = || state.strategies.rejected().into_iter().map(RejectedReply::from).collect();
    Ok(Json(PluginsReply { plugins, rejected: caller.principal.is_root().then(rejected) }))
}
