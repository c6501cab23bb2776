//! One vend without network: a fresh instance of the `AwsStatic` component through the whole
//! runtime, beside the same strategy as a native function, from the same warehouse and scope, and
//! a vend that the pipeline serves from its cache, with an audit trail that costs nothing.
//!
//! Run `cargo xtask plugins` first, then `cargo bench -p pangolin-runtime`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench ends at the first fault")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use pangolin_aws_static::AwsStatic;
use pangolin_core::access::Access;
use pangolin_core::clock::{SystemClock, UnixMillis};
use pangolin_core::id::{CatalogId, TableId, TenantId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::{Authorised, authorise_host};
use pangolin_core::ports::{SlotValues, Strategies as _, StrategyCall};
use pangolin_core::record::{Catalog, CatalogSnapshot, Table};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use pangolin_plugin_sdk::{self as sdk, Strategy as _};
use pangolin_runtime::{DEFAULT_PLACES, GrantFile, Runtime, RuntimeConfig};

mod cached;
#[path = "../../tests/runtime/services.rs"]
mod services;

const SLOTS: [&str; 2] = ["access_key_id", "secret_access_key"];

fn warehouse() -> Warehouse {
    let text = |(name, value): (&str, &str)| (name.to_owned(), serde_json::Value::from(value));
    let config =
        [("bucket", "lake"), ("prefix", "base"), ("region", "eu-central-1"), ("endpoint", "https://s3.example.com")];
    Warehouse {
        id: WarehouseId::generate(),
        tenant_id: TenantId::DEFAULT,
        name: "lake".to_owned(),
        kind: StorageKind::S3,
        base: Location::parse("s3://lake/base").unwrap(),
        strategy: Some("AwsStatic".to_owned()),
        config: config.into_iter().map(text).collect(),
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Own,
        allow_unscoped: true,
        max_ttl_seconds: None,
        revision: 1,
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    }
}

/// A catalog on the warehouse, and a table of it.
fn table_of(warehouse: &Warehouse) -> (CatalogSnapshot, Table) {
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
        metadata_location: String::new(),
        metadata: Arc::from("{}"),
        version: 1,
    };
    let snapshot = CatalogSnapshot {
        warehouse_catalogs: Arc::from([catalog.id]),
        catalog: Arc::new(catalog),
        warehouse: Arc::new(warehouse.clone()),
        host_identity_allowed: true,
    };
    (snapshot, table)
}

/// A plugin directory with the one component.
fn plugin_dir(home: &Path) -> PathBuf {
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins/aws_static.wasm");
    let directory = home.join("plugins");
    std::fs::create_dir(&directory).unwrap();
    std::fs::copy(&component, directory.join("aws_static.wasm"))
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask plugins` first", component.display()));
    directory
}

fn native(warehouse: &Warehouse, authorised: &Authorised) -> Vec<sdk::Credential> {
    let fields = serde_json::to_string(&warehouse.config).unwrap();
    let request = sdk::VendRequest {
        config: sdk::Config::parse(&fields, SLOTS.map(str::to_owned).to_vec()).unwrap(),
        scopes: authorised
            .scopes()
            .iter()
            .map(|scope| sdk::Scope {
                location: scope.location.as_str().to_owned(),
                access: sdk::Access { read: scope.access.read, write: scope.access.write, delete: scope.access.delete },
            })
            .collect(),
        ttl_seconds: 3_600,
        principal: authorised.principal().to_owned(),
        tenant: authorised.tenant_id().to_string(),
        table: authorised.table_name().to_owned(),
        request_id: "request-1".to_owned(),
        extensions: Vec::new(),
    };
    AwsStatic::vend(request).unwrap()
}

fn vend(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = RuntimeConfig {
        plugin_dir: Some(plugin_dir(home.path())),
        cache_dir: home.path().join("native"),
        grants: Some(GrantFile::parse("[plugins.AwsStatic]\ncredential_values = true").unwrap()),
        builtin: Vec::new(),
        services: services::offline(),
        places: DEFAULT_PLACES,
    };
    let runtime = Arc::new(tokio.block_on(Runtime::open(config, Arc::new(SystemClock))).unwrap());
    assert_eq!(runtime.rejected(), []);
    let warehouse = warehouse();
    let (snapshot, table) = table_of(&warehouse);
    let authorised = authorise_host(&snapshot, &table, Access::READ_WRITE).unwrap();
    let slots: SlotValues = SLOTS.iter().map(|name| ((*name).to_owned(), "AKIAIOSFODNN7EXAMPLE".into())).collect();
    let call = StrategyCall {
        authorised: &authorised,
        warehouse: &warehouse,
        slots: &slots,
        ttl_seconds: 3_600,
        request_id: "request-1",
    };

    let mut group = criterion.benchmark_group("vend");
    group.bench_function("component", |bencher| {
        bencher.to_async(&tokio).iter(|| async { runtime.vend(black_box(call)).await.unwrap() });
    });
    group.bench_function("native", |bencher| bencher.iter(|| native(black_box(&warehouse), black_box(&authorised))));
    let cached = cached::Cached::new(runtime.clone(), snapshot, table);
    tokio.block_on(cached.vend());
    group.bench_function("cached", |bencher| bencher.to_async(&tokio).iter(|| cached.vend()));
    group.finish();
}

criterion_group!(benches, vend);
criterion_main!(benches);
