//! What replies show of plugins. What is Root's alone is absent for others, not empty.

use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::Strategies;
use pangolin_core::strategy::{Description, PendingPlugin, RejectedPlugin, Rights, StrategyInfo};
use serde::Serialize;
use utoipa::ToSchema;

/// A loaded strategy: what it says of itself, and what the host knows of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginReply {
    /// Name, version, summary, schemes, scoping, fields, hosts, bounds of life.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    description: Description,
    /// SHA-256 of the component.
    digest: String,
    /// Names of the operator's keys that signed it.
    signed_by: Vec<String>,
    /// Since when this version serves (RFC 3339).
    since: String,
    /// Whether it may do anything at all.
    granted: bool,
    /// What it may do: hosts, the host's own identity, secrets as credentials or raw keys.
    #[schema(value_type = Object)]
    rights: Rights,
    /// The host interfaces that it can reach.
    imports: Vec<String>,
    /// The interfaces that it offers.
    exports: Vec<String>,
    /// The file in the plugin directory. Shown to Root only.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Lines of the grant file that would grant what it asks for and lacks. Shown to Root only.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_grants: Option<String>,
}

/// A file that is being read, compiled and checked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PendingReply {
    file: String,
    /// SHA-256, once it was read.
    digest: Option<String>,
    /// Since when (RFC 3339).
    since: String,
}

/// A file that is refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RejectedReply {
    file: String,
    /// Why, and how to mend it.
    reason: String,
    /// SHA-256, where the file could be read.
    digest: Option<String>,
    /// Since when these bytes are refused for this reason (RFC 3339).
    since: String,
    /// The strategy of which the version before it stays in service.
    serving: Option<String>,
}

/// What is wrong with the plugin directory or the grant file as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemReply {
    reason: String,
    /// Since when (RFC 3339).
    since: String,
}

/// The plugins.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginsReply {
    plugins: Vec<PluginReply>,
    /// Files on their way. Shown to Root only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Vec<PendingReply>>,
    /// Files that are refused. Shown to Root only.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Vec<RejectedReply>>,
    /// Why directory or grant file cannot be used; what was loaded before serves. Shown to Root
    /// only, and absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemReply>,
    /// When the directory was looked at for the last time (RFC 3339). Shown to Root only.
    #[serde(skip_serializing_if = "Option::is_none")]
    looked_at: Option<String>,
}

impl PluginReply {
    pub(super) fn of(info: StrategyInfo, to_root: bool) -> Self {
        Self {
            description: info.description,
            digest: info.digest,
            signed_by: info.signed_by,
            since: info.since.to_rfc3339(),
            granted: info.granted,
            rights: info.rights,
            imports: info.imports,
            exports: info.exports,
            file: to_root.then_some(info.file),
            missing_grants: to_root.then_some(info.missing_grants),
        }
    }
}

impl PluginsReply {
    pub(super) fn of(strategies: &dyn Strategies, to_root: bool) -> Self {
        let mut plugins = strategies.list();
        plugins.sort_by(|one, other| one.description.name.cmp(&other.description.name));
        let plugins = plugins.into_iter().map(|info| PluginReply::of(info, to_root)).collect();
        if !to_root {
            return Self { plugins, pending: None, rejected: None, problem: None, looked_at: None };
        }
        let state = strategies.directory_state();
        Self {
            plugins,
            pending: Some(state.pending.into_iter().map(PendingReply::from).collect()),
            rejected: Some(strategies.rejected().into_iter().map(RejectedReply::from).collect()),
            problem: state.problem.map(|(reason, since)| ProblemReply { reason, since: since.to_rfc3339() }),
            looked_at: state.looked_at.map(UnixMillis::to_rfc3339),
        }
    }
}

impl From<PendingPlugin> for PendingReply {
    fn from(pending: PendingPlugin) -> Self {
        Self { file: pending.file, digest: pending.digest, since: pending.since.to_rfc3339() }
    }
}

impl From<RejectedPlugin> for RejectedReply {
    fn from(rejected: RejectedPlugin) -> Self {
        Self {
            file: rejected.file,
            reason: rejected.reason,
            digest: rejected.digest,
            since: rejected.since.to_rfc3339(),
            serving: rejected.serving,
        }
    }
}
