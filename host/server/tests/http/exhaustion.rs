//! What one tenant, or nobody at all, can take of what all share: memory by bodies, turns at the
//! password hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum_core::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use crate::support::{Host, PASSWORD, host, host_with};

fn request(path: &str, token: &str, body: String) -> Request<Body> {
    let mut request =
        Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::from(body)).unwrap()
}

/// A list of numbers takes many times its length in memory, and nobody has to log in for it.
#[tokio::test]
async fn no_login_has_a_large_body() {
    let host = host().await;
    let list = |numbers: usize| format!(r#"{{"username": [{}0]}}"#, "0,".repeat(numbers));
    for path in ["/api/v1/users/login", "/api/v1/tokens", "/v1/oauth/tokens"] {
        assert_eq!(host.raw(request(path, "", list(64 * 1024))).await.status, 413, "{path}");
    }
    host.raw(request("/api/v1/users/login", "", list(1024))).await.expect(422);
}

#[tokio::test]
async fn what_is_managed_is_described_in_little_and_a_commit_is_not() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "lake").await;
    let large = |length: usize| format!(r#"{{"name": "{}"}}"#, "x".repeat(length));
    for path in ["/api/v1/users", "/api/v1/warehouses", "/api/v1/roles"] {
        assert_eq!(host.raw(request(path, &admin, large(1024 * 1024))).await.status, 413, "{path}");
        assert_eq!(host.raw(request(path, &admin, large(1000 * 1000))).await.status, 422, "{path}");
    }
    let namespace = json!({"namespace": ["n"], "properties": {"p": "x".repeat(2 * 1024 * 1024)}});
    let made = host.raw(request("/v1/lake/namespaces", &admin, namespace.to_string())).await;
    assert_ne!(made.status, 413);
}

#[tokio::test]
async fn an_operator_may_allow_less() {
    let host = host_with(&[("PANGOLIN_MAX_BODY_BYTES", "2048")]).await;
    let body = json!({"username": "x".repeat(4096), "password": PASSWORD});
    host.post("/api/v1/users/login", "", body).await.expect(413);
}

/// So many requests, counted as they end.
fn flood<F: Future<Output = u16> + Send + 'static>(
    requests: usize,
    of: impl Fn(usize) -> F,
) -> (Arc<AtomicUsize>, Vec<tokio::task::JoinHandle<u16>>) {
    let ended = Arc::new(AtomicUsize::new(0));
    let tasks = (0..requests).map(|number| {
        let (one, ended) = (of(number), ended.clone());
        tokio::spawn(async move {
            let status = one.await;
            ended.fetch_add(1, Ordering::SeqCst);
            status
        })
    });
    let tasks = tasks.collect();
    (ended, tasks)
}

async fn login(host: Host, tenant: String, username: &'static str) -> u16 {
    let body = json!({"username": username, "password": PASSWORD, "tenant-id": tenant});
    host.post("/api/v1/users/login", "", body).await.status.as_u16()
}

#[tokio::test]
async fn a_tenant_that_logs_in_again_and_again_waits_for_itself() {
    let host = host().await;
    let ((noisy, _), (quiet, _)) = (host.tenant("noisy").await, host.tenant("quiet").await);
    let (ended, tasks) = flood(60, |_| login(host.clone(), noisy.clone(), "noisy_admin"));
    while ended.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(login(host.clone(), quiet, "quiet_admin").await, 200);
    let before = ended.load(Ordering::SeqCst);
    assert!(before < 20, "{before} of the other tenant's 60 were first");
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn who_makes_many_users_keeps_nobody_from_logging_in() {
    let host = host().await;
    let ((noisy, admin), (quiet, _)) = (host.tenant("noisy").await, host.tenant("quiet").await);
    let (ended, tasks) = flood(40, |number| {
        let (host, admin) = (host.clone(), admin.clone());
        let user = json!({"username": format!("u{number}"), "password": PASSWORD, "tenant_id": noisy,
            "role": "tenant-user"});
        async move { host.post("/api/v1/users", &admin, user).await.status.as_u16() }
    });
    while ended.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(login(host.clone(), quiet, "quiet_admin").await, 200);
    let before = ended.load(Ordering::SeqCst);
    assert!(before < 15, "{before} of the other tenant's 40 were first");
    for task in tasks {
        assert_eq!(task.await.unwrap(), 201);
    }
}
