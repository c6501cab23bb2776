//! Things that the core's own tests are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::clock::UnixMillis;
use crate::id::{CatalogId, TableId, TenantId, UserId, WarehouseId};
use crate::location::Location;
use crate::namespace::NamespacePath;
use crate::permission::{Action, Grant, PermissionScope};
use crate::principal::{AccountKind, Principal, UserRole};
use crate::record::{Catalog, CatalogSnapshot, Properties, Table};
use crate::warehouse::{BaseIdentity, StorageKind, Warehouse};

pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(10));
pub(crate) const CATALOG: CatalogId = CatalogId(Uuid::from_u128(20));

pub(crate) fn grant(scope: PermissionScope, actions: &[Action]) -> Grant {
    Grant { scope, actions: actions.to_vec() }
}

pub(crate) fn principal(grants: Vec<Grant>) -> Principal {
    Principal {
        user_id: UserId(Uuid::from_u128(30)),
        username: "ada".into(),
        role: UserRole::TenantUser,
        tenant_id: Some(TENANT),
        kind: AccountKind::Person,
        token_id: None,
        token_expires_at: None,
        grants: grants.into(),
        roles: [].into(),
        cut_off: None,
        narrowed: false,
    }
}

pub(crate) fn admin() -> Principal {
    Principal { role: UserRole::TenantAdmin, ..principal(vec![]) }
}

pub(crate) fn warehouse() -> Warehouse {
    Warehouse {
        id: WarehouseId(Uuid::from_u128(40)),
        tenant_id: TENANT,
        name: "lake".to_owned(),
        kind: StorageKind::S3,
        base: Location::parse("s3://bucket").unwrap(),
        strategy: Some("Fake".to_owned()),
        config: BTreeMap::new(),
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Own,
        allow_unscoped: false,
        max_ttl_seconds: None,
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn catalog_snapshot() -> CatalogSnapshot {
    CatalogSnapshot {
        catalog: Arc::new(Catalog {
            id: CATALOG,
            tenant_id: TENANT,
            name: "analytics".to_owned(),
            warehouse_id: WarehouseId(Uuid::from_u128(40)),
            base: Location::parse("s3://bucket/base").unwrap(),
            properties: Properties::new(),
            revision: 1,
        }),
        warehouse: Arc::new(warehouse()),
        warehouse_catalogs: Arc::from([CATALOG]),
        host_identity_allowed: true,
    }
}

pub(crate) fn table(name: &str) -> Table {
    Table {
        id: TableId(Uuid::from_u128(50)),
        catalog_id: CATALOG,
        namespace: NamespacePath::parse_dotted("sales").unwrap(),
        name: name.to_owned(),
        location: Location::parse(&format!("s3://bucket/base/sales/{name}")).unwrap(),
        extra_locations: Vec::new(),
        metadata_location: String::new(),
        metadata: Arc::from("{}"),
        version: 1,
    }
}
