//! Permissions of single users.

use serde_json::{Value, json};

use crate::support::host;

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

fn grant(user: &str, scope: &Value, actions: &[&str]) -> Value {
    json!({"user-id": user, "scope": scope, "actions": actions})
}

#[tokio::test]
async fn a_permission_works_from_when_it_is_given_until_it_is_taken() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let catalog = host.local_catalog(&admin, "sales").await;
    host.local_catalog(&admin, "hr").await;
    let (ada, user) = host.user(&own, &admin, "ada").await;
    assert_eq!(host.get("/api/v1/catalogs", &user).await.expect(200).body, json!([]));
    let scope = json!({"type": "namespace", "catalog_id": catalog, "namespace": "eu.west"});
    let made = host.post("/api/v1/permissions", &admin, grant(&ada, &scope, &["read"])).await.expect(201);
    assert_eq!((&made.body["user-id"], &made.body["scope"]), (&json!(ada), &scope));
    let seen = host.get("/api/v1/catalogs", &user).await.expect(200);
    assert_eq!(seen.body.as_array().unwrap().len(), 1);
    assert_eq!(seen.body[0]["name"], "sales");
    host.get("/api/v1/catalogs/hr", &user).await.expect(404);
    let own = host.get("/api/v1/permissions", &user).await.expect(200);
    assert_eq!(own.body, json!([made.body]));
    host.delete(&format!("/api/v1/permissions/{}", made.text("id")), &admin).await.expect(204);
    assert_eq!(host.get("/api/v1/catalogs", &user).await.expect(200).body, json!([]));
    host.delete(&format!("/api/v1/permissions/{}", made.text("id")), &admin).await.expect(404);
}

#[tokio::test]
async fn nobody_grants_what_it_does_not_hold() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, user) = host.user(&own, &admin, "ada").await;
    let all = grant(&ada, &json!({"type": "tenant"}), &["all"]);
    host.post("/api/v1/permissions", &user, all.clone()).await.expect(403);
    host.post("/api/v1/permissions", &root, all.clone()).await.expect(403);
    host.get("/api/v1/permissions", &root).await.expect(403);
    host.post("/api/v1/permissions", "", all.clone()).await.expect(401);
    let made = host.post("/api/v1/permissions", &admin, all).await.expect(201).text("id");
    host.delete(&format!("/api/v1/permissions/{made}"), &user).await.expect(403);
    host.delete(&format!("/api/v1/permissions/{made}"), &root).await.expect(403);
    let denied = host.get("/api/v1/audit?action=grant_permission&result=denied", &admin).await.expect(200);
    assert_eq!(denied.body[0]["username"], "ada", "{}", denied.text);
}

#[tokio::test]
async fn another_tenants_users_catalogs_and_grants_are_as_if_they_never_were() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (other, other_admin) = host.tenant("other").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    let (eve, _) = host.user(&other, &other_admin, "eve").await;
    let theirs = host.local_catalog(&other_admin, "theirs").await;
    let tenant = json!({"type": "tenant"});
    let foreign = host.post("/api/v1/permissions", &admin, grant(&eve, &tenant, &["read"])).await.expect(404);
    let never = host.post("/api/v1/permissions", &admin, grant(NEVER, &tenant, &["read"])).await.expect(404);
    assert_eq!(foreign.text, never.text);
    assert_eq!(never.body["detail"], "User or Service User not found");
    let mut texts = Vec::new();
    for catalog in [theirs.as_str(), NEVER] {
        let scope = json!({"type": "catalog", "catalog_id": catalog});
        texts.push(host.post("/api/v1/permissions", &admin, grant(&ada, &scope, &["read"])).await.expect(404).text);
    }
    assert_eq!(texts[0], texts[1]);
    let made = host.post("/api/v1/permissions", &other_admin, grant(&eve, &tenant, &["read"])).await.expect(201);
    host.delete(&format!("/api/v1/permissions/{}", made.text("id")), &admin).await.expect(404);
    assert_eq!(host.get("/api/v1/permissions", &admin).await.expect(200).body, json!([]));
    assert_eq!(host.get(&format!("/api/v1/permissions?user={eve}"), &admin).await.expect(200).body, json!([]));
    assert_eq!(host.get("/api/v1/permissions", &other_admin).await.expect(200).body, json!([made.body]));
}

#[tokio::test]
async fn a_user_lists_its_own_and_an_administrator_those_of_anyone() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, token) = host.user(&own, &admin, "ada").await;
    let (bob, _) = host.user(&own, &admin, "bob").await;
    for user in [&ada, &bob] {
        let body = grant(user, &json!({"type": "tenant"}), &["list"]);
        host.post("/api/v1/permissions", &admin, body).await.expect(201);
    }
    let count = |body: &Value| body.as_array().unwrap().len();
    assert_eq!(count(&host.get("/api/v1/permissions", &admin).await.expect(200).body), 2);
    assert_eq!(count(&host.get(&format!("/api/v1/permissions?user={bob}"), &admin).await.expect(200).body), 1);
    assert_eq!(count(&host.get(&format!("/api/v1/permissions?user={ada}"), &token).await.expect(200).body), 1);
    host.get(&format!("/api/v1/permissions?user={bob}"), &token).await.expect(403);
    host.get("/api/v1/permissions?user=bob", &admin).await.expect(400);
}

#[tokio::test]
async fn what_a_permission_must_not_be() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let catalog = host.local_catalog(&admin, "sales").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    let table = json!({"type": "asset", "catalog_id": catalog, "namespace": "default", "asset_id": NEVER});
    host.post("/api/v1/permissions", &admin, grant(&ada, &table, &["read"])).await.expect(404);
    for (scope, actions) in [
        (json!({"type": "tenant"}), json!([])),
        (json!({"type": "tenant"}), json!(["fly"])),
        (json!({"type": "planet"}), json!(["read"])),
        (json!({"type": "catalog"}), json!(["read"])),
        (json!({"type": "namespace", "catalog_id": catalog, "namespace": "a..b"}), json!(["read"])),
    ] {
        let body = json!({"user-id": ada, "scope": scope, "actions": actions});
        host.post("/api/v1/permissions", &admin, body).await.expect(422);
    }
}
