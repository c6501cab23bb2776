use axum::http::StatusCode;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, TokenId, UserId};
use pangolin_core::principal::{AccountKind, UserRole};
use pangolin_core::record::{TokenRecord, User};
use pangolin_core::secret::Secret;
use serde_json::json;
use uuid::Uuid;

use super::create::tenant_of;
use super::password::check_password;
use super::roles::AssignRole;
use super::tokens::TokenInfo;
use super::wire::{CreateUser, UpdateUser, UserInfo, check_email};

const A: TenantId = TenantId(Uuid::from_u128(0xa));
const B: TenantId = TenantId(Uuid::from_u128(0xb));

fn user() -> User {
    User {
        id: UserId(Uuid::from_u128(7)),
        tenant_id: A,
        username: "ada".into(),
        email: None,
        role: UserRole::TenantUser,
        kind: AccountKind::Person,
        external: None,
        password_hash: Some("$argon2id$planted".into()),
        active: true,
        created_at: UnixMillis(0),
        last_login: None,
    }
}

#[test]
fn both_spellings_of_every_field_are_accepted() {
    for (tenant, role) in [("tenant_id", "TenantAdmin"), ("tenant-id", "tenant-admin"), ("tenant_id", "tenant_admin")] {
        let body = json!({"username": "acme_admin", "password": "temporary_password", tenant: A, "role": role});
        let asked: CreateUser = serde_json::from_value(body).unwrap();
        assert_eq!((asked.tenant_id, asked.role), (Some(A), UserRole::TenantAdmin));
        assert!(asked.email.is_none() && asked.password.is_some());
    }
    for field in ["role-id", "role_id"] {
        assert!(serde_json::from_value::<AssignRole>(json!({field: A})).is_ok());
    }
}

#[test]
fn unknown_fields_and_roles_are_refused_by_name() {
    let body = json!({"username": "a", "role": "tenant-user", "admin": true});
    assert!(serde_json::from_value::<CreateUser>(body).err().unwrap().to_string().contains("`admin`"));
    assert!(serde_json::from_value::<CreateUser>(json!({"username": "a", "role": "owner"})).is_err());
    let without = serde_json::from_value::<CreateUser>(json!({"username": "a"})).err().unwrap();
    assert!(without.to_string().contains("`role`"), "{without}");
    // A rank cannot be raised by a change.
    assert!(serde_json::from_value::<UpdateUser>(json!({"role": "tenant-admin"})).is_err());
}

#[test]
fn an_administrator_creates_users_in_the_own_tenant_only() {
    assert_eq!(tenant_of(Some(A), None, None).unwrap(), A);
    assert_eq!(tenant_of(Some(A), Some(A), None).unwrap(), A);
    assert_eq!(tenant_of(Some(A), Some(B), None).unwrap_err().status, StatusCode::FORBIDDEN);
}

#[test]
fn root_names_the_tenant() {
    assert_eq!(tenant_of(None, Some(A), None).unwrap(), A);
    assert_eq!(tenant_of(None, None, Some(B)).unwrap(), B);
    for (asked, named) in [(None, None), (Some(A), Some(B))] {
        let error = tenant_of(None, asked, named).unwrap_err();
        assert_eq!((error.status, error.problems[0].field.as_str()), (StatusCode::BAD_REQUEST, "tenant_id"));
    }
}

#[test]
fn passwords_are_judged_by_length_alone() {
    for good in ["password123", "12345678", "äöüßäöüß"] {
        assert!(check_password(&Secret::from(good), 8).is_ok(), "{good}");
    }
    let error = check_password(&Secret::from("1234567"), 8).unwrap_err();
    assert_eq!(error.problems[0].field, "password");
    assert!(!error.detail.contains("1234567"));
    assert!(check_password(&Secret::from("x".repeat(1025)), 8).is_err());
    assert!(check_password(&Secret::from("password123"), 12).is_err());
}

#[test]
fn mail_addresses_are_judged_loosely() {
    assert!(check_email("ada@example.com").is_ok());
    for bad in ["", "ada", "@example.com", "ada@", "a da@example.com", "ada@exa\nmple.com"] {
        assert!(check_email(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_reply_has_both_spellings_of_the_tenant_and_no_hash() {
    let reply = serde_json::to_value(UserInfo::from(&user())).unwrap();
    assert_eq!(reply["tenant-id"], json!(A));
    assert_eq!(reply["tenant_id"], json!(A));
    assert_eq!(reply["role"], "tenant-user");
    assert_eq!(reply["created-at"], "1970-01-01T00:00:00.000Z");
    assert!(reply.get("last-login").is_some_and(serde_json::Value::is_null));
    assert!(!reply.to_string().contains("argon2"));
}

#[test]
fn a_token_is_valid_until_it_is_revoked_or_ends() {
    let token = |revoked_at| TokenRecord {
        id: TokenId(Uuid::from_u128(9)),
        family: TokenId(Uuid::from_u128(9)),
        user_id: user().id,
        tenant_id: Some(A),
        username: "ada".into(),
        role: UserRole::TenantUser,
        roles: None,
        created_at: UnixMillis(0),
        expires_at: UnixMillis(10_000),
        revoked_at,
    };
    let valid = |revoked, now| {
        serde_json::to_value(TokenInfo::of(token(revoked), UnixMillis(now))).unwrap()["is_valid"].as_bool().unwrap()
    };
    assert!(valid(None, 9_999));
    assert!(!valid(None, 10_000));
    assert!(!valid(Some(UnixMillis(1)), 5));
}
