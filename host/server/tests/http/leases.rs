//! Leases: who sees and ends them.

mod lessor;

use http::Method;
use pangolin_core::ports::LeaseBook as _;
use serde_json::{Value, json};

use self::lessor::HANDLE;
pub(crate) use self::lessor::{Leased, MINTER, leased_host};

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

#[tokio::test]
async fn an_administrator_sees_leases_without_what_ends_them() {
    let world = leased_host().await;
    let id = world.lease("lake", "ann").await;
    world.lease("sea", "bob").await;
    let list = world.host.get("/api/v1/leases", &world.admin).await.expect(200);
    assert_eq!(list.body.as_array().unwrap().len(), 2);
    assert!(!list.text.contains(HANDLE) && !list.text.contains("survey"), "{}", list.text);
    let one = world.host.get(&format!("/api/v1/leases/{id}"), &world.admin).await.expect(200);
    let expected = json!({"state": "active", "access": "read", "principal": "ann", "warehouse": "lake",
        "strategy": "Lessor", "table": "c.n.t", "attempts": 0, "last_error": null, "revoked_at": null, "undecided": []});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&one.body[field], value, "{field}");
    }
    assert!(one.body["expires_at"].is_string() && one.body["issued_at"].is_string());
    for (filter, found) in [
        ("warehouse=lake", 1),
        ("principal=bob", 1),
        ("state=active", 2),
        ("state=lost", 0),
        ("warehouse=lake&principal=bob", 0),
        ("limit=1&offset=1", 1),
        ("offset=2", 0),
    ] {
        let list = world.host.get(&format!("/api/v1/leases?{filter}"), &world.admin).await.expect(200);
        assert_eq!(list.body.as_array().unwrap().len(), found, "{filter}");
    }
    for bad in ["state=dead", "limit=0", "colour=red"] {
        world.host.get(&format!("/api/v1/leases?{bad}"), &world.admin).await.expect(400);
    }
}

#[tokio::test]
async fn a_lease_is_ended_at_once_and_again() {
    let world = leased_host().await;
    let id = world.lease("lake", "ann").await;
    let path = format!("/api/v1/leases/{id}/revoke");
    for _ in 0..2 {
        let ended = world.host.send(Method::POST, &path, &world.admin, None).await.expect(200);
        assert_eq!((&ended.body["state"], &ended.body["reason"]), (&json!("revoked"), &Value::Null));
        assert!(ended.body["revoked_at"].is_string());
    }
    assert_eq!(world.revocations(), 1);
    let rows = world.host.get("/api/v1/audit?action=revoke_lease", &world.admin).await.expect(200);
    assert_eq!(rows.body.as_array().unwrap().len(), 1, "{}", rows.text);
    assert_eq!((&rows.body[0]["username"], &rows.body[0]["result"]), (&json!("acme_admin"), &json!("success")));
    assert!(!rows.text.contains(HANDLE));
}

#[tokio::test]
async fn an_end_that_fails_says_why_and_is_kept() {
    let world = leased_host().await;
    let id = world.lease("lake", "ann").await;
    world.lessor.refuse("the service is down");
    let path = format!("/api/v1/leases/{id}/revoke");
    let pending = world.host.send(Method::POST, &path, &world.admin, None).await.expect(202);
    assert_eq!((&pending.body["state"], &pending.body["reason"]), (&json!("revoking"), &json!("the service is down")));
    let shown = world.host.get(&format!("/api/v1/leases/{id}"), &world.admin).await.expect(200);
    assert_eq!((&shown.body["attempts"], &shown.body["last_error"]), (&json!(1), &json!("the service is down")));
    assert!(shown.body["next_attempt_at"].is_string());
    assert!(world.store.active(&world.resource()).await.unwrap().is_empty(), "it is handed out no more");
    world.lessor.mend();
    world.host.send(Method::POST, &path, &world.admin, None).await.expect(200);
}

#[tokio::test]
async fn others_have_no_part_in_leases() {
    let world = leased_host().await;
    let host = &world.host;
    let id = world.lease("lake", "ann").await;
    let root = host.root().await;
    let (_, foreign) = host.tenant("other").await;
    let (_, user) = host.user(&world.tenant, &world.admin, "ada").await;
    let routes = |id: &str| {
        [(Method::GET, format!("/api/v1/leases/{id}")), (Method::POST, format!("/api/v1/leases/{id}/revoke"))]
    };
    for token in [&root, &user] {
        host.get("/api/v1/leases", token).await.expect(403);
        // Rights are decided before the query is read.
        host.get("/api/v1/leases?state=dead", token).await.expect(403);
        for (method, path) in routes(&id).into_iter().chain(routes(NEVER)) {
            host.send(method, &path, token, None).await.expect(403);
        }
    }
    assert_eq!(host.get("/api/v1/leases", &foreign).await.expect(200).body, json!([]));
    let mut texts = Vec::new();
    for (method, path) in routes(&id).into_iter().chain(routes(NEVER)).chain(routes("no-uuid")) {
        texts.push(host.send(method, &path, &foreign, None).await.expect(404).text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    host.get("/api/v1/leases", "").await.expect(401);
    for (method, path) in routes(&id) {
        host.send(method, &path, "", None).await.expect(401);
    }
    assert_eq!(world.revocations(), 0);
    let denied = host.get("/api/v1/audit?action=revoke_lease&result=denied", &world.admin).await.expect(200);
    assert_eq!(denied.body.as_array().unwrap().len(), 2, "{}", denied.text);
}

#[tokio::test]
async fn a_deleted_warehouse_takes_its_leases_with_it() {
    let world = leased_host().await;
    let id = world.lease("lake", "ann").await;
    world.host.delete("/api/v1/warehouses/lake", &world.admin).await.expect(204);
    let shown = world.host.get(&format!("/api/v1/leases/{id}"), &world.admin).await.expect(200);
    assert_eq!(shown.body["state"], "revoking");
    let path = format!("/api/v1/leases/{id}/revoke");
    world.host.send(Method::POST, &path, &world.admin, None).await.expect(200);
    assert_eq!(world.revocations(), 1);
}
