//! Tenants are Root's.

use http::Method;
use serde_json::json;

use crate::support::host;

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

#[tokio::test]
async fn root_creates_reads_changes_and_deletes() {
    let host = host().await;
    let root = host.root().await;
    let id = "11111111-2222-3333-4444-555555555555";
    let body = json!({"id": id, "name": "acme-corp", "properties": {"tier": "gold"}});
    let made = host.post("/api/v1/tenants", &root, body.clone()).await.expect(201);
    assert_eq!(made.body, body);
    host.post("/api/v1/tenants", &root, json!({"name": "acme-corp"})).await.expect(409);
    host.post("/api/v1/tenants", &root, json!({"name": "second"})).await.expect(201);
    let listed = host.get("/api/v1/tenants", &root).await.expect(200);
    assert_eq!(
        listed.body.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["acme-corp", "second"]
    );
    assert_eq!(host.get("/api/v1/tenants?limit=1&offset=1", &root).await.expect(200).body[0]["name"], "second");
    let path = format!("/api/v1/tenants/{id}");
    let changed = host.put(&path, &root, json!({"name": "acme"})).await.expect(200);
    assert_eq!(changed.body, json!({"id": id, "name": "acme", "properties": {"tier": "gold"}}));
    host.put(&path, &root, json!({"name": "second"})).await.expect(409);
    host.delete(&path, &root).await.expect(204);
    host.get(&path, &root).await.expect(404);
    host.delete(&path, &root).await.expect(404);
}

#[tokio::test]
async fn nobody_else_does_and_the_attempt_is_recorded() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&own, &admin, "ada").await;
    let path = format!("/api/v1/tenants/{own}");
    for token in [&admin, &user] {
        host.get("/api/v1/tenants", token).await.expect(403);
        host.post("/api/v1/tenants", token, json!({"name": "mine"})).await.expect(403);
        host.put(&path, token, json!({"name": "mine"})).await.expect(403);
        host.delete(&path, token).await.expect(403);
        host.get(&path, token).await.expect(200);
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        host.send(method, &path, "", None).await.expect(401);
    }
    let denied = host.get("/api/v1/audit?action=create_tenant&result=denied", &admin).await.expect(200);
    assert_eq!(denied.body.as_array().unwrap().len(), 2, "{}", denied.text);
}

#[tokio::test]
async fn a_foreign_tenant_is_as_one_that_never_was() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (other, _) = host.tenant("other").await;
    let foreign = host.get(&format!("/api/v1/tenants/{other}"), &admin).await.expect(404);
    let never = host.get(&format!("/api/v1/tenants/{NEVER}"), &admin).await.expect(404);
    let no_uuid = host.get("/api/v1/tenants/other", &admin).await.expect(404);
    assert!(foreign.text == never.text && never.text == no_uuid.text);
}

#[tokio::test]
async fn rights_are_judged_before_the_body_and_a_wrong_body_names_its_field() {
    let host = host().await;
    let root = host.root().await;
    let (_, admin) = host.tenant("acme").await;
    host.post("/api/v1/tenants", &admin, json!("nonsense")).await.expect(403);
    let unknown = host.post("/api/v1/tenants", &root, json!({"name": "x", "colour": "red"})).await.expect(422);
    assert!(unknown.text.contains("colour"), "{}", unknown.text);
    assert_eq!(unknown.headers["content-type"], "application/problem+json");
    for name in ["", " x", "x\n"] {
        let reply = host.post("/api/v1/tenants", &root, json!({"name": name})).await.expect(422);
        assert_eq!(reply.body["errors"][0]["field"], "name");
    }
    host.send(Method::POST, "/api/v1/tenants", &root, None).await.expect(415);
}

#[tokio::test]
async fn a_tenant_with_a_warehouse_stays() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    host.delete(&format!("/api/v1/tenants/{own}"), &root).await.expect(409);
    host.get("/api/v1/users/me", &admin).await.expect(200);
}

#[tokio::test]
async fn the_users_and_tokens_of_a_deleted_tenant_end_with_it() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    host.delete(&format!("/api/v1/tenants/{own}"), &root).await.expect(204);
    host.get("/api/v1/users/me", &admin).await.expect(401);
}

#[tokio::test]
async fn root_alone_says_what_of_the_hosts_identity_a_tenant_may_use() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let path = format!("/api/v1/tenants/{own}/host-identity");
    assert_eq!(host.get(&path, &root).await.expect(200).body, json!({"roles": [], "bases": []}));
    let pins = json!({"roles": ["arn:aws:iam::123456789012:role/acme"], "bases": ["s3://acme/lake"]});
    assert_eq!(host.put(&path, &root, pins.clone()).await.expect(200).body, pins);
    assert_eq!(host.get(&path, &root).await.expect(200).body, pins);
    let wrong = json!({"roles": [""], "bases": ["acme", "s3://acme/.."]});
    let refused = host.put(&path, &root, wrong).await.expect(422);
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3, "{}", refused.text);
    host.get(&path, &admin).await.expect(403);
    host.put(&path, &admin, json!({"bases": ["s3://other"]})).await.expect(403);
    assert_eq!(host.get(&path, &root).await.expect(200).body, pins);
    host.put(&format!("/api/v1/tenants/{NEVER}/host-identity"), &root, pins).await.expect(404);
}
