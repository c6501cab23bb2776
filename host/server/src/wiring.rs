//! Puts the host together from its settings.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use pangolin_catalog::Catalogs;
use pangolin_core::clock::{Clock, SystemClock};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::ports::{AuditTrail, CatalogStore, Strategies};
use pangolin_core::vend::{CacheSettings, LeaseSettings, VendSettings, Vending};
use pangolin_egress::EgressClient;
use pangolin_runtime::{DEFAULT_PLACES, GrantFile, Runtime, RuntimeConfig, ServiceSettings, Services, StsSettings};
use pangolin_store::{KeyRing, Store, StoreConfig};
use prometheus_client::registry::Registry;

use crate::audited::refused::Refusals;
use crate::auth::oidc::Issuers;
use crate::auth::passwords::Passwords;
use crate::auth::throttle::Throttle;
use crate::auth::tokens::TokenIssuer;
use crate::config::{AuthMode, Config};
use crate::error::ApiError;
use crate::secret_resolver::SystemSecrets;
use crate::state::{AppState, Inner};
use crate::{api, bootstrap, data_dir};

include!(concat!(env!("OUT_DIR"), "/builtin_plugins.rs"));

/// Opens everything that the host needs and returns what the router serves from.
///
/// # Errors
/// The database, the plugin directory or a key cannot be used.
pub async fn build(config: Config) -> anyhow::Result<AppState> {
    let store = open_store(&config).await?;
    let egress = egress(&config)?;
    let runtime = open_runtime(&config, egress.clone()).await?;
    let mut metrics = Registry::default();
    runtime.register_metrics(&mut metrics);
    assemble(config, store, egress, Arc::new(runtime), metrics).await
}

/// The same over parts that are open already.
///
/// # Errors
/// A key cannot be used.
pub async fn assemble(
    config: Config,
    store: Store,
    egress: EgressClient,
    strategies: Arc<dyn Strategies>,
    mut metrics: Registry,
) -> anyhow::Result<AppState> {
    api::metrics::register(&mut metrics, strategies.clone());
    let refusals = Refusals::new(&mut metrics);
    let config = Arc::new(config);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let audit: Arc<dyn AuditTrail> = Arc::new(store.clone());
    let tables: Arc<dyn CatalogStore> = Arc::new(store.clone());
    let settings = VendSettings {
        default_ttl_seconds: config.aws.session_duration,
        limit_to_token: config.limits.limit_ttl_to_token,
        env_slots: config.aws.env_credentials.clone(),
        secret_refs: config.secret_refs.clone(),
        fingerprint_key: data_dir::fingerprint_key(&config.store.data_dir)?,
        cache: CacheSettings::default(),
    };
    let vending = Vending::new(
        strategies.clone(),
        audit.clone(),
        tables.clone(),
        Arc::new(SystemSecrets),
        clock.clone(),
        settings,
    );
    let leases = LeaseSettings { grace_seconds: config.leases.grace_seconds };
    let vending = vending.with_leases(Arc::new(store.clone()), leases).with_revocations(Arc::new(store.clone()));
    let vending = Arc::new(vending);
    let catalogs = Catalogs::new(
        tables,
        vending.clone(),
        audit.clone(),
        clock.clone(),
        egress.clone(),
        config.local_storage_dir.clone(),
    );
    let s3_endpoint = config.aws.s3_endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let catalogs = Arc::new(catalogs.with_storage_defaults(config.aws.region.clone(), s3_endpoint));
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!(error.detail))?;
    let failed = |error: ApiError| anyhow::anyhow!(error.detail);
    let tokens = TokenIssuer::new(&config.jwt_secret);
    let (tokens, root_password_hash) = match &config.auth {
        AuthMode::Auth { root_user, root_password } => {
            let hash = passwords.hash(root_password.clone()).await.map_err(failed)?;
            (tokens.with_root(root_user, root_password).map_err(failed)?, Some(hash))
        }
        AuthMode::NoAuth => (tokens, None),
    };
    let state = AppState::new(Inner {
        tokens,
        issuers: Issuers::new(&config.issuers, &config.egress, &clock).context(NO_ISSUERS)?,
        refusals,
        throttle: Throttle::new(config.limits.auth_failures, config.limits.auth_window_seconds),
        config,
        clock,
        store,
        audit,
        strategies,
        metrics,
        vending,
        catalogs,
        egress,
        passwords,
        root_password_hash,
    });
    if state.config.is_no_auth() {
        bootstrap::default_tenant(&state).await?;
    }
    Ok(state)
}

/// Opens the store and brings it to this version's schema.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    data_dir::prepare(&config.store.data_dir)?;
    let keys = match &config.store.keys {
        Some(keys) => keys.clone(),
        None => data_dir::key_ring(&config.store.data_dir)?,
    };
    Store::open(store_config(config, keys), Arc::new(SystemClock)).await.context(NO_DATABASE)
}

/// What a start, and what is said of one beforehand, leads with.
pub(crate) const NO_DATABASE: &str = "the database cannot be opened";
/// The same of issuers.
pub(crate) const NO_ISSUERS: &str = "the issuers cannot be used";

/// What the store is told.
#[expect(clippy::disallowed_methods, reason = "the database's URL goes to the database driver and nowhere else")]
pub(crate) fn store_config(config: &Config, keys: KeyRing) -> StoreConfig {
    StoreConfig {
        url: config.store.url.expose().clone(),
        keys,
        audit_sync: config.store.audit_sync,
        consistency: config.store.consistency,
        host_name: config.store.host_name.clone(),
    }
}

/// Opens the plugin directory.
pub(crate) async fn open_runtime(config: &Config, egress: EgressClient) -> anyhow::Result<Runtime> {
    data_dir::prepare(&config.store.data_dir)?;
    runtime(config, egress, config.store.data_dir.join("code-cache")).await
}

/// The same with native code in a directory of one's own: nothing is written elsewhere.
pub(crate) async fn runtime(config: &Config, egress: EgressClient, cache_dir: PathBuf) -> anyhow::Result<Runtime> {
    let sts = StsSettings {
        region: config.aws.region.clone(),
        endpoint: config.aws.sts_endpoint.clone(),
        legacy_global: config.aws.legacy_global_sts,
        role_arn: config.aws.role_arn.clone(),
        external_id: config.aws.external_id.clone(),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let runtime = RuntimeConfig {
        plugin_dir: config.plugins.dir.clone(),
        cache_dir,
        grants: config.plugins.grants.as_deref().map(GrantFile::read).transpose()?,
        builtin: BUILTIN_PLUGIN_DIGESTS.iter().map(|digest| (*digest).to_owned()).collect(),
        services: Services::new(
            egress,
            ServiceSettings { sts, azure: config.azure.clone(), gcp: config.gcp.clone() },
            clock.clone(),
        )?,
        places: DEFAULT_PLACES,
    };
    Ok(Runtime::open(runtime, clock).await?)
}

/// What the commands for plugins know of this host.
#[expect(clippy::disallowed_methods, reason = "these commands run without the settings of a host")]
pub(crate) fn tool_context() -> pangolin_plugin_tools::Context {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    pangolin_plugin_tools::Context {
        builtin: BUILTIN_PLUGIN_DIGESTS.iter().map(|digest| (*digest).to_owned()).collect(),
        grants: set("PANGOLIN_PLUGIN_GRANTS"),
        native_cache: set("XDG_CACHE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".cache")))
            .filter(|cache| cache.is_absolute())
            .map(|cache| cache.join("pangolin/native")),
    }
}

/// The client of everything that a tenant or a plugin can name.
pub(crate) fn egress(config: &Config) -> anyhow::Result<EgressClient> {
    let section = &config.egress;
    let policy = EgressPolicy::new(section.allow.clone(), &section.operator_endpoints, section.allow_http);
    Ok(EgressClient::new(Arc::new(policy))?)
}
