//! A runtime over a directory of guests, with one warehouse and one table.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

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
use pangolin_runtime::{DEFAULT_PLACES, GrantFile, OpenError, Runtime, RuntimeConfig};

use crate::guest::{Guest, NOW_MS};
use crate::services;

/// A runtime and what it needs.
pub(crate) struct Host {
    pub(crate) home: tempfile::TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) slots: SlotValues,
}

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
        let home = home(&[]);
        for (number, guest) in guests.iter().enumerate() {
            put(&home, &format!("{number:02}.wasm"), &guest.build());
        }
        let runtime = open(config(&home, grants)).await.unwrap();
        Self { home, runtime, slots: SlotValues::new() }
    }

    /// A host with the hostile guest `Bad` under these limits, beside the honest guest `Good`.
    pub(crate) async fn with_bad(bad: Guest, limits: &str) -> Self {
        let grants = format!("[plugins.Good]\n[plugins.Bad.limits]\n{limits}");
        let host = Self::new(&[bad, Guest::named("Good")], &grants).await;
        assert_eq!(host.runtime.rejected(), []);
        host
    }

    pub(crate) async fn vend(&self, strategy: &str) -> Result<Minted, StrategyError> {
        let (warehouse, authorised) = authorised(strategy);
        let call = StrategyCall {
            authorised: &authorised,
            warehouse: &warehouse,
            slots: &self.slots,
            ttl_seconds: 900,
            request_id: "request-1",
        };
        self.runtime.vend(call).await
    }

    /// The code of the hostile guest's failure, after which the honest guest still vends.
    pub(crate) async fn bad(&self) -> StrategyError {
        let error = self.vend("Bad").await.unwrap_err();
        assert!(self.vend("Good").await.is_ok(), "the next vend must work");
        error
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
    let warehouse = warehouse(strategy);
    let catalog = Catalog {
        id: CatalogId::generate(),
        tenant_id: TenantId::DEFAULT,
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
        location: Location::parse("s3://lake/base/sales/orders").unwrap(),
        extra_locations: Vec::new(),
        metadata_location: "s3://lake/base/sales/orders/metadata/v1.json".to_owned(),
        metadata: Arc::from("{}"),
        version: 1,
    };
    let snapshot = CatalogSnapshot {
        warehouse_catalogs: Arc::from([catalog.id]),
        catalog: Arc::new(catalog),
        warehouse: Arc::new(warehouse.clone()),
        host_identity_allowed: true,
    };
    let authorised = authorise_host(&snapshot, &table, Access::READ_WRITE).unwrap();
    (warehouse, authorised)
}
