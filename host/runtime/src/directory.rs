//! The set of loaded plugins, swapped as a whole. Calls that run keep the set that they began with.

mod fingerprint;
mod judge;
mod known;
mod reload;
mod standing;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use pangolin_core::clock::UnixMillis;
use pangolin_core::strategy::{DirectoryState, RejectedPlugin, StrategyInfo};
use serde_json::Value;

pub use self::reload::ReloadError;
use self::reload::Turn;
use self::standing::Standing;
use crate::grants::{BuiltIn, GrantFile, Granted, Signatures};
use crate::load::{self, Compiler, Component};
use crate::metrics::{CallMetrics, Metrics};
use crate::places::Places;

/// A component with what is granted to it.
#[derive(Debug)]
pub(crate) struct LoadedPlugin {
    /// The name that warehouses use.
    pub(crate) name: Arc<str>,
    /// File name in the plugin directory.
    pub(crate) file: String,
    pub(crate) component: Component,
    /// The signatures that lay beside it: policy may ask for them again while it serves.
    pub(crate) signatures: Signatures,
    pub(crate) granted: Granted,
    /// Values of fields that the warehouse does not give.
    pub(crate) defaults: Vec<(String, Value)>,
    pub(crate) places: Arc<Places>,
    pub(crate) calls: CallMetrics,
    pub(crate) info: Arc<StrategyInfo>,
}

/// A component, with what belongs to it in the directory.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) file: String,
    pub(crate) component: Component,
    pub(crate) signatures: Signatures,
}

/// What the operator's policy makes of it.
#[derive(Debug)]
struct Allowed {
    /// Names of the keys that signed it.
    signed_by: Vec<String>,
    granted: Granted,
}

impl LoadedPlugin {
    fn new(found: Found, allowed: Allowed, places: Arc<Places>, calls: CallMetrics, since: UnixMillis) -> Self {
        let Found { file, component, signatures } = found;
        let Allowed { signed_by, granted } = allowed;
        let info = StrategyInfo {
            description: component.description.clone(),
            file: file.clone(),
            digest: component.digest.clone(),
            signed_by,
            since,
            granted: granted.given,
            rights: granted.rights(),
            missing_grants: granted.missing.clone(),
            imports: component.imports.clone(),
            exports: component.exports.clone(),
        };
        Self {
            name: Arc::from(component.description.name.as_str()),
            file,
            defaults: load::defaults(&component.description),
            places,
            calls,
            info: Arc::new(info),
            component,
            signatures,
            granted,
        }
    }

    /// As it was found.
    fn found(&self) -> Found {
        Found { file: self.file.clone(), component: self.component.clone(), signatures: self.signatures.clone() }
    }

    /// Names of the fields that are secrets.
    pub(crate) fn secret_fields(&self) -> impl Iterator<Item = &str> {
        let fields = &self.component.description.fields;
        fields.iter().filter(|field| field.is_secret()).map(|field| field.name.as_str())
    }
}

/// What is loaded at one moment.
#[derive(Debug, Default)]
pub(crate) struct PluginSet {
    pub(crate) by_name: BTreeMap<String, Arc<LoadedPlugin>>,
    pub(crate) rejected: Vec<RejectedPlugin>,
}

impl PluginSet {
    /// What serves from a file.
    fn of_file(&self, file: &str) -> Option<&Arc<LoadedPlugin>> {
        self.by_name.values().find(|plugin| plugin.file == file)
    }

    /// What serves of a digest.
    fn of_digest(&self, digest: &str) -> Option<&Arc<LoadedPlugin>> {
        self.by_name.values().find(|plugin| plugin.component.digest == digest)
    }
}

/// The plugin directory and the set made of it.
#[derive(Debug)]
pub(crate) struct Directory {
    /// None: the host runs without plugins.
    path: Option<PathBuf>,
    built_in: BuiltIn,
    compiler: Arc<Compiler>,
    /// Places of the sandbox.
    places: u32,
    pub(crate) metrics: Arc<Metrics>,
    set: ArcSwap<PluginSet>,
    standing: Standing,
    /// Held while a new set is made, so one component at a time is compiled.
    turn: tokio::sync::Mutex<Turn>,
}

impl Directory {
    /// An empty set; [`Directory::reload`] fills it.
    pub(crate) fn new(
        path: Option<PathBuf>,
        grants: Option<GrantFile>,
        built_in: BuiltIn,
        compiler: Arc<Compiler>,
        places: u32,
    ) -> Self {
        Self {
            path,
            built_in,
            compiler,
            places,
            metrics: Arc::default(),
            set: ArcSwap::default(),
            standing: Standing::default(),
            turn: tokio::sync::Mutex::new(Turn::new(grants)),
        }
    }

    /// The set as it is now.
    pub(crate) fn set(&self) -> Arc<PluginSet> {
        self.set.load_full()
    }

    /// One plugin of it.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<LoadedPlugin>> {
        self.set.load().by_name.get(name).map(Arc::clone)
    }

    /// How it stands with the directory as a whole.
    pub(crate) fn state(&self) -> DirectoryState {
        self.standing.state()
    }
}
