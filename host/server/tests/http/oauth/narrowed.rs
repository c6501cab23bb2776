//! Tokens that have some of the roles of their holder.

use http::Method;
use serde_json::json;

use super::{basic, bearer, claims, exchange, fetch, give, refused, token};
use crate::service_users::service_user;
use crate::support::{Host, PASSWORD, host};

/// A host with a catalog, an administrator, and a service user of that rank that holds `Reader`
/// and `Writer` and the right to delete by itself.
async fn scene(rank: &str) -> (Host, String, String, String, [String; 2]) {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "lake").await;
    host.post("/v1/lake/namespaces", &admin, json!({"namespace": ["sales"]})).await.expect(200);
    let (id, key) = service_user(&host, &admin, "etl", rank).await;
    let roles = [give(&host, &admin, &id, "Reader").await, give(&host, &admin, &id, "Writer").await];
    let direct = json!({"user-id": id, "scope": {"type": "tenant"}, "actions": ["all"]});
    host.post("/api/v1/permissions", &admin, direct).await.expect(201);
    (host, admin, id, key, roles)
}

async fn may_read(host: &Host, token: &str) -> bool {
    host.get("/v1/lake/namespaces/sales", token).await.status == 200
}

async fn may_write(host: &Host, token: &str) -> bool {
    let name = uuid::Uuid::new_v4().simple().to_string();
    host.post("/v1/lake/namespaces", token, json!({"namespace": [name]})).await.status == 200
}

#[tokio::test]
async fn a_token_has_the_roles_that_were_named_and_no_direct_grant() {
    let (host, _, id, key, roles) = scene("tenant-user").await;
    let whole = token(&host, &id, &key, "PRINCIPAL_ROLE:ALL").await;
    assert!(may_read(&host, &whole).await && may_write(&host, &whole).await);
    let reader = fetch(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await.expect(200);
    assert_eq!(reader.text("scope"), "PRINCIPAL_ROLE:Reader");
    let reader = reader.text("access_token");
    assert!(may_read(&host, &reader).await && !may_write(&host, &reader).await);
    let by_id = token(&host, &id, &key, &format!("PRINCIPAL_ROLE:{}", roles[0])).await;
    assert!(may_read(&host, &by_id).await && !may_write(&host, &by_id).await);
    let both = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader PRINCIPAL_ROLE:Writer").await;
    assert!(may_read(&host, &both).await && may_write(&host, &both).await);
}

#[tokio::test]
async fn a_narrowed_administrator_administers_nothing() {
    let (host, _, id, key, _) = scene("tenant-admin").await;
    let whole = token(&host, &id, &key, "").await;
    host.get("/api/v1/users", &whole).await.expect(200);
    let reader = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await;
    assert_eq!(claims(&reader)["role"], "tenant-user");
    assert!(may_read(&host, &reader).await && !may_write(&host, &reader).await);
    let grant = json!({"user-id": id, "scope": {"type": "tenant"}, "actions": ["all"]});
    for (method, path, body) in [
        (Method::GET, "/api/v1/users".to_owned(), None),
        (Method::GET, "/api/v1/warehouses".to_owned(), None),
        (Method::GET, "/api/v1/service-users".to_owned(), None),
        (Method::GET, "/api/v1/audit".to_owned(), None),
        (Method::POST, "/api/v1/service-users".to_owned(), Some(json!({"name": "x", "role": "tenant-admin"}))),
        (Method::POST, format!("/api/v1/service-users/{id}/rotate"), None),
        (Method::POST, "/api/v1/permissions".to_owned(), Some(grant)),
        (Method::POST, "/api/v1/tokens".to_owned(), Some(json!({}))),
        (Method::POST, "/api/v1/tokens".to_owned(), Some(json!({"roles": ["tenant-admin"]}))),
        (Method::POST, "/api/v1/tokens".to_owned(), Some(json!({"username": "acme_admin"}))),
    ] {
        host.send(method, &path, &reader, body).await.expect(403);
    }
}

#[tokio::test]
async fn nothing_that_comes_of_a_narrowed_token_is_wider() {
    let (host, _, id, key, _) = scene("tenant-admin").await;
    let reader = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await;
    let narrow = |token: String| {
        let host = host.clone();
        async move {
            assert!(may_read(&host, &token).await && !may_write(&host, &token).await);
            host.get("/api/v1/users", &token).await.expect(403);
        }
    };
    for scope in ["", "catalog", "sign", "PRINCIPAL_ROLE:ALL", "PRINCIPAL_ROLE:Reader"] {
        let again = exchange(&host, &bearer(&reader), &reader, scope).await.expect(200).text("access_token");
        narrow(again).await;
        // Also for the client itself: whoever refreshes gets what was refreshed.
        let again = exchange(&host, &basic(&id, &key), &reader, scope).await.expect(200).text("access_token");
        narrow(again).await;
    }
    for scope in ["PRINCIPAL_ROLE:Writer", "PRINCIPAL_ROLE:Reader PRINCIPAL_ROLE:Writer"] {
        refused(exchange(&host, &bearer(&reader), &reader, scope).await, 400, "invalid_scope");
        refused(exchange(&host, &basic(&id, &key), &reader, scope).await, 400, "invalid_scope");
    }
    let rotated = host.send(Method::POST, "/api/v1/tokens/rotate", &reader, None).await.expect(200).text("token");
    narrow(rotated.clone()).await;
    narrow(exchange(&host, &bearer(&rotated), &rotated, "catalog").await.expect(200).text("access_token")).await;
}

#[tokio::test]
async fn a_person_narrows_a_login_by_exchange() {
    let (host, admin, ..) = scene("tenant-user").await;
    let tenant = claims(&admin)["tenant_id"].as_str().unwrap().to_owned();
    let me = host.get("/api/v1/users/me", &admin).await.text("id");
    give(&host, &admin, &me, "Reader").await;
    let login = host.login(Some(&tenant), "acme_admin", PASSWORD).await;
    let reader = exchange(&host, &bearer(&login), &login, "PRINCIPAL_ROLE:Reader").await.expect(200);
    let reader = reader.text("access_token");
    assert!(may_read(&host, &reader).await && !may_write(&host, &reader).await);
    host.get("/api/v1/users", &reader).await.expect(403);
    host.get("/api/v1/users", &login).await.expect(200);
    // A token of lower rank does not rise.
    let low = host.post("/api/v1/tokens", &admin, json!({"roles": ["tenant-user"]})).await.expect(200).text("token");
    let again = exchange(&host, &bearer(&low), &low, "PRINCIPAL_ROLE:ALL").await.expect(200).text("access_token");
    host.get("/api/v1/users", &again).await.expect(403);
}

#[tokio::test]
async fn a_role_that_is_taken_away_or_deleted_ends_what_it_gave_at_once() {
    let (host, admin, id, key, roles) = scene("tenant-user").await;
    let reader = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await;
    assert!(may_read(&host, &reader).await);
    host.delete(&format!("/api/v1/users/{id}/roles/{}", roles[0]), &admin).await.expect(204);
    assert!(!may_read(&host, &reader).await, "the token stands, and opens nothing");
    host.get("/api/v1/users/me", &reader).await.expect(200);
    refused(fetch(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await, 400, "invalid_scope");
    refused(exchange(&host, &bearer(&reader), &reader, "PRINCIPAL_ROLE:Reader").await, 400, "invalid_scope");
    let again = exchange(&host, &bearer(&reader), &reader, "").await.expect(200).text("access_token");
    assert!(!may_read(&host, &again).await && !may_write(&host, &again).await);

    let body = json!({"name": "Own", "tenant-id": claims(&admin)["tenant_id"]});
    let own = host.post("/api/v1/roles", &admin, body).await.expect(201);
    let role = own.text("id");
    let mut changed = own.body.clone();
    changed["permissions"] = json!([{"scope": {"type": "tenant"}, "actions": ["read"]}]);
    host.put(&format!("/api/v1/roles/{role}"), &admin, changed.clone()).await.expect(200);
    host.post(&format!("/api/v1/users/{id}/roles"), &admin, json!({"role-id": role})).await.expect(201);
    let narrowed = token(&host, &id, &key, "PRINCIPAL_ROLE:Own").await;
    assert!(may_read(&host, &narrowed).await && !may_write(&host, &narrowed).await);
    changed["permissions"] = json!([{"scope": {"type": "tenant"}, "actions": ["read", "create"]}]);
    host.put(&format!("/api/v1/roles/{role}"), &admin, changed).await.expect(200);
    assert!(may_write(&host, &narrowed).await, "a change of the role is one of the token");
    host.delete(&format!("/api/v1/roles/{role}"), &admin).await.expect(204);
    assert!(!may_read(&host, &narrowed).await && !may_write(&host, &narrowed).await);
}
