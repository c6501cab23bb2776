//! The runtime as the server sees it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use pangolin_core::clock::Clock;
use pangolin_core::lease::{Claim, Interrupted, Recovery, Revoked};
use pangolin_core::ports::{PresignAsk, Presigned, Strategies, StrategyCall, UpkeepCall};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{ConfigProblem, Minted, RejectedPlugin, StrategyError, StrategyErrorKind, StrategyInfo};
use pangolin_core::warehouse::Warehouse;

use crate::directory::{Directory, LoadedPlugin, ReloadError};
use crate::engine::EngineError;
use crate::grants::{BuiltIn, GrantFile};
use crate::host::Services;
use crate::load::{Compiler, NativeCache};
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

    /// Reads plugin directory and grant file again. Everything is checked before the set of
    /// plugins is swapped as a whole; a file that is not good leaves the version before it in
    /// service. Calls that run finish on the set that they began with.
    ///
    /// # Errors
    /// The directory or the grant file as a whole is not good; everything stays as it was.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        self.directory.reload(&self.sandbox).await
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

    fn find(&self, name: &str) -> Option<Arc<StrategyInfo>> {
        self.directory.find(name).map(|plugin| Arc::clone(&plugin.info))
    }

    async fn check_config(&self, warehouse: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        let Some(strategy) = &warehouse.strategy else { return Ok(Vec::new()) };
        self.sandbox.check_config(&*self.plugin(strategy)?, warehouse).await
    }

    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        self.sandbox.vend(&*self.plugin_of(call.warehouse)?, call).await
    }

    async fn presign(&self, call: StrategyCall<'_>, ask: PresignAsk<'_>) -> Result<Presigned, StrategyError> {
        self.sandbox.presign(&*self.plugin_of(call.warehouse)?, call, ask).await
    }

    async fn claim(&self, call: StrategyCall<'_>) -> Result<Claim, StrategyError> {
        self.sandbox.claim(&*self.plugin_of(call.warehouse)?, call).await
    }

    async fn survey(&self, call: StrategyCall<'_>, known: &[Secret<String>]) -> Result<String, StrategyError> {
        self.sandbox.survey(&*self.plugin_of(call.warehouse)?, call, known).await
    }

    async fn revoke(&self, call: UpkeepCall<'_>, handle: &Secret<String>) -> Result<Revoked, StrategyError> {
        self.sandbox.revoke(&*self.plugin_of(call.warehouse)?, call, handle).await
    }

    async fn recover(&self, call: UpkeepCall<'_>, mint: Interrupted<'_>) -> Result<Recovery, StrategyError> {
        self.sandbox.recover(&*self.plugin_of(call.warehouse)?, call, mint).await
    }
}
