//! What warehouses use through the host's own identity.

use pangolin_core::ports::CatalogStore;
use pangolin_core::ports::StoreError::{HostIdentityTaken, SecretRefTaken};
use pangolin_core::secret::SecretValue;

use crate::make::{self, refused};
use crate::testdb::TestDb;

const ROLE: &str = "arn:aws:iam::123456789012:role/lake";

pub(crate) async fn a_role_and_a_base_belong_to_one_tenant(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let (lake, claim) = make::claiming(acme, "lake", "s3://lake/a", Some(ROLE));
    store.create_warehouse(&lake, Some(&claim)).await.unwrap();

    let (same_role, role_claim) = make::claiming(other, "w", "s3://elsewhere", Some(ROLE));
    refused!(store.create_warehouse(&same_role, Some(&role_claim)).await, HostIdentityTaken);
    assert!(store.warehouse(other, "w").await.unwrap().is_none(), "nothing of it stays");
    for base in ["s3://lake", "s3a://lake/a", "s3://lake/a/deeper"] {
        let (inside, claim) = make::claiming(other, "w", base, None);
        refused!(store.create_warehouse(&inside, Some(&claim)).await, HostIdentityTaken);
    }
    let (free, free_claim) = make::claiming(other, "w", "s3://lake/ab", None);
    store.create_warehouse(&free, Some(&free_claim)).await.unwrap();
    let (own, own_claim) = make::claiming(acme, "lake2", "s3://lake/a/own", Some(ROLE));
    store.create_warehouse(&own, Some(&own_claim)).await.unwrap();

    // An update cannot take what a creation cannot, and a claim given up is free.
    let mut grabbing = free.clone();
    grabbing.base = make::location("s3://lake/a/x");
    let mut grabbing_claim = free_claim.clone();
    grabbing_claim.base = grabbing.base.clone();
    refused!(store.update_warehouse(&grabbing, Some(&grabbing_claim)).await, HostIdentityTaken);
    assert_eq!(store.warehouse(other, "w").await.unwrap().unwrap().base, free.base);
    store.delete_warehouse(acme, "lake2").await.unwrap();
    store.update_warehouse(&make::warehouse(acme, "lake", "s3://lake/a").into_id(lake.id), None).await.unwrap();
    store.update_warehouse(&grabbing, Some(&grabbing_claim)).await.unwrap();
}

pub(crate) async fn roots_word_counts_at_once(db: TestDb) {
    let store = &db.store;
    let mut acme = make::stored_tenant(store, "acme").await;
    let mut other = make::stored_tenant(store, "other").await;
    let (lake, claim) = make::claiming(acme.id, "lake", "s3://lake/a", Some(ROLE));
    store.create_warehouse(&lake, Some(&claim)).await.unwrap();
    store.create_catalog(&make::catalog(&lake, "c", "s3://lake/a/c")).await.unwrap();
    let allowed = || async { store.catalog(lake.tenant_id, "c").await.unwrap().unwrap().host_identity_allowed };
    assert!(allowed().await);

    other.host_identity.roles.push(ROLE.to_owned());
    store.update_tenant(&other).await.unwrap();
    assert!(!allowed().await, "pinned to another tenant");
    refused!(store.create_catalog(&make::catalog(&lake, "d", "s3://lake/a/d")).await, HostIdentityTaken);
    acme.host_identity.roles.push(ROLE.to_owned());
    store.update_tenant(&acme).await.unwrap();
    assert!(allowed().await, "pinned to both");

    // A warehouse that uses the host's identity and claims nothing may not.
    let (unclaimed, _) = make::claiming(acme.id, "unclaimed", "s3://u", None);
    store.create_warehouse(&unclaimed, None).await.unwrap();
    refused!(store.create_catalog(&make::catalog(&unclaimed, "u", "s3://u/c")).await, HostIdentityTaken);
}

trait IntoId {
    fn into_id(self, id: pangolin_core::id::WarehouseId) -> Self;
}

impl IntoId for pangolin_core::warehouse::Warehouse {
    fn into_id(self, id: pangolin_core::id::WarehouseId) -> Self {
        Self { id, ..self }
    }
}

pub(crate) async fn a_secret_reference_belongs_to_one_tenant(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let naming = |tenant, name: &str, reference: &str| {
        let mut warehouse = make::warehouse(tenant, name, "s3://lake");
        warehouse.secrets.insert("session_token".to_owned(), SecretValue::Reference(reference.to_owned()));
        warehouse
    };
    let lake = naming(acme, "lake", "acme-key");
    store.create_warehouse(&lake, None).await.unwrap();
    store.create_warehouse(&naming(acme, "sea", "acme-key"), None).await.unwrap();
    for spelling in ["acme-key", "ACME_KEY", "acme_key"] {
        refused!(store.create_warehouse(&naming(other, "w", spelling), None).await, SecretRefTaken);
    }
    let free = naming(other, "w", "other-key");
    store.create_warehouse(&free, None).await.unwrap();
    let grabbing = naming(other, "w", "acme-key").into_id(free.id);
    refused!(store.update_warehouse(&grabbing, None).await, SecretRefTaken);
    // Given up by its last user, a name is free.
    store.delete_warehouse(acme, "lake").await.unwrap();
    refused!(store.update_warehouse(&grabbing, None).await, SecretRefTaken);
    store.delete_warehouse(acme, "sea").await.unwrap();
    store.update_warehouse(&grabbing, None).await.unwrap();
}
