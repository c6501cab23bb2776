use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{CatalogId, GrantId, TenantId, UserId};
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::record::UserGrant;
use serde_json::json;
use uuid::Uuid;

use super::scope::catalog_of;
use super::wire::{GrantPermission, PermissionReply};

const ID: Uuid = Uuid::from_u128(5);

#[test]
fn every_scope_but_the_tenant_names_a_catalog_to_check() {
    let scope = |value| serde_json::from_value::<PermissionScope>(value).unwrap();
    assert_eq!(catalog_of(&scope(json!({"type": "tenant"}))), None);
    for value in [
        json!({"type": "catalog", "catalog_id": ID}),
        json!({"type": "namespace", "catalog_id": ID, "namespace": "a.b"}),
        json!({"type": "asset", "catalog_id": ID, "namespace": "a", "asset_id": ID}),
    ] {
        assert_eq!(catalog_of(&scope(value)), Some(CatalogId(ID)));
    }
}

#[test]
fn both_spellings_of_the_user_are_accepted_and_unknown_fields_refused() {
    for field in ["user-id", "user_id"] {
        let body = json!({field: ID, "scope": {"type": "tenant"}, "actions": ["read"]});
        assert!(serde_json::from_value::<GrantPermission>(body).is_ok());
    }
    let body = json!({"user-id": ID, "scope": {"type": "tenant"}, "actions": ["read"], "granted-by": ID});
    assert!(serde_json::from_value::<GrantPermission>(body).unwrap_err().to_string().contains("granted-by"));
}

#[test]
fn a_reply_has_the_documented_fields() {
    let given = UserGrant {
        id: GrantId(ID),
        tenant_id: TenantId(ID),
        user_id: UserId(ID),
        grant: Grant { scope: PermissionScope::Catalog { catalog_id: CatalogId(ID) }, actions: vec![Action::Read] },
        granted_by: UserId(ID),
        granted_at: UnixMillis(0),
    };
    let expected = json!({"id": ID, "user-id": ID, "granted-by": ID, "granted-at": "1970-01-01T00:00:00.000Z",
        "scope": {"type": "catalog", "catalog_id": ID}, "actions": ["read"]});
    assert_eq!(serde_json::to_value(PermissionReply::from(given)).unwrap(), expected);
}
