//! One tenant with a thing of every kind, and another tenant beside it.

use pangolin_core::id::TableId;
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::{CatalogStore as _, NewTable};
use pangolin_store::Store;
use serde_json::{Value, json};

use super::callers::Role;
use crate::leases::{Leased, MINTER, leased_host};
use crate::support::Host;

/// The host of the matrix. `sales` is a catalog on local storage, `minted` one that vends; each
/// has the namespace `emea` and the table `orders`.
pub(super) struct World {
    pub(super) leased: Leased,
    pub(super) host: Host,
    pub(super) store: Store,
    pub(super) tenant: String,
    pub(super) admin: String,
    pub(super) foreign: String,
    pub(super) root: String,
    /// A service user of an administrator's rank that holds the role Reader: its id and key.
    pub(super) robot: (String, String),
    /// A plain user without any right.
    pub(super) ada: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let leased = leased_host().await;
        let (host, tenant, admin) = (leased.host.clone(), leased.tenant.clone(), leased.admin.clone());
        let root = host.root().await;
        let (_, foreign) = host.tenant("other").await;
        let body = json!({"name": "robot", "role": "tenant-admin"});
        let robot = host.post("/api/v1/service-users", &admin, body).await.expect(201);
        let robot = (robot.text("id"), robot.text("api_key"));
        let (ada, _) = host.user(&tenant, &admin, "ada").await;
        let world = Self { store: leased.store.clone(), leased, host, tenant, admin, foreign, root, robot, ada };
        world.assign(&world.robot.0, "Reader").await;
        for (role, name) in [(Role::Discovery, "Discovery"), (Role::Reader, "Reader"), (Role::Writer, "Writer")] {
            world.user(role.name(), Some(name)).await;
        }
        world.lakes().await;
        world
    }

    /// Something that the administrator makes.
    pub(super) async fn make(&self, path: &str, body: Value) -> Value {
        let made = self.host.post(path, &self.admin, body).await;
        assert!(made.status.is_success(), "{path}: {}", made.text);
        made.body
    }

    async fn lakes(&self) {
        self.host.local_catalog(&self.admin, "sales").await;
        self.make("/v1/sales/namespaces", json!({"namespace": ["emea"]})).await;
        let made = self.make("/v1/sales/namespaces/emea/tables", new_table("orders")).await;
        self.make("/api/v1/warehouses", bucket("mint", MINTER)).await;
        self.make("/api/v1/catalogs", json!({"name": "minted", "warehouse_name": "mint"})).await;
        self.make("/v1/minted/namespaces", json!({"namespace": ["emea"]})).await;
        // There is no S3 here to write a metadata file into, and nothing that reads it again.
        let mut metadata = made["metadata"].clone();
        metadata["location"] = json!(TABLE_ROOT);
        let tenant = self.tenant.parse().unwrap();
        let sales = self.store.catalog(tenant, "sales").await.unwrap().unwrap();
        let minted = self.store.catalog(tenant, "minted").await.unwrap().unwrap();
        let namespace = NamespacePath::parse_dotted("emea").unwrap();
        let orders = self.store.table(sales.catalog.id, &namespace, "orders").await.unwrap().unwrap();
        let mut table = (*orders).clone();
        table.id = TableId::generate();
        metadata["table-uuid"] = json!(table.id);
        table.catalog_id = minted.catalog.id;
        table.location = Location::parse(TABLE_ROOT).unwrap();
        table.metadata_location = format!("{TABLE_ROOT}/metadata/0.json");
        table.metadata = metadata.to_string().into();
        table.version = 1;
        self.store.create_table(&NewTable { table }).await.unwrap();
    }
}

/// Where the table lies whose credentials are vended.
pub(super) const TABLE_ROOT: &str = "s3://mint-bucket/minted/emea/orders";

/// The definition of a warehouse on S3.
pub(super) fn bucket(name: &str, strategy: &str) -> Value {
    json!({"name": name, "vending_strategy": strategy,
        "storage_config": {"type": "s3", "bucket": format!("{name}-bucket"), "region": "eu-central-1"}})
}

pub(super) fn new_table(name: &str) -> Value {
    let field = json!({"id": 1, "name": "id", "type": "long", "required": true});
    json!({"name": name, "schema": {"type": "struct", "fields": [field]}})
}
