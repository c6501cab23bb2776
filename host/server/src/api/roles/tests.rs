use axum::http::StatusCode;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{RoleId, TenantId, UserId};
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::record::Role;
use serde_json::json;
use uuid::Uuid;

use super::wire::{CreateRole, RoleReply, UpdateRole};

fn role() -> Role {
    Role {
        id: RoleId(Uuid::from_u128(1)),
        tenant_id: TenantId(Uuid::from_u128(2)),
        name: "appenders".into(),
        description: Some("append only".into()),
        permissions: vec![Grant { scope: PermissionScope::Tenant, actions: vec![Action::Write] }],
        built_in: false,
        created_by: UserId(Uuid::from_u128(3)),
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    }
}

fn apply(body: serde_json::Value) -> Result<Role, StatusCode> {
    let mut role = role();
    let asked: UpdateRole = serde_json::from_value(body).unwrap();
    asked.apply(&mut role).map(|()| role).map_err(|error| error.status)
}

#[test]
fn the_reply_of_a_get_can_be_put_back() {
    let reply = serde_json::to_value(RoleReply::from(role())).unwrap();
    for field in ["tenant-id", "built-in", "created-by", "created-at", "updated-at"] {
        assert!(reply.get(field).is_some(), "{field}");
    }
    assert_eq!(apply(reply).unwrap(), role());
}

#[test]
fn what_is_absent_stays() {
    let changed = apply(json!({"permissions": []})).unwrap();
    assert_eq!(changed, Role { permissions: Vec::new(), ..role() });
}

#[test]
fn another_role_or_tenant_in_the_body_is_refused() {
    assert_eq!(apply(json!({"id": Uuid::from_u128(9)})).unwrap_err(), StatusCode::BAD_REQUEST);
    for field in ["tenant-id", "tenant_id"] {
        assert_eq!(apply(json!({field: Uuid::from_u128(9)})).unwrap_err(), StatusCode::FORBIDDEN);
    }
}

#[test]
fn documented_permissions_are_read_in_both_spellings() {
    for field in ["catalog_id", "catalog-id"] {
        let scope = json!({"type": "catalog", field: Uuid::from_u128(5)});
        let body = json!({"name": "r", "permissions": [{"scope": scope, "actions": ["read", "List"]}]});
        let asked: CreateRole = serde_json::from_value(body).unwrap();
        assert_eq!(asked.permissions[0].actions, [Action::Read, Action::List]);
    }
}

#[test]
fn unknown_fields_actions_and_scopes_are_refused() {
    let with = |permission: serde_json::Value| json!({"name": "r", "permissions": [permission]});
    for body in [
        json!({"name": "r", "built-in": true}),
        with(json!({"scope": {"type": "tenant"}, "actions": ["fly"]})),
        with(json!({"scope": {"type": "planet"}, "actions": ["read"]})),
        with(json!({"scope": {"type": "tenant"}, "actions": ["read"], "deny": true})),
    ] {
        assert!(serde_json::from_value::<CreateRole>(body.clone()).is_err(), "{body}");
    }
    assert!(serde_json::from_value::<UpdateRole>(json!({"permission": []})).is_err());
}
