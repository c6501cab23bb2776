//! Changing one's own password.

use serde_json::json;

use crate::support::{PASSWORD, host, host_with};

const PATH: &str = "/api/v1/users/me/password";
const NEW: &str = "a much longer password";

#[tokio::test]
async fn a_password_is_changed_and_the_other_sessions_end() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (ada, first) = host.user(&tenant, &admin, "ada").await;
    let second = host.login(Some(&tenant), "ada", PASSWORD).await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let done = host.put(PATH, &first, body).await.expect(204);
    assert!(done.text.is_empty());
    host.get("/api/v1/users/me", &first).await.expect(200);
    host.get("/api/v1/users/me", &second).await.expect(401);
    let old = json!({"username": "ada", "password": PASSWORD, "tenant-id": tenant});
    host.post("/api/v1/users/login", "", old).await.expect(401);
    let third = host.login(Some(&tenant), "ada", NEW).await;

    let rows = host.get("/api/v1/audit?action=change_password", &admin).await.expect(200).body;
    assert_eq!((&rows[0]["result"], &rows[0]["resource_id"]), (&json!("success"), &json!(ada)));
    assert_eq!(rows[0]["metadata"]["sessions_ended"], 1);
    assert!(!rows.to_string().contains(PASSWORD) && !rows.to_string().contains(NEW));

    let back = json!({"current-password": NEW, "new-password": PASSWORD});
    host.put(PATH, &third, back).await.expect(204);
    host.get("/api/v1/users/me", &first).await.expect(401);
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (_, token) = host.user(&tenant, &admin, "ada").await;
    let other = host.login(Some(&tenant), "ada", PASSWORD).await;
    for (body, status, code) in [
        (json!({"current_password": "wrong", "new_password": NEW}), 403, "current-password-wrong"),
        (json!({"current_password": "", "new_password": NEW}), 403, "current-password-wrong"),
        (json!({"current_password": PASSWORD, "new_password": "1234567"}), 422, "invalid"),
        (json!({"current_password": PASSWORD, "new_password": PASSWORD}), 422, "invalid"),
        (json!({"current_password": PASSWORD, "new_password": "x".repeat(1025)}), 422, "invalid"),
        (json!({"current_password": PASSWORD}), 422, "invalid"),
        (json!({"new_password": NEW}), 422, "invalid"),
        (json!({"current_password": PASSWORD, "new_password": NEW, "role": "tenant-admin"}), 422, "invalid"),
        (json!({"current_password": PASSWORD, "new_password": 12_345_678}), 422, "invalid"),
    ] {
        let refused = host.put(PATH, &token, body).await.expect(status);
        assert_eq!(refused.body["code"], code, "{}", refused.text);
        assert!(!refused.text.contains(PASSWORD) && !refused.text.contains("12345678"), "{}", refused.text);
    }
    host.put(PATH, "", json!({"current_password": PASSWORD, "new_password": NEW})).await.expect(401);
    host.get("/api/v1/users/me", &other).await.expect(200);
    host.login(Some(&tenant), "ada", PASSWORD).await;
    let rows = host.get("/api/v1/audit?action=change_password&result=denied", &admin).await.expect(200).body;
    assert_eq!(rows.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn guesses_count_as_failed_logins_do() {
    let host = host_with(&[("PANGOLIN_AUTH_RATE_LIMIT", "3")]).await;
    let (tenant, admin) = host.tenant("acme").await;
    let (_, token) = host.user(&tenant, &admin, "ada").await;
    let guess = json!({"current_password": "a guess", "new_password": NEW});
    for _ in 0..3 {
        host.put(PATH, &token, guess.clone()).await.expect(403);
    }
    let closed = host.put(PATH, &token, json!({"current_password": PASSWORD, "new_password": NEW})).await.expect(429);
    assert!(closed.headers.contains_key("retry-after"));
    assert_eq!(closed.body["code"], "too-many-attempts");
    // The account is closed for logins too.
    let login = json!({"username": "ada", "password": PASSWORD, "tenant-id": tenant});
    host.post("/api/v1/users/login", "", login).await.expect(429);
}

#[tokio::test]
async fn root_and_service_users_have_no_password_here() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let root = host.root().await;
    let refused = host.put(PATH, &root, body.clone()).await.expect(403);
    assert!(refused.text.contains("PANGOLIN_ROOT_PASSWORD"));
    let (id, key) = crate::service_users::service_user(&host, &admin, "etl", "tenant-user").await;
    let token = crate::oauth::token(&host, &id, &key, "").await;
    let refused = host.put(PATH, &token, body).await.expect(409);
    assert_eq!(refused.body["code"], "no-password");
}

#[tokio::test]
async fn a_session_alone_does_not_set_the_own_password() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let me = host.get("/api/v1/users/me", &admin).await.text("id");
    let path = format!("/api/v1/users/{me}");
    for body in
        [json!({"password": NEW}), json!({"password": PASSWORD}), json!({"email": "a@example.com", "password": NEW})]
    {
        let refused = host.put(&path, &admin, body).await.expect(403);
        assert!(refused.text.contains("PUT /api/v1/users/me/password"), "{}", refused.text);
        assert!(!refused.text.contains(NEW));
    }
    let told = host.get("/api/v1/users/me", &admin).await.expect(200);
    assert!(told.body["email"].is_null(), "nothing of it was done");
    host.login(Some(&tenant), "acme_admin", PASSWORD).await;
    let rows = host.get("/api/v1/audit?action=update_user&result=denied", &admin).await.expect(200).body;
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["resource_id"]), (3, &json!(me)));
    // Everything else of oneself, and the password of others, is changed as ever.
    host.put(&path, &admin, json!({"email": "a@example.com"})).await.expect(200);
    let second = json!({"username": "second", "password": PASSWORD, "role": "tenant-admin"});
    let second = host.post("/api/v1/users", &admin, second).await.expect(201).text("id");
    host.put(&format!("/api/v1/users/{second}"), &admin, json!({"password": NEW})).await.expect(200);
    let by_second = host.login(Some(&tenant), "second", NEW).await;
    host.put(&path, &by_second, json!({"password": NEW})).await.expect(200);
    let root = host.root().await;
    host.put(&path, &root, json!({"password": PASSWORD})).await.expect(200);
    host.login(Some(&tenant), "acme_admin", PASSWORD).await;
}

#[tokio::test]
async fn nobody_sets_the_password_of_root() {
    let host = host().await;
    let root = host.root().await;
    let (_, admin) = host.tenant("acme").await;
    let me = host.get("/api/v1/users/me", &root).await.text("id");
    let path = format!("/api/v1/users/{me}");
    let refused = host.put(&path, &root, json!({"password": NEW})).await.expect(403);
    assert!(refused.text.contains("PANGOLIN_ROOT_PASSWORD"), "{}", refused.text);
    host.put(&path, &admin, json!({"password": NEW})).await.expect(404);
    host.root().await;
}

#[tokio::test]
async fn a_token_alone_does_not_rotate_the_own_key() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = crate::service_users::service_user(&host, &admin, "etl", "tenant-admin").await;
    let path = format!("/api/v1/service-users/{id}/rotate");
    let token = crate::oauth::token(&host, &id, &key, "").await;
    host.post(&path, &token, json!({})).await.expect(403);
    let request = |key: &str| {
        let request = http::Request::builder().method(http::Method::POST).uri(&path).header("x-api-key", key);
        request.body(axum_core::body::Body::empty()).unwrap()
    };
    let rotated = host.raw(request(&key)).await.expect(200).text("api_key");
    host.raw(request(&key)).await.expect(401);
    host.raw(request(&rotated)).await.expect(200);
    host.post(&path, &admin, json!({})).await.expect(200);
}
