//! Records for the cases.

use std::collections::BTreeMap;

use pangolin_core::access::Access;
use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::deputy::HostClaim;
use pangolin_core::id::{
    AuditId, CatalogId, GrantId, LeaseId, NamespaceId, RoleId, TableId, TenantId, TokenId, UserId, WarehouseId,
};
use pangolin_core::lease::{Lease, LeaseGrant, LeaseIntent, LeaseState, MintRequest, ResourceKey};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::ports::{CatalogStore, NewTable, TableCommit};
use pangolin_core::principal::{AccountKind, UserRole};
use pangolin_core::record::{Catalog, HostIdentityPins, Namespace, Role, Table, Tenant, TokenRecord, User, UserGrant};
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::strategy::{MintedCredential, Scoping};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use pangolin_store::Store;

use crate::testdb::NOW;

/// A secret that must not be found anywhere in clear.
pub(crate) const PLANTED: &str = "planted-secret-7f3a91";

pub(crate) fn location(text: &str) -> Location {
    Location::parse(text).unwrap()
}

pub(crate) fn path(text: &str) -> NamespacePath {
    NamespacePath::parse_dotted(text).unwrap()
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant {
        id: TenantId::generate(),
        name: name.to_owned(),
        properties: BTreeMap::from([("team".to_owned(), "data".to_owned())]),
        host_identity: HostIdentityPins::default(),
    }
}

pub(crate) fn user(tenant: TenantId, name: &str) -> User {
    User {
        id: UserId::generate(),
        tenant_id: tenant,
        username: name.to_owned(),
        email: None,
        role: UserRole::TenantUser,
        kind: AccountKind::Person,
        external: None,
        password_hash: Some("$argon2id$v=19$…".to_owned()),
        active: true,
        created_at: NOW,
        last_login: None,
    }
}

pub(crate) fn token(user: &User) -> TokenRecord {
    let id = TokenId::generate();
    TokenRecord {
        id,
        family: id,
        user_id: user.id,
        tenant_id: Some(user.tenant_id),
        username: user.username.clone(),
        role: user.role,
        roles: None,
        created_at: NOW,
        expires_at: NOW.plus_seconds(3600),
        revoked_at: None,
    }
}

pub(crate) fn grant_of(action: Action) -> Grant {
    Grant { scope: PermissionScope::Tenant, actions: vec![action] }
}

pub(crate) fn role(tenant: TenantId, name: &str, action: Action) -> Role {
    Role {
        id: RoleId::generate(),
        tenant_id: tenant,
        name: name.to_owned(),
        description: None,
        permissions: vec![grant_of(action)],
        built_in: false,
        created_by: UserId::ROOT,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn user_grant(user: &User, action: Action) -> UserGrant {
    UserGrant {
        id: GrantId::generate(),
        tenant_id: user.tenant_id,
        user_id: user.id,
        grant: grant_of(action),
        granted_by: UserId::ROOT,
        granted_at: NOW,
    }
}

pub(crate) fn warehouse(tenant: TenantId, name: &str, base: &str) -> Warehouse {
    Warehouse {
        id: WarehouseId::generate(),
        tenant_id: tenant,
        name: name.to_owned(),
        kind: StorageKind::S3,
        base: location(base),
        strategy: Some("AwsSts".to_owned()),
        config: BTreeMap::from([("region".to_owned(), serde_json::json!("eu-central-1"))]),
        secrets: BTreeMap::from([
            ("secret_access_key".to_owned(), SecretValue::Literal(Secret::from(PLANTED))),
            ("session_token".to_owned(), SecretValue::Reference(format!("token-{tenant}"))),
        ]),
        identity: BaseIdentity::Own,
        allow_unscoped: true,
        max_ttl_seconds: Some(900),
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// The same, through the host's own identity, with its claim.
pub(crate) fn claiming(tenant: TenantId, name: &str, base: &str, role: Option<&str>) -> (Warehouse, HostClaim) {
    let warehouse =
        Warehouse { identity: BaseIdentity::Host, secrets: BTreeMap::new(), ..warehouse(tenant, name, base) };
    let claim = HostClaim {
        warehouse_id: warehouse.id,
        tenant_id: tenant,
        role: role.map(str::to_owned),
        base: warehouse.base.clone(),
    };
    (warehouse, claim)
}

pub(crate) fn catalog(warehouse: &Warehouse, name: &str, base: &str) -> Catalog {
    Catalog {
        id: CatalogId::generate(),
        tenant_id: warehouse.tenant_id,
        name: name.to_owned(),
        warehouse_id: warehouse.id,
        base: location(base),
        properties: BTreeMap::new(),
        revision: 1,
    }
}

pub(crate) fn namespace(catalog: CatalogId, name: &str) -> Namespace {
    Namespace { id: NamespaceId::generate(), catalog_id: catalog, path: path(name), properties: BTreeMap::new() }
}

pub(crate) fn table(catalog: CatalogId, namespace: &str, name: &str, at: &str) -> Table {
    Table {
        id: TableId::generate(),
        catalog_id: catalog,
        namespace: path(namespace),
        name: name.to_owned(),
        location: location(at),
        extra_locations: Vec::new(),
        metadata_location: format!("{at}/metadata/1.json"),
        metadata: "{\"v\":1}".into(),
        version: 1,
    }
}

pub(crate) fn commit(table: &Table, expected_version: i64, metadata: &str) -> TableCommit {
    TableCommit {
        table_id: table.id,
        expected_version,
        metadata_location: format!("{}/metadata/{}.json", table.location, expected_version + 1),
        metadata: metadata.into(),
        location: table.location.clone(),
        extra_locations: table.extra_locations.clone(),
    }
}

pub(crate) fn event(tenant: Option<TenantId>, action: &str) -> AuditEvent {
    AuditEvent {
        id: AuditId::generate(),
        tenant_id: tenant,
        user_id: None,
        username: "ann".to_owned(),
        action: action.to_owned(),
        resource_type: "table".to_owned(),
        resource_id: None,
        resource_name: "c/n/t".to_owned(),
        timestamp: NOW,
        ip_address: None,
        user_agent: None,
        result: AuditResult::Success,
        error_message: None,
        request_id: "r-1".to_owned(),
        trace_id: None,
        metadata: serde_json::json!({"access": "read"}),
    }
}

/// An intent to mint on a warehouse.
pub(crate) fn intent(warehouse: &Warehouse, resource: &str) -> LeaseIntent {
    let lease = Lease {
        id: LeaseId::generate(),
        tenant_id: warehouse.tenant_id,
        warehouse_id: warehouse.id,
        warehouse: warehouse.name.clone(),
        strategy: "Vast".to_owned(),
        resource: ResourceKey::new(warehouse.tenant_id, "Vast", resource),
        share: "read".to_owned(),
        state: LeaseState::Minting,
        access: Access::READ,
        user_id: UserId::generate(),
        principal: "ann".to_owned(),
        table_id: TableId::generate(),
        table: "c.n.t".to_owned(),
        request_id: "r-1".to_owned(),
        started_at: NOW,
        ended_at: None,
        issued_at: None,
        expires_at: None,
        revoked_at: None,
        attempts: 0,
        last_error: None,
        next_attempt_at: Some(NOW.plus_seconds(60)),
        undecided: Vec::new(),
    };
    let request = MintRequest {
        scopes: vec![("s3://lake/c/n/t/".to_owned(), Access::READ)],
        ttl_seconds: 900,
        principal: "ann".to_owned(),
        table: "c.n.t".to_owned(),
        request_id: "r-1".to_owned(),
    };
    LeaseIntent { lease, request, survey: "survey".to_owned(), warehouse: warehouse.clone() }
}

/// What a mint brought; the key is its own handle.
pub(crate) fn lease_grant(key: &str) -> LeaseGrant {
    let expires_at = NOW.plus_seconds(900);
    LeaseGrant {
        handles: vec![Secret::from(key)],
        credentials: vec![MintedCredential {
            prefix: "s3://lake/c/n/t/".to_owned(),
            entries: vec![("s3.access-key-id".to_owned(), Secret::from(key))],
            expires_at: Some(expires_at),
            handle: None,
        }],
        issued_at: NOW,
        expires_at,
        version: "1.0.0".to_owned(),
        digest: "d".to_owned(),
        fingerprint: Some("f".to_owned()),
        scoping: Scoping::AccessOnly,
    }
}

/// A tenant in the store.
pub(crate) async fn stored_tenant(store: &Store, name: &str) -> Tenant {
    let tenant = tenant(name);
    store.create_tenant(&tenant).await.unwrap();
    tenant
}

/// A tenant with a warehouse at `s3://lake/`, a catalog at `s3://lake/c` and a namespace `n`.
pub(crate) async fn stored_catalog(store: &Store) -> Catalog {
    let tenant = stored_tenant(store, "acme").await;
    let warehouse = warehouse(tenant.id, "lake", "s3://lake");
    store.create_warehouse(&warehouse, None).await.unwrap();
    let catalog = catalog(&warehouse, "c", "s3://lake/c");
    store.create_catalog(&catalog).await.unwrap();
    store.create_namespace(&namespace(catalog.id, "n")).await.unwrap();
    catalog
}

/// A table in namespace `n`.
pub(crate) async fn stored_table(store: &Store, catalog: &Catalog, name: &str) -> Table {
    let table = table(catalog.id, "n", name, &format!("s3://lake/c/n/{name}"));
    store.create_table(&NewTable { table: table.clone() }).await.unwrap();
    table
}

macro_rules! refused {
    ($result:expr, $pattern:pat) => {
        match $result {
            Err($pattern) => {}
            other => panic!("expected {}, got {other:?}", stringify!($pattern)),
        }
    };
}
pub(crate) use refused;
