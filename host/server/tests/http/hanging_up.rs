//! Callers who hang up in the middle of a change.

use std::future::Future as _;
use std::task::{Context, Waker};
use std::time::Duration;

use axum_core::body::Body;
use http::{Method, Request, header};
use pangolin_server::router;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{Host, host};

/// Sends a request and hangs up after so many looks at the reply, or when it is there.
async fn hang_up(host: &Host, (method, path, body): (Method, &str, &Value), token: &str, looks: usize, id: &str) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-request-id", id)
        .body(Body::from(body.to_string()))
        .unwrap();
    let mut reply = Box::pin(router::router(host.state.clone()).oneshot(request));
    for _ in 0..looks {
        if reply.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn results(host: &Host, root: &str, id: &str) -> Vec<String> {
    let rows = host.get(&format!("/api/v1/audit?request_id={id}"), root).await.expect(200).body;
    rows.as_array().unwrap().iter().map(|row| row["result"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_change_goes_to_its_end_and_has_its_row() {
    let host = host().await;
    let root = host.root().await;
    let (_, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    for looks in [1, 2, 3, 5, 8, 13] {
        let namespace = json!({"namespace": [format!("n{looks}")]});
        let role = json!({"name": format!("r{looks}")});
        for (kind, path, body) in [("n", "/v1/sales/namespaces", &namespace), ("r", "/api/v1/roles", &role)] {
            let id = format!("{kind}-{looks}");
            hang_up(&host, (Method::POST, path, body), &admin, looks, &id).await;
            let mut rows = Vec::new();
            for _ in 0..200 {
                rows = results(&host, &root, &id).await;
                if rows.first().is_some_and(|last| last == "success") {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(rows.first().map(String::as_str), Some("success"), "{id}: {rows:?}");
        }
        host.get(&format!("/v1/sales/namespaces/n{looks}"), &admin).await.expect(200);
    }
}
