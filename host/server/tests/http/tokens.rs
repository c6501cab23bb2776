//! Tokens: issued, rotated, revoked.

use axum_core::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{PASSWORD, ROOT, host};

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

/// The identifier in a token.
fn jti(token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["jti"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_knows_the_password_gets_a_token_as_documented() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    host.user(&own, &admin, "data_engineer").await;
    let body = json!({"username": "data_engineer", "password": PASSWORD, "tenant_id": own}).to_string();
    let request = Request::builder().method(Method::POST).uri("/api/v1/tokens").body(Body::from(body)).unwrap();
    let reply = host.raw(request).await.expect(200);
    assert_eq!((&reply.body["expires_in"], &reply.body["tenant_id"]), (&json!(86_400), &json!(own)));
    assert!(reply.body["expires_at"].is_string());
    let me = host.get("/api/v1/users/me", &reply.text("token")).await.expect(200);
    assert_eq!(me.body["username"], "data_engineer");
    let root = json!({"username": ROOT.0, "password": ROOT.1, "tenant_id": null});
    let root = host.post("/api/v1/tokens", "", root).await.expect(200).text("token");
    host.get("/api/v1/tenants", &root).await.expect(200);
}

#[tokio::test]
async fn a_wrong_password_sounds_as_at_the_login() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let mut texts = Vec::new();
    for (username, tenant) in [("acme_admin", own.as_str()), ("nobody", own.as_str()), ("acme_admin", NEVER)] {
        let body = json!({"username": username, "password": "wrong password", "tenant_id": tenant});
        // Other credentials do not help a wrong password.
        texts.push(host.post("/api/v1/tokens", &admin, body.clone()).await.expect(401).text);
        texts.push(host.post("/api/v1/users/login", "", body).await.expect(401).text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let body = json!({"username": "acme_admin", "password": PASSWORD, "tenant_id": "acme"});
    host.post("/api/v1/tokens", "", body).await.expect(400);
    let body = json!({"username": "acme_admin", "password": PASSWORD, "tenant_id": own, "expires_in_hours": 25});
    host.post("/api/v1/tokens", "", body).await.expect(422);
}

#[tokio::test]
async fn without_a_password_a_body_needs_credentials() {
    let host = host().await;
    for body in [json!({}), json!({"username": "acme_admin"}), json!({"password": null}), json!("password")] {
        host.post("/api/v1/tokens", "", body).await.expect(401);
    }
    host.send(Method::POST, "/api/v1/tokens", "", None).await.expect(401);
    host.send(Method::POST, "/api/v1/tokens", "not.a.token", None).await.expect(401);
}

#[tokio::test]
async fn an_administrator_issues_tokens_in_the_own_tenant() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (other, _) = host.tenant("other").await;
    let (_, user) = host.user(&own, &admin, "ada").await;
    let ask = |body: Value| host.post("/api/v1/tokens", &admin, body);
    let body = json!({"tenant_id": own, "username": "ada", "roles": ["tenant-user"], "expires_in_hours": 99_999});
    let reply = ask(body).await.expect(200);
    assert_eq!(reply.body["expires_in"], 8760 * 3600);
    assert_eq!(host.get("/api/v1/users/me", &reply.text("token")).await.expect(200).body["username"], "ada");
    ask(json!({"username": "nobody"})).await.expect(404);
    ask(json!({"username": "other_admin"})).await.expect(404);
    ask(json!({"tenant_id": other, "username": "other_admin"})).await.expect(403);
    ask(json!({"username": "ada", "roles": ["tenant-admin"]})).await.expect(403);
    ask(json!({"roles": ["root"]})).await.expect(403);
    ask(json!({"roles": ["king"]})).await.expect(400);
    ask(json!({"expires_in_hours": 0})).await.expect(400);
    ask(json!({"tenant_id": "acme"})).await.expect(400);
    ask(json!({"scope": "all"})).await.expect(422);
    host.post("/api/v1/tokens", &user, json!({"username": "acme_admin"})).await.expect(403);
    host.post("/api/v1/tokens", &user, json!({})).await.expect(403);
}

#[tokio::test]
async fn root_makes_no_token_that_has_rights_on_data() {
    let host = host().await;
    let root = host.root().await;
    let (own, _) = host.tenant("acme").await;
    host.post("/api/v1/tokens", &root, json!({"tenant_id": own, "username": "acme_admin"})).await.expect(403);
    host.post("/api/v1/tokens", &root, json!({"tenant_id": own})).await.expect(403);
    let token = host.post("/api/v1/tokens", &root, json!({"expires_in_hours": 1})).await.expect(200).text("token");
    host.get("/api/v1/tenants", &token).await.expect(200);
}

#[tokio::test]
async fn a_token_may_have_less_than_its_user() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let less = host.post("/api/v1/tokens", &admin, json!({"roles": ["tenant-user"]})).await.expect(200).text("token");
    host.get("/api/v1/users", &admin).await.expect(200);
    host.get("/api/v1/users", &less).await.expect(403);
    host.post("/api/v1/tokens", &less, json!({"roles": ["tenant-admin"]})).await.expect(403);
    let rotated = host.send(Method::POST, "/api/v1/tokens/rotate", &less, None).await.expect(200).text("token");
    host.get("/api/v1/users", &rotated).await.expect(403);
}

#[tokio::test]
async fn a_rotated_token_takes_the_place_of_the_old_one() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let old = host.post("/api/v1/tokens", &admin, json!({"expires_in_hours": 2})).await.expect(200).text("token");
    let rotated = host.send(Method::POST, "/api/v1/tokens/rotate", &old, None).await.expect(200);
    assert_eq!(rotated.body["expires_in"], 7200);
    host.get("/api/v1/users/me", &old).await.expect(401);
    host.send(Method::POST, "/api/v1/tokens/rotate", &old, None).await.expect(401);
    host.get("/api/v1/users/me", &rotated.text("token")).await.expect(200);
}

#[tokio::test]
async fn tokens_are_revoked_by_their_owner_and_by_the_tenants_administrator() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (_, foreign) = host.tenant("other").await;
    let (ada, first) = host.user(&own, &admin, "ada").await;
    let (_, bob) = host.user(&own, &admin, "bob").await;
    let id = jti(&first);
    let path = format!("/api/v1/tokens/{id}");
    let (never, refused) = (format!("/api/v1/tokens/{NEVER}"), host.delete(&path, &foreign).await.expect(404));
    assert_eq!(host.delete(&never, &foreign).await.expect(404).text, refused.text);
    assert_eq!(host.delete(&path, &bob).await.expect(403).text, host.delete(&never, &bob).await.expect(403).text);
    host.get("/api/v1/users/me", &first).await.expect(200);
    host.delete(&path, &admin).await.expect(204);
    host.get("/api/v1/users/me", &first).await.expect(401);
    let second = host.login(Some(&own), "ada", PASSWORD).await;
    let listed = host.get(&format!("/api/v1/users/{ada}/tokens"), &admin).await.expect(200);
    let valid: Vec<_> = listed.body.as_array().unwrap().iter().map(|token| token["is_valid"] == true).collect();
    assert_eq!(valid.iter().filter(|valid| **valid).count(), 1, "{}", listed.text);
    assert!(!listed.text.contains(&first) && !listed.text.contains(&second), "a list shows no token");
    let third = host.login(Some(&own), "ada", PASSWORD).await;
    let id = jti(&third);
    host.delete(&format!("/api/v1/tokens/{id}"), &second).await.expect(204);
    host.get("/api/v1/users/me", &third).await.expect(401);
    let id = jti(&second);
    let reason = json!({"reason": "lost laptop"});
    host.post(&format!("/api/v1/auth/revoke/{id}"), &bob, reason.clone()).await.expect(403);
    host.post(&format!("/api/v1/auth/revoke/{id}"), &root, reason).await.expect(200);
    host.get("/api/v1/users/me", &second).await.expect(401);
}

#[tokio::test]
async fn a_caller_revokes_the_token_it_shows() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    host.post("/api/v1/auth/revoke", &admin, json!({"why": "x"})).await.expect(422);
    let done = host.send(Method::POST, "/api/v1/auth/revoke", &admin, None).await.expect(200);
    assert_eq!(done.text("message"), "Token revoked successfully. Please log in again.");
    host.get("/api/v1/users/me", &admin).await.expect(401);
}

#[tokio::test]
async fn expired_tokens_are_forgotten_by_administrators_only() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&own, &admin, "ada").await;
    let clean = |token: String| {
        let host = host.clone();
        async move { host.send(Method::POST, "/api/v1/auth/cleanup-tokens", &token, None).await }
    };
    clean(user).await.expect(403);
    assert!(clean(admin.clone()).await.expect(200).body.get("count").is_none());
    assert_eq!(clean(root).await.expect(200).body["count"], 0);
    host.get("/api/v1/users/me", &admin).await.expect(200);
}

#[tokio::test]
async fn a_list_of_tokens_has_pages() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, token) = host.user(&own, &admin, "ada").await;
    for _ in 0..4 {
        host.login(Some(&own), "ada", PASSWORD).await;
    }
    for (path, by) in [("/api/v1/users/me/tokens".to_owned(), &token), (format!("/api/v1/users/{ada}/tokens"), &admin)]
    {
        let page = |query: &'static str| {
            let (host, path, by) = (host.clone(), format!("{path}{query}"), by.clone());
            async move {
                let listed = host.get(&path, &by).await.expect(200).body;
                listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            }
        };
        let all = page("").await;
        assert_eq!((all.len(), all.iter().filter(|id| **id == jti(&token)).count()), (5, 1));
        assert_eq!([page("?limit=2").await, page("?limit=2&offset=2").await, page("?offset=4").await].concat(), all);
        assert!(page("?offset=5").await.is_empty());
        for wrong in ["?limit=0", "?limit=1001", "?limit=x", "?offset=-1"] {
            host.get(&format!("{path}{wrong}"), by).await.expect(400);
        }
    }
}

#[tokio::test]
async fn tokens_of_another_tenant_are_listed_to_nobody_but_root() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (_, foreign) = host.tenant("other").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    let (_, bob) = host.user(&own, &admin, "bob").await;
    let path = format!("/api/v1/users/{ada}/tokens");
    let absent = host.get(&format!("/api/v1/users/{NEVER}/tokens"), &foreign).await.expect(404).text;
    assert_eq!(host.get(&path, &foreign).await.expect(404).text, absent);
    host.get(&path, &bob).await.expect(403);
    for by in [&admin, &root] {
        let listed = host.get(&path, by).await.expect(200).body;
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["tenant_id"]), (1, &json!(own)));
    }
    let mine = host.get("/api/v1/users/me/tokens", &root).await.expect(200).body;
    assert!(mine.as_array().unwrap().iter().all(|token| token["tenant_id"].is_null()), "{mine}");
}

#[tokio::test]
async fn the_end_of_a_token_has_a_row_before_it() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    let login = || host.login(Some(&own), "ada", PASSWORD);
    let rows = |action: &'static str| {
        let (host, admin) = (host.clone(), admin.clone());
        async move { host.get(&format!("/api/v1/audit?action={action}"), &admin).await.expect(200).body }
    };
    let (one, two, three) = (login().await, login().await, login().await);
    host.send(Method::POST, "/api/v1/users/logout", &one, None).await.expect(204);
    host.send(Method::POST, "/api/v1/tokens/rotate", &two, None).await.expect(200);
    let reason = json!({"reason": " lost laptop "});
    host.post(&format!("/api/v1/auth/revoke/{}", jti(&three)), &admin, reason).await.expect(200);
    for action in ["logout", "rotate_token", "revoke_token"] {
        let rows = rows(action).await;
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["result"]), (2, &json!("success")), "{action}: {rows}");
        assert_eq!(rows[1]["result"], "started", "{action}: {rows}");
        for row in rows.as_array().unwrap() {
            assert_eq!(row["resource_name"], "ada", "{action}: {rows}");
        }
        assert_eq!(rows[0]["resource_id"], rows[1]["resource_id"], "{action}: {rows}");
    }
    let revoked = rows("revoke_token").await;
    assert_eq!(revoked[0]["metadata"], json!({"user_id": ada, "reason": "lost laptop"}));
    assert_eq!(revoked[1]["resource_id"], json!(jti(&three)));
    assert_eq!(rows("rotate_token").await[1]["metadata"], json!({"revoked": jti(&two)}));
    // Nobody fills the trail with reasons.
    let four = login().await;
    host.post("/api/v1/auth/revoke", &four, json!({"reason": "x".repeat(513)})).await.expect(422);
    host.get("/api/v1/users/me", &four).await.expect(200);
    host.post("/api/v1/auth/revoke", &four, json!({"reason": "x".repeat(512)})).await.expect(200);
}
