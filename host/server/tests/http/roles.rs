//! Roles, and what holding one gives.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Host, host};

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

async fn role(host: &Host, admin: &str, name: &str) -> Value {
    let roles = host.get("/api/v1/roles", admin).await.expect(200).body;
    roles.as_array().unwrap().iter().find(|role| role["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn built_in_roles_are_there_and_stay_as_they_are() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    for (name, actions) in [
        ("Reader", json!(["list", "read"])),
        ("Writer", json!(["list", "read", "create", "update", "write", "delete"])),
        ("Discovery", json!(["list"])),
    ] {
        let role = role(&host, &admin, name).await;
        assert_eq!(role["permissions"], json!([{"scope": {"type": "tenant"}, "actions": actions}]), "{name}");
        assert_eq!(role["built-in"], true);
        let path = format!("/api/v1/roles/{}", role["id"].as_str().unwrap());
        host.put(&path, &admin, json!({"permissions": []})).await.expect(409);
        host.delete(&path, &admin).await.expect(409);
    }
}

#[tokio::test]
async fn a_role_is_made_changed_as_a_whole_and_deleted() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let catalog = host.local_catalog(&admin, "sales").await;
    let made = host.post("/api/v1/roles", &admin, json!({"name": "appenders", "tenant-id": own})).await.expect(201);
    assert_eq!((&made.body["permissions"], &made.body["tenant-id"]), (&json!([]), &json!(own)));
    host.post("/api/v1/roles", &admin, json!({"name": "appenders"})).await.expect(409);
    let path = format!("/api/v1/roles/{}", made.text("id"));
    let mut whole = made.body.clone();
    whole["permissions"] = json!([{"scope": {"type": "catalog", "catalog_id": catalog}, "actions": ["read", "write"]}]);
    let changed = host.put(&path, &admin, whole.clone()).await.expect(200);
    assert_eq!(changed.body["permissions"], whole["permissions"]);
    whole["id"] = json!(NEVER);
    host.put(&path, &admin, whole).await.expect(400);
    host.delete(&path, &admin).await.expect(204);
    host.get(&path, &admin).await.expect(404);
}

#[tokio::test]
async fn a_role_names_things_of_the_own_tenant_only() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (other, other_admin) = host.tenant("other").await;
    let foreign = host.local_catalog(&other_admin, "theirs").await;
    host.post("/api/v1/roles", &admin, json!({"name": "r", "tenant-id": other})).await.expect(403);
    let mut texts = Vec::new();
    for catalog in [foreign.as_str(), NEVER] {
        let permission = json!({"scope": {"type": "catalog", "catalog_id": catalog}, "actions": ["read"]});
        let body = json!({"name": "r", "permissions": [permission]});
        texts.push(host.post("/api/v1/roles", &admin, body).await.expect(404).text);
    }
    assert_eq!(texts[0], texts[1]);
    let nothing = json!({"name": "r", "permissions": [{"scope": {"type": "tenant"}, "actions": []}]});
    host.post("/api/v1/roles", &admin, nothing).await.expect(422);
}

#[tokio::test]
async fn root_and_plain_users_have_no_part_in_roles() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, user) = host.user(&own, &admin, "ada").await;
    let reader = role(&host, &admin, "Reader").await["id"].as_str().unwrap().to_owned();
    for token in [&root, &user] {
        host.get("/api/v1/roles", token).await.expect(403);
        host.post("/api/v1/roles", token, json!({"name": "r", "tenant-id": own})).await.expect(403);
        host.get(&format!("/api/v1/roles/{reader}"), token).await.expect(403);
        host.put(&format!("/api/v1/roles/{reader}"), token, json!({})).await.expect(403);
        host.delete(&format!("/api/v1/roles/{reader}"), token).await.expect(403);
        host.post(&format!("/api/v1/users/{ada}/roles"), token, json!({"role-id": reader})).await.expect(403);
        host.delete(&format!("/api/v1/users/{ada}/roles/{reader}"), token).await.expect(403);
    }
    host.send(Method::GET, "/api/v1/roles", "", None).await.expect(401);
}

#[tokio::test]
async fn a_foreign_role_is_as_one_that_never_was() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (other, other_admin) = host.tenant("other").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    let (eve, _) = host.user(&other, &other_admin, "eve").await;
    let theirs = role(&host, &other_admin, "Reader").await["id"].as_str().unwrap().to_owned();
    let ours = role(&host, &admin, "Reader").await["id"].as_str().unwrap().to_owned();
    for id in [theirs.as_str(), NEVER, "Reader"] {
        let path = format!("/api/v1/roles/{id}");
        let text = host.get(&path, &admin).await.expect(404).text;
        assert_eq!(host.put(&path, &admin, json!({"name": "x"})).await.expect(404).text, text);
        assert_eq!(host.delete(&path, &admin).await.expect(404).text, text);
        host.delete(&format!("/api/v1/users/{ada}/roles/{id}"), &admin).await.expect(404);
    }
    host.post(&format!("/api/v1/users/{ada}/roles"), &admin, json!({"role-id": theirs})).await.expect(404);
    host.post(&format!("/api/v1/users/{eve}/roles"), &admin, json!({"role-id": ours})).await.expect(404);
}

#[tokio::test]
async fn a_role_works_from_when_it_is_given_until_it_is_taken() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    let (ada, user) = host.user(&own, &admin, "ada").await;
    let reader = role(&host, &admin, "Reader").await["id"].as_str().unwrap().to_owned();
    host.get("/api/v1/catalogs/sales", &user).await.expect(404);
    let path = format!("/api/v1/users/{ada}/roles");
    for field in ["role-id", "role_id"] {
        assert_eq!(host.post(&path, &admin, json!({field: reader})).await.expect(201).text, "");
    }
    host.get("/api/v1/catalogs/sales", &user).await.expect(200);
    let held = host.get(&path, &user).await.expect(200);
    assert_eq!(held.body.as_array().unwrap().len(), 1);
    assert_eq!(held.body[0]["name"], "Reader");
    host.delete(&format!("{path}/{reader}"), &admin).await.expect(204);
    host.get("/api/v1/catalogs/sales", &user).await.expect(404);
    let rows = host.get("/api/v1/audit?action=assign_role&result=success", &admin).await.expect(200);
    assert_eq!((&rows.body[0]["resource_name"], &rows.body[0]["metadata"]["role"]), (&json!("ada"), &json!("Reader")));
}
