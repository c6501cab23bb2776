//! Users: Root everywhere, an administrator in the own tenant, a user nobody but itself.

use serde_json::{Value, json};

use crate::support::{PASSWORD, host};

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

#[tokio::test]
async fn root_creates_an_administrator_as_documented() {
    let host = host().await;
    let root = host.root().await;
    let tenant = host.post("/api/v1/tenants", &root, json!({"name": "acme"})).await.expect(201).text("id");
    let body = json!({"username": "acme_admin", "password": "temporary_password", "tenant_id": tenant,
        "role": "TenantAdmin"});
    let made = host.post("/api/v1/users", &root, body).await.expect(201);
    assert_eq!((&made.body["tenant-id"], &made.body["tenant_id"]), (&json!(tenant), &json!(tenant)));
    assert_eq!((&made.body["role"], &made.body["email"]), (&json!("tenant-admin"), &Value::Null));
    let admin = host.login(Some(&tenant), "acme_admin", "temporary_password").await;
    let me = host.get("/api/v1/users/me", &admin).await.expect(200);
    assert_eq!(me.body["id"], made.body["id"]);
    assert!(me.body["last-login"].is_string());
    assert_eq!(host.get("/api/v1/users/me", &root).await.expect(200).body["role"], "root");
}

#[tokio::test]
async fn what_a_new_user_must_not_be() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (other, _) = host.tenant("other").await;
    let user = |changes: &Value| {
        let mut body = json!({"username": "ada", "password": PASSWORD, "role": "tenant-user"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (token, body, status, field) in [
        (&admin, user(&json!({"tenant_id": other})), 403, ""),
        (&admin, user(&json!({"role": "root"})), 403, ""),
        (&root, user(&json!({"role": "Root", "tenant_id": own})), 403, ""),
        (&root, user(&json!({})), 400, "tenant_id"),
        (&root, user(&json!({"tenant_id": NEVER})), 404, ""),
        (&root, user(&json!({"tenant_id": "acme"})), 422, ""),
        (&admin, user(&json!({"password": null})), 400, "password"),
        (&admin, user(&json!({"password": "1234567"})), 422, "password"),
        (&admin, user(&json!({"email": "nowhere"})), 422, "email"),
        (&admin, user(&json!({"username": " ada"})), 422, "username"),
        (&admin, user(&json!({"username": "System"})), 422, "username"),
        (&admin, user(&json!({"role": "king"})), 422, ""),
        (&admin, user(&json!({"permissions": []})), 422, ""),
        (&admin, user(&json!({"username": "acme_admin"})), 409, ""),
    ] {
        let reply = host.post("/api/v1/users", token, body).await.expect(status);
        if !field.is_empty() {
            assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
        }
        assert!(!reply.text.contains(PASSWORD) && !reply.text.contains("1234567"));
    }
    // The same name in another tenant is another user.
    host.post("/api/v1/users", &root, user(&json!({"username": "acme_admin", "tenant-id": other}))).await.expect(201);
}

#[tokio::test]
async fn a_plain_user_reads_itself_and_nothing_else() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, token) = host.user(&own, &admin, "ada").await;
    let (bob, _) = host.user(&own, &admin, "bob").await;
    host.get("/api/v1/users", &token).await.expect(403);
    host.get(&format!("/api/v1/users/{ada}"), &token).await.expect(200);
    for other in [bob.as_str(), NEVER] {
        let path = format!("/api/v1/users/{other}");
        host.get(&path, &token).await.expect(403);
        host.put(&path, &token, json!({"active": false})).await.expect(403);
        host.delete(&path, &token).await.expect(403);
        host.get(&format!("{path}/tokens"), &token).await.expect(403);
        host.get(&format!("{path}/roles"), &token).await.expect(403);
    }
    host.put(&format!("/api/v1/users/{ada}"), &token, json!({"password": "another password"})).await.expect(403);
    host.post("/api/v1/users", &token, json!({"username": "x", "password": PASSWORD, "role": "tenant-admin"}))
        .await
        .expect(403);
    host.get(&format!("/api/v1/users/{ada}/roles"), &token).await.expect(200);
}

#[tokio::test]
async fn a_foreign_user_is_as_one_that_never_was() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (other, other_admin) = host.tenant("other").await;
    let (eve, _) = host.user(&other, &other_admin, "eve").await;
    let mut texts = Vec::new();
    for id in [eve.as_str(), NEVER, "eve"] {
        let path = format!("/api/v1/users/{id}");
        texts.push(host.get(&path, &admin).await.expect(404).text);
        texts.push(host.put(&path, &admin, json!({"password": "taken over"})).await.expect(404).text);
        texts.push(host.delete(&path, &admin).await.expect(404).text);
        texts.push(host.get(&format!("{path}/tokens"), &admin).await.expect(404).text);
        texts.push(host.get(&format!("{path}/roles"), &admin).await.expect(404).text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    host.login(Some(&other), "eve", PASSWORD).await;
    let listed = host.get("/api/v1/users", &admin).await.expect(200);
    assert!(!listed.text.contains(&eve) && !listed.text.contains("argon2"));
    let failed = host.get("/api/v1/audit?action=update_user&result=failure", &admin).await.expect(200);
    assert_eq!(failed.body.as_array().unwrap().len(), 3, "{}", failed.text);
}

#[tokio::test]
async fn root_sees_all_or_the_tenant_it_names() {
    let host = host().await;
    let root = host.root().await;
    let (own, _) = host.tenant("acme").await;
    host.tenant("other").await;
    assert_eq!(host.get("/api/v1/users", &root).await.expect(200).body.as_array().unwrap().len(), 2);
    let request = http::Request::builder()
        .uri("/api/v1/users")
        .header("Authorization", format!("Bearer {root}"))
        .header("X-Pangolin-Tenant", &own)
        .body(axum_core::body::Body::empty())
        .unwrap();
    let named = host.raw(request).await.expect(200);
    assert_eq!(named.body.as_array().unwrap().len(), 1);
    assert_eq!(named.body[0]["username"], "acme_admin");
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, token) = host.user(&own, &admin, "ada").await;
    let path = format!("/api/v1/users/{ada}");
    assert_eq!(host.put(&path, &admin, json!({"email": "ada@example.com"})).await.expect(200).text, "User updated");
    assert_eq!(host.get("/api/v1/users/me", &token).await.expect(200).body["email"], "ada@example.com");
    host.put(&path, &admin, json!({"password": "short"})).await.expect(422);
    host.put(&path, &admin, json!({"role": "tenant-admin"})).await.expect(422);
    host.put(&path, &admin, json!({"password": "another password"})).await.expect(200);
    host.get("/api/v1/users/me", &token).await.expect(401);
    let old = json!({"username": "ada", "password": PASSWORD, "tenant_id": own});
    host.post("/api/v1/users/login", "", old).await.expect(401);
    host.login(Some(&own), "ada", "another password").await;
}

#[tokio::test]
async fn an_inactive_user_can_do_nothing() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, token) = host.user(&own, &admin, "ada").await;
    let path = format!("/api/v1/users/{ada}");
    host.put(&path, &admin, json!({"active": false})).await.expect(200);
    host.get("/api/v1/users/me", &token).await.expect(401);
    let body = json!({"username": "ada", "password": PASSWORD, "tenant_id": own});
    host.post("/api/v1/users/login", "", body).await.expect(401);
    host.post("/api/v1/tokens", &admin, json!({"username": "ada"})).await.expect(422);
    host.put(&path, &admin, json!({"active": true})).await.expect(200);
    // The old session does not come back.
    host.get("/api/v1/users/me", &token).await.expect(401);
    host.login(Some(&own), "ada", PASSWORD).await;
}

#[tokio::test]
async fn nobody_deletes_or_deactivates_itself() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, token) = host.user(&own, &admin, "ada").await;
    let me = host.get("/api/v1/users/me", &admin).await.expect(200).text("id");
    host.delete(&format!("/api/v1/users/{me}"), &admin).await.expect(400);
    host.put(&format!("/api/v1/users/{me}"), &admin, json!({"active": false})).await.expect(400);
    host.delete(&format!("/api/v1/users/{ada}"), &admin).await.expect(204);
    host.get("/api/v1/users/me", &token).await.expect(401);
    host.get(&format!("/api/v1/users/{ada}"), &admin).await.expect(404);
}
