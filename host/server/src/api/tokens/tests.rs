use axum::http::StatusCode;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, TokenId, UserId};
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::record::TokenRecord;
use pangolin_core::secret::Secret;
use serde_json::json;
use uuid::Uuid;

use super::revoke::may_revoke;
use super::wire::{RevokeToken, TokenReply, TokenRequest};

fn request(body: serde_json::Value) -> TokenRequest {
    serde_json::from_value(body).unwrap()
}

fn tenant(id: u128) -> TenantId {
    TenantId(Uuid::from_u128(id))
}

fn principal(user: u128, role: UserRole, tenant_id: Option<TenantId>) -> Principal {
    Principal {
        user_id: UserId(Uuid::from_u128(user)),
        username: "p".into(),
        role,
        tenant_id,
        kind: AccountKind::Person,
        token_id: None,
        token_expires_at: None,
        grants: [].into(),
        roles: [].into(),
        cut_off: None,
        narrowed: false,
    }
}

fn token(user: u128, tenant_id: Option<TenantId>) -> TokenRecord {
    TokenRecord {
        id: TokenId(Uuid::from_u128(1)),
        family: TokenId(Uuid::from_u128(1)),
        user_id: UserId(Uuid::from_u128(user)),
        tenant_id,
        username: "t".into(),
        role: UserRole::TenantUser,
        roles: None,
        created_at: UnixMillis(0),
        expires_at: UnixMillis(86_400_000),
        revoked_at: None,
    }
}

#[test]
fn the_documented_bodies_are_read() {
    let id = Uuid::from_u128(3).to_string();
    let asked = request(json!({"username": "data_engineer", "password": "secure_password", "tenant_id": id}));
    assert_eq!(asked.tenant().unwrap(), Some(tenant(3)));
    assert!(asked.password.is_some());
    let asked = request(json!({"tenant-id": id, "roles": ["tenant-user"], "expires-in-hours": 24}));
    assert_eq!((asked.tenant().unwrap(), asked.seconds(1).unwrap()), (Some(tenant(3)), 86_400));
    assert_eq!(request(json!({"username": "root", "password": "p", "tenant_id": null})).tenant().unwrap(), None);
    assert!(serde_json::from_value::<TokenRequest>(json!({"user": "x"})).is_err());
    assert!(serde_json::from_value::<RevokeToken>(json!({"why": "x"})).is_err());
}

#[test]
fn a_wrong_uuid_role_or_life_is_a_bad_request_that_names_the_field() {
    let refused = |error: crate::error::ApiError| (error.status, error.problems[0].field.clone());
    let bad = |field: &str| (StatusCode::BAD_REQUEST, field.to_owned());
    assert_eq!(refused(request(json!({"tenant_id": "acme"})).tenant().unwrap_err()), bad("tenant_id"));
    assert_eq!(refused(request(json!({"roles": ["king"]})).rank(UserRole::Root).unwrap_err()), bad("roles"));
    for hours in [0, -1, i64::MIN] {
        assert_eq!(
            refused(request(json!({"expires_in_hours": hours})).seconds(1).unwrap_err()),
            bad("expires_in_hours")
        );
    }
}

#[test]
fn a_life_is_cut_at_a_year() {
    assert_eq!(request(json!({})).seconds(86_400).unwrap(), 86_400);
    for hours in [8760, 8761, i64::MAX] {
        assert_eq!(request(json!({"expires_in_hours": hours})).seconds(1).unwrap(), 8760 * 3600);
    }
}

#[test]
fn a_reply_says_its_life_in_both_forms() {
    let reply = TokenReply::of(&Secret::from("abc"), &token(1, Some(tenant(2))));
    let expected = json!({"token": "abc", "expires_in": 86_400, "expires_at": "1970-01-02T00:00:00.000Z",
        "tenant_id": tenant(2)});
    assert_eq!(serde_json::to_value(reply).unwrap(), expected);
}

const RANKS: [UserRole; 3] = [UserRole::TenantUser, UserRole::TenantAdmin, UserRole::Root];

#[test]
fn a_token_never_has_a_higher_rank_than_its_user() {
    for held in RANKS {
        assert_eq!(request(json!({})).rank(held).unwrap(), held);
        for (one, other) in RANKS.iter().flat_map(|one| RANKS.map(|other| (*one, other))) {
            let asked = request(json!({"roles": [one.as_str(), other.as_str()]}));
            let highest = one.max(other);
            match asked.rank(held) {
                Ok(rank) => assert!(rank == highest && rank <= held),
                Err(error) => assert!(error.status == StatusCode::FORBIDDEN && highest > held),
            }
        }
    }
}

#[test]
fn nobody_revokes_tokens_of_another_tenant() {
    for admin in [false, true] {
        let role = if admin { UserRole::TenantAdmin } else { UserRole::TenantUser };
        let may = |user, own, owner, other| {
            may_revoke(&principal(user, role, Some(tenant(own))), None, &token(owner, Some(tenant(other))))
        };
        assert!(may(1, 1, 1, 1), "one's own");
        assert_eq!(may(1, 1, 2, 1), admin, "another user's of the tenant");
        assert!(!may(1, 1, 2, 2), "another tenant's");
    }
}

#[test]
fn a_narrowed_token_revokes_its_own_chain_alone() {
    let chain = |id| Some(TokenId(Uuid::from_u128(id)));
    for role in RANKS {
        let may =
            |kept_to, owner| may_revoke(&principal(1, role, Some(tenant(1))), kept_to, &token(owner, Some(tenant(1))));
        assert!(may(chain(1), 1), "its chain");
        assert!(!may(chain(2), 1), "another of its holder's");
        assert!(!may(chain(1), 2), "another's");
    }
}

#[test]
fn tokens_of_root_are_revoked_by_root_alone() {
    let of_root = TokenRecord { user_id: UserId::ROOT, ..token(0, None) };
    assert!(may_revoke(&principal(9, UserRole::Root, None), None, &of_root));
    assert!(!may_revoke(&principal(9, UserRole::TenantAdmin, Some(tenant(1))), None, &of_root));
}
