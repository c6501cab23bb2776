//! A runtime over a directory of guests, with one warehouse and one table.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pangolin_core::access::Access;
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::id::{CatalogId, TableId, TenantId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::{Authorised, authorise_host};
use pangolin_core::ports::{SlotValues, Strategies, StrategyCall};
use pangolin_core::record::{Catalog, CatalogSnapshot, Table};
use pangolin_core::strategy::{Minted, StrategyError};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use pangolin_runtime::{DEFAULT_PLACES, GrantFile, OpenError, Runtime, RuntimeConfig, Services};

use crate::guest::{Guest, NOW_MS};
use crate::services;

/// A runtime and what it needs.
pub(crate) struct Host {
    pub(crate) home: tempfile::TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) slots: SlotValues,
    /// Fields of the warehouse that are no secrets.
    pub(crate) config: BTreeMap<String, serde_json::Value>,
}

/// How long an honest vend may take beside hostile ones.
const DEADLINE: Duration = Duration::from_secs(2);

/// The directory of plugins below the home.
pub(crate) fn plugin_dir(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("plugins")
}

/// Writes one file of the plugin directory, as an operator would.
pub(crate) fn put(home: &tempfile::TempDir, file: &str, bytes: &[u8]) {
    let path = plugin_dir(home).join(file);
    let next = path.with_extension("next");
    std::fs::write(&next, bytes).unwrap();
    std::fs::set_permissions(&next, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::rename(next, path).unwrap();
}

/// A home with a plugin directory of these files.
pub(crate) fn home(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(plugin_dir(&home)).unwrap();
    std::fs::set_permissions(plugin_dir(&home), PermissionsExt::from_mode(0o755)).unwrap();
    for (file, bytes) in files {
        put(&home, file, bytes);
    }
    home
}

pub(crate) fn config(home: &tempfile::TempDir, grants: &str) -> RuntimeConfig {
    RuntimeConfig {
        plugin_dir: Some(plugin_dir(home)),
        cache_dir: home.path().join("native"),
        grants: Some(GrantFile::parse(grants).unwrap()),
        builtin: Vec::new(),
        services: services::offline(),
        places: 8,
    }
}

pub(crate) async fn open(config: RuntimeConfig) -> Result<Runtime, OpenError> {
    assert!(config.places <= DEFAULT_PLACES);
    Runtime::open(config, Arc::new(ManualClock::at(UnixMillis(i64::try_from(NOW_MS).unwrap())))).await
}

impl Host {
    /// A host with these guests and grants.
    pub(crate) async fn new(guests: &[Guest], grants: &str) -> Self {
        Self::over(guests, grants, services::offline()).await
    }

    /// A host whose guests reach these services.
    pub(crate) async fn over(guests: &[Guest], grants: &str, services: Services) -> Self {
        let home = home(&[]);
        for (number, guest) in guests.iter().enumerate() {
            put(&home, &format!("{number:02}.wasm"), &guest.build());
        }
        let runtime = open(RuntimeConfig { services, ..config(&home, grants) }).await.unwrap();
        Self { home, runtime, slots: SlotValues::new(), config: BTreeMap::new() }
    }

    /// A host with the hostile guest `Bad` under these limits, beside the honest guest `Good`.
    pub(crate) async fn with_bad(bad: Guest, limits: &str) -> Self {
        let grants = format!("[plugins.Good]\n[plugins.Bad.limits]\n{limits}");
        let host = Self::new(&[bad, Guest::named("Good")], &grants).await;
        assert_eq!(host.runtime.rejected(), []);
        host
    }

    pub(crate) async fn vend(&self, strategy: &str) -> Result<Minted, StrategyError> {
        self.vend_for(TenantId::DEFAULT, strategy).await
    }

    /// A vend of another tenant's table.
    pub(crate) async fn vend_for(&self, tenant: TenantId, strategy: &str) -> Result<Minted, StrategyError> {
        let (mut warehouse, authorised) = authorised_for(tenant, strategy);
        warehouse.config.extend(self.config.clone());
        self.runtime.vend(self.call(&warehouse, &authorised)).await
    }

    pub(crate) fn call<'a>(&'a self, warehouse: &'a Warehouse, authorised: &'a Authorised) -> StrategyCall<'a> {
        StrategyCall { authorised, warehouse, slots: &self.slots, ttl_seconds: 900, request_id: "request-1" }
    }

    /// What became of these hostile guests, each called at the same time as the honest one, which
    /// meets its deadline beside them and after them.
    pub(crate) async fn beside_honest(&self, strategies: &[&str]) -> Vec<Result<Minted, StrategyError>> {
        let hostile = futures::future::join_all(strategies.iter().map(|strategy| self.vend(strategy)));
        let honest = async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                self.honest_vend().await;
            }
        };
        let (outcomes, ()) = tokio::join!(hostile, honest);
        self.honest_vend().await;
        outcomes
    }

    async fn honest_vend(&self) {
        let start = Instant::now();
        self.vend("Good").await.unwrap();
        assert!(start.elapsed() < DEADLINE, "an honest vend took {:?}", start.elapsed());
    }

    /// The hostile guest's failure, beside and after which the honest guest vends.
    pub(crate) async fn bad(&self) -> StrategyError {
        self.beside_honest(&["Bad"]).await.remove(0).unwrap_err()
    }
}

pub(crate) fn warehouse(strategy: &str) -> Warehouse {
    Warehouse {
        id: WarehouseId::generate(),
        tenant_id: TenantId::DEFAULT,
        name: "lake".to_owned(),
        kind: StorageKind::S3,
        base: Location::parse("s3://lake/base").unwrap(),
        strategy: Some(strategy.to_owned()),
        config: BTreeMap::from([("bucket".to_owned(), "lake".into())]),
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Own,
        allow_unscoped: false,
        max_ttl_seconds: None,
        revision: 1,
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    }
}

/// A warehouse, and leave to read and write one table in it.
pub(crate) fn authorised(strategy: &str) -> (Warehouse, Authorised) {
    authorised_for(TenantId::DEFAULT, strategy)
}

fn authorised_for(tenant_id: TenantId, strategy: &str) -> (Warehouse, Authorised) {
    let warehouse = Warehouse { tenant_id, ..warehouse(strategy) };
    let authorised = authorised_in(&warehouse);
    (warehouse, authorised)
}

/// Leave to read and write the table `sales/orders` of this warehouse.
pub(crate) fn authorised_in(warehouse: &Warehouse) -> Authorised {
    let location = format!("{}/sales/orders", warehouse.base.as_str());
    let catalog = Catalog {
        id: CatalogId::generate(),
        tenant_id: warehouse.tenant_id,
        name: "prod".to_owned(),
        warehouse_id: warehouse.id,
        base: warehouse.base.clone(),
        properties: BTreeMap::new(),
        revision: 1,
    };
    let table = Table {
        id: TableId::generate(),
        catalog_id: catalog.id,
        namespace: NamespacePath::parse_dotted("sales").unwrap(),
        name: "orders".to_owned(),
        metadata_location: format!("{location}/metadata/v1.json"),
        location: Location::parse(&location).unwrap(),
        extra_locations: Vec::new(),
        metadata: Arc::from("{}"),
        version: 1,
    };
    let snapshot = CatalogSnapshot {
        warehouse_catalogs: Arc::from([catalog.id]),
        catalog: Arc::new(catalog),
        warehouse: Arc::new(warehouse.clone()),
        host_identity_allowed: true,
    };
    authorise_host(&snapshot, &table, Access::READ_WRITE).unwrap()
}
