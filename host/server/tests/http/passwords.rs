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
