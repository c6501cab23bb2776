//! The set of loaded plugins, swapped as a whole. Calls that run keep the set that they began with.

mod reload;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use pangolin_core::clock::UnixMillis;
use pangolin_core::strategy::{RejectedPlugin, StrategyInfo};
use serde_json::Value;

pub use self::reload::ReloadError;
use crate::grants::{BuiltIn, GrantFile, Granted};
use crate::load::{self, Compiler, Component};
use crate::places::Places;

/// A component with what is granted to it.
#[derive(Debug)]
pub(crate) struct LoadedPlugin {
    /// The name that warehouses use.
    pub(crate) name: Arc<str>,
    /// File name in the plugin directory.
    pub(crate) file: String,
    pub(crate) component: Component,
    pub(crate) granted: Granted,
    /// Values of fields that the warehouse does not give.
    pub(crate) defaults: Vec<(String, Value)>,
    pub(crate) places: Places,
    pub(crate) info: Arc<StrategyInfo>,
}

impl LoadedPlugin {
    fn new(file: String, component: Component, granted: Granted, places: u32, since: UnixMillis) -> Self {
        let info = StrategyInfo {
            description: component.description.clone(),
            file: file.clone(),
            digest: component.digest.clone(),
            signed_by: Vec::new(),
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
            places: Places::of_host(places),
            info: Arc::new(info),
            component,
            granted,
        }
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

/// The plugin directory and the set made of it.
#[derive(Debug)]
pub(crate) struct Directory {
    /// None: the host runs without plugins.
    pub(crate) path: Option<PathBuf>,
    pub(crate) built_in: BuiltIn,
    pub(crate) compiler: Arc<Compiler>,
    /// Places of the sandbox.
    pub(crate) places: u32,
    set: ArcSwap<PluginSet>,
    /// Held while a new set is made.
    grants: tokio::sync::Mutex<Option<GrantFile>>,
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
        let grants = tokio::sync::Mutex::new(grants);
        Self { path, built_in, compiler, places, set: ArcSwap::default(), grants }
    }

    /// The set as it is now.
    pub(crate) fn set(&self) -> Arc<PluginSet> {
        self.set.load_full()
    }

    /// One plugin of it.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<LoadedPlugin>> {
        self.set.load().by_name.get(name).map(Arc::clone)
    }
}
