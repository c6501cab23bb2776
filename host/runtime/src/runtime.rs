//! The runtime as the server sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pangolin_core::clock::Clock;
use pangolin_core::lease::{Claim, Interrupted, Recovery, Revoked};
use pangolin_core::ports::{PresignAsk, Presigned, Strategies, StrategyCall, UpkeepCall};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{
    ConfigProblem, Description, DirectoryState, DryRun, Minted, NotReloaded, RejectedPlugin, StrategyError,
    StrategyErrorKind, StrategyInfo,
};
use pangolin_core::warehouse::Warehouse;
use prometheus_client::registry::Registry;

use crate::directory::{Directory, LoadedPlugin, ReloadError};
use crate::engine::EngineError;
use crate::grants::{BuiltIn, GrantFile};
use crate::guest::Phase;
use crate::host::Services;
use crate::load::{self, Compiler, NativeCache};
use crate::run::Sandbox;

/// Calls at a time, where nothing else is said. Each waits for a cloud most of its time.
pub const DEFAULT_PLACES: u32 = 128;

/// What a runtime is made of.
#[derive(Debug)]
pub struct RuntimeConfig {
    /// Directory of the components; none: the host starts without plugins and says so.
    pub plugin_dir: Option<PathBuf>,
    /// Private directory for native code; the key of its MAC lies beside it, as `<cache_dir>.key`.
    pub cache_dir: PathBuf,
    /// The operator's grants.
    pub grants: Option<GrantFile>,
    /// Digests (SHA-256, hexadecimal) of the components that come with the release.
    pub builtin: Vec<String>,
    /// What the guests' imports reach.
    pub services: Services,
    /// Calls at a time: [`DEFAULT_PLACES`].
    pub places: u32,
}

/// Why the runtime does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The plugin directory or the grant file is not good.
    #[error(transparent)]
    Plugins(#[from] ReloadError),
}

/// Loads and runs strategies. One per process: it owns the Wasm engine.
#[derive(Debug)]
pub struct Runtime {
    sandbox: Sandbox,
    directory: Directory,
}

impl Runtime {
    /// Starts the engine and loads the plugin directory. Files that cannot be loaded do not stop
    /// the start: see [`Strategies::rejected`].
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(config: RuntimeConfig, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let places = config.places.max(1);
        let sandbox = Sandbox::new(places, config.services, clock)?;
        let cache = NativeCache::open(&config.cache_dir, &sandbox.engine)
            .inspect_err(|error| tracing::warn!(%error, "native code is not kept, every start compiles the plugins"))
            .ok();
        let compiler = Arc::new(Compiler { engine: sandbox.engine.clone(), cache });
        let built_in = BuiltIn { digests: config.builtin.iter().map(|digest| digest.to_ascii_lowercase()).collect() };
        if config.plugin_dir.is_none() {
            tracing::warn!("no plugin directory (PANGOLIN_PLUGIN_DIR): no credential can be vended");
        }
        let directory = Directory::new(config.plugin_dir, config.grants, built_in, compiler, places);
        let runtime = Self { sandbox, directory };
        runtime.reload().await?;
        Ok(runtime)
    }

    /// Puts the runtime's metrics where they are read.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.directory.metrics.register(registry);
    }

    /// Reads plugin directory and grant file again. Everything is checked before the set of
    /// plugins is swapped as a whole; a file that is not good leaves the version before it in
    /// service. Calls that run finish on the set that they began with.
    ///
    /// # Errors
    /// The directory or the grant file as a whole is not good; everything stays as it was.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        self.directory.reload(&self.sandbox).await
    }

    /// Runs `describe` once more. Its answer must be the one that [`StrategyInfo`] has.
    ///
    /// # Errors
    /// No plugin of that name is loaded, or it answers in a way for which it would not be loaded.
    pub async fn describe(&self, name: &str) -> Result<Description, StrategyError> {
        let plugin = self.plugin(name)?;
        load::description(&self.sandbox, &plugin.file, &plugin.component.linked)
            .await
            .map_err(|error| StrategyError::new(StrategyErrorKind::Plugin, "plugin-bad-description", error.to_string()))
    }

    fn plugin_of(&self, warehouse: &Warehouse) -> Result<Arc<LoadedPlugin>, StrategyError> {
        let none = || {
            let message = "the warehouse has no vending strategy";
            StrategyError::new(StrategyErrorKind::Unsupported, "no-strategy", message)
        };
        self.plugin(warehouse.strategy.as_deref().ok_or_else(none)?)
    }

    fn plugin(&self, name: &str) -> Result<Arc<LoadedPlugin>, StrategyError> {
        self.directory.find(name).ok_or_else(|| {
            let set = self.directory.set();
            let loaded: Vec<&str> = set.by_name.keys().map(String::as_str).collect();
            let loaded = if loaded.is_empty() { "none".to_owned() } else { loaded.join(", ") };
            StrategyError::new(
                StrategyErrorKind::NotReady,
                "plugin-not-loaded",
                format!("no plugin '{name}' is loaded; loaded: {loaded}"),
            )
        })
    }
}

#[async_trait]
impl Strategies for Runtime {
    fn list(&self) -> Vec<StrategyInfo> {
        self.directory.set().by_name.values().map(|plugin| StrategyInfo::clone(&plugin.info)).collect()
    }

    fn rejected(&self) -> Vec<RejectedPlugin> {
        self.directory.set().rejected.clone()
    }

    fn directory_state(&self) -> DirectoryState {
        self.directory.state()
    }

    async fn reload(&self) -> Result<(), NotReloaded> {
        self.directory.reload(&self.sandbox).await.map_err(|error| NotReloaded(error.to_string()))
    }

    async fn watch(&self, scan: Duration) {
        self.directory.watch(&self.sandbox, scan).await;
    }

    fn find(&self, name: &str) -> Option<Arc<StrategyInfo>> {
        self.directory.find(name).map(|plugin| Arc::clone(&plugin.info))
    }

    async fn check_config(&self, warehouse: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        let Some(strategy) = &warehouse.strategy else { return Ok(Vec::new()) };
        let plugin = self.plugin(strategy)?;
        plugin.calls.count(Phase::CheckConfig, self.sandbox.check_config(&plugin, warehouse)).await
    }

    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        plugin.calls.count(Phase::Vend, self.sandbox.vend(&plugin, call)).await
    }

    async fn explain(&self, call: StrategyCall<'_>) -> Result<DryRun, StrategyError> {
        // Not among the calls that are counted: nothing is vended.
        let plugin = self.plugin_of(call.warehouse)?;
        self.sandbox.explain(&plugin, call).await
    }

    async fn explain_presign(&self, call: StrategyCall<'_>, ask: PresignAsk<'_>) -> Result<DryRun, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        self.sandbox.explain_presign(&plugin, call, ask).await
    }

    async fn presign(&self, call: StrategyCall<'_>, ask: PresignAsk<'_>) -> Result<Presigned, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        plugin.calls.count(Phase::Presign, self.sandbox.presign(&plugin, call, ask)).await
    }

    async fn claim(&self, call: StrategyCall<'_>) -> Result<Claim, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        plugin.calls.count(Phase::Claim, self.sandbox.claim(&plugin, call)).await
    }

    async fn survey(&self, call: StrategyCall<'_>, known: &[Secret<String>]) -> Result<String, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        plugin.calls.count(Phase::Survey, self.sandbox.survey(&plugin, call, known)).await
    }

    async fn revoke(&self, call: UpkeepCall<'_>, handle: &Secret<String>) -> Result<Revoked, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        plugin.calls.count(Phase::Revoke, self.sandbox.revoke(&plugin, call, handle)).await
    }

    async fn recover(&self, call: UpkeepCall<'_>, mint: Interrupted<'_>) -> Result<Recovery, StrategyError> {
        let plugin = self.plugin_of(call.warehouse)?;
        plugin.calls.count(Phase::Recover, self.sandbox.recover(&plugin, call, mint)).await
    }
}
