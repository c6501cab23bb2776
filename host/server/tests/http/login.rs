//! Login, logout, and what a token must be.

use axum_core::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use crate::support::{PASSWORD, ROOT, host, host_with};

#[tokio::test]
async fn root_and_users_log_in_and_wrong_credentials_all_sound_the_same() {
    let host = host().await;
    let (tenant, _) = host.tenant("acme").await;
    let mut texts = Vec::new();
    for (username, password, tenant) in [
        (ROOT.0, "wrong password", None),
        ("nobody", ROOT.1, None),
        (ROOT.0, ROOT.1, Some(tenant.as_str())),
        ("acme_admin", PASSWORD, None),
        ("acme_admin", "wrong password", Some(tenant.as_str())),
        ("nobody", PASSWORD, Some(tenant.as_str())),
        ("acme_admin", PASSWORD, Some("7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000")),
    ] {
        let body = json!({"username": username, "password": password, "tenant-id": tenant});
        let reply = host.post("/api/v1/users/login", "", body).await.expect(401);
        texts.push(reply.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[tokio::test]
async fn the_documented_curl_sends_no_content_type() {
    let host = host().await;
    let body = format!(r#"{{"username":"{}", "password":"{}", "tenant-id":null}}"#, ROOT.0, ROOT.1);
    let request =
        |path: &str| Request::builder().method(Method::POST).uri(path).body(Body::from(body.clone())).unwrap();
    let reply = host.raw(request("/api/v1/users/login")).await.expect(200);
    assert_eq!(reply.body["expires_in"], 86_400);
    assert!(reply.body["tenant_id"].is_null() && reply.body["user"]["role"] == "root");
    let token = reply.text("token");
    let mut other = request("/api/v1/tenants");
    other.headers_mut().insert(header::AUTHORIZATION, format!("bearer {token}").parse().unwrap());
    host.raw(other).await.expect(415);
}

#[tokio::test]
async fn a_token_ends_with_its_logout() {
    let host = host().await;
    let root = host.root().await;
    host.get("/api/v1/tenants", &root).await.expect(200);
    host.send(Method::POST, "/api/v1/users/logout", &root, None).await.expect(204);
    let reply = host.get("/api/v1/tenants", &root).await.expect(401);
    assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test]
async fn ten_failures_close_the_account_for_a_while() {
    let host = host().await;
    for _ in 0..10 {
        let body = json!({"username": "victim", "password": "guess guess", "tenant-id": null});
        host.post("/api/v1/users/login", "", body).await.expect(401);
    }
    let body = json!({"username": "victim", "password": "guess guess", "tenant-id": null});
    let reply = host.post("/api/v1/users/login", "", body).await.expect(429);
    assert!(reply.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() <= 60);
}

#[tokio::test]
async fn a_burst_gets_no_more_guesses() {
    let host = host().await;
    let guess = || async {
        let body = json!({"username": "victim", "password": "guess guess", "tenant-id": null});
        host.post("/api/v1/users/login", "", body).await.status
    };
    let guesses = futures::future::join_all((0..40).map(|_| guess())).await;
    let judged = guesses.iter().filter(|status| **status == 401).count();
    assert!((10..=11).contains(&judged), "{judged} of 40 were judged: {guesses:?}");
    assert!(guesses.iter().all(|status| [401, 429].contains(&status.as_u16())), "{guesses:?}");
}

#[tokio::test]
async fn a_named_tenant_must_be_the_own_one() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (other, _) = host.tenant("other").await;
    let root = host.root().await;
    let (own, foreign) = (tenant.as_str(), other.as_str());
    for (token, named, status) in [
        (&admin, &[own][..], 200),
        (&admin, &[foreign], 403),
        (&admin, &["not-a-uuid"], 400),
        // What stands in front may read the last one, or all.
        (&admin, &[own, own], 200),
        (&admin, &[own, foreign], 403),
        (&admin, &[foreign, own], 403),
        (&root, &[own, own], 200),
        (&root, &[own, foreign], 400),
    ] {
        let mut request =
            Request::builder().uri("/api/v1/users/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        for tenant in named {
            request = request.header("X-Pangolin-Tenant", *tenant);
        }
        host.raw(request.body(Body::empty()).unwrap()).await.expect(status);
    }
}

#[tokio::test]
async fn no_auth_mode_lets_everybody_in_as_the_default_administrator_and_still_checks_tokens() {
    let host = host_with(&[("PANGOLIN_NO_AUTH", "true")]).await;
    let me = host.get("/api/v1/users/me", "").await.expect(200);
    assert_eq!(me.body["username"], "tenant_admin");
    assert_eq!(me.body["tenant-id"], "00000000-0000-0000-0000-000000000000");
    host.get("/api/v1/users/me", "not.a.token").await.expect(401);
    let token = host.login(Some("00000000-0000-0000-0000-000000000000"), "tenant_admin", "password123").await;
    host.get("/api/v1/users/me", &token).await.expect(200);
    host.post("/api/v1/tenants", "", json!({"name": "x"})).await.expect(403);
}

#[tokio::test]
async fn no_auth_mode_keeps_out_pages_of_other_sites() {
    let host = host_with(&[("PANGOLIN_NO_AUTH", "true")]).await;
    let asked = |name: &str, origin: Option<&str>| {
        let mut request = Request::builder().uri("/api/v1/users/me").header(header::HOST, name);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        host.raw(request.body(Body::empty()).unwrap())
    };
    asked("localhost:8080", None).await.expect(200);
    asked("127.0.0.1:8080", Some("http://localhost:8080")).await.expect(200);
    asked("rebound.example:8080", None).await.expect(403);
    asked("127.0.0.1:8080", Some("https://elsewhere.example")).await.expect(403);
    asked("127.0.0.1:8080", Some("null")).await.expect(403);
    let open = host_with(&[
        ("PANGOLIN_NO_AUTH", "true"),
        ("PANGOLIN_BIND_ADDRESS", "0.0.0.0"),
        ("PANGOLIN_NO_AUTH_ANY_ADDRESS", "true"),
    ])
    .await;
    let request = Request::builder().uri("/api/v1/users/me").header(header::HOST, "pangolin.internal:8080");
    open.raw(request.body(Body::empty()).unwrap()).await.expect(200);
}
