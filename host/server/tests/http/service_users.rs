//! Service users and their keys.

use axum_core::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::support::{Host, PASSWORD, Reply, host};

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

/// A service user: its id and key.
pub(crate) async fn service_user(host: &Host, admin: &str, name: &str, role: &str) -> (String, String) {
    let body = json!({"name": name, "description": "loads orders", "role": role});
    let made = host.post("/api/v1/service-users", admin, body).await.expect(201);
    (made.text("id"), made.text("api_key"))
}

/// A request that shows a key, and these headers.
pub(crate) async fn with_key(host: &Host, method: Method, path: &str, key: &str, more: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header("X-API-Key", key);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    host.raw(request.body(Body::empty()).unwrap()).await
}

async fn me(host: &Host, key: &str) -> Reply {
    with_key(host, Method::GET, "/api/v1/users/me", key, &[]).await
}

#[tokio::test]
async fn a_service_user_is_made_shown_changed_and_deleted() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let body = json!({"name": "etl", "description": "loads", "role": "TenantUser", "expires-in-days": 30});
    let made = host.post("/api/v1/service-users", &admin, body).await.expect(201);
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    let (id, key) = (made.text("id"), made.text("api_key"));
    assert!(key.starts_with("pgl_") && key.len() == 68, "{key}");
    assert_eq!((made.text("tenant_id"), made.text("service_user_id")), (tenant.clone(), id.clone()));
    assert!(made.body["active"] == true && made.body["expires_at"].is_string() && made.body["created_by"].is_string());

    let path = format!("/api/v1/service-users/{id}");
    let shown = host.get(&path, &admin).await.expect(200);
    assert_eq!(
        (shown.text("name"), shown.text("tenant-id"), shown.text("role")),
        ("etl".into(), tenant, "tenant-user".into())
    );
    assert!(shown.body["last-used"].is_null() && !shown.text.contains(&key) && !shown.text.contains("hash"));
    assert_eq!(host.get("/api/v1/service-users", &admin).await.expect(200).body, json!([shown.body]));
    assert!(!host.get("/api/v1/users", &admin).await.expect(200).text.contains(&id), "users are people");

    let change = json!({"name": "etl2", "description": "loads more", "expires_in_days": 60});
    assert_eq!(host.put(&path, &admin, change).await.expect(200).body, json!({"status": "updated"}));
    let changed = host.get(&path, &admin).await.expect(200);
    assert_eq!((changed.text("name"), changed.text("description")), ("etl2".into(), "loads more".into()));
    assert!(changed.text("expires-at") > shown.text("expires-at"));

    let mine = me(&host, &key).await.expect(200);
    assert_eq!(mine.text("username"), "etl2");
    assert_eq!(host.delete(&path, &admin).await.expect(200).body, json!({"status": "deleted"}));
    me(&host, &key).await.expect(401);
    host.get(&path, &admin).await.expect(404);
    host.delete(&path, &admin).await.expect(404);
}

#[tokio::test]
async fn what_may_be_asked_for_has_bounds() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    host.user(&tenant, &admin, "ada").await;
    let make = |body: Value| host.post("/api/v1/service-users", &admin, body);
    make(json!({"name": "ada"})).await.expect(409);
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    make(json!({"name": "etl"})).await.expect(409);
    let person = json!({"username": "etl", "password": PASSWORD, "role": "tenant-user"});
    host.post("/api/v1/users", &admin, person).await.expect(409);
    make(json!({"name": "king", "role": "root"})).await.expect(403);
    for wrong in [
        json!({}),
        json!({"name": ""}),
        json!({"name": "system"}),
        json!({"name": " x"}),
        json!({"name": "x", "expires_in_days": 0}),
        json!({"name": "x", "expires_in_days": 3651}),
        json!({"name": "x", "role": "king"}),
        json!({"name": "x", "api_key": "pgl_mine"}),
        json!({"name": "x", "description": "a".repeat(1025)}),
    ] {
        make(wrong).await.expect(422);
    }
    let path = format!("/api/v1/service-users/{id}");
    for wrong in [json!({"name": "system"}), json!({"expires_in_days": -1}), json!({"role": "tenant-admin"})] {
        host.put(&path, &admin, wrong).await.expect(422);
    }
    host.put(&path, &admin, json!({"name": "ada"})).await.expect(409);
    for wrong in [json!({"grace_seconds": -1}), json!({"grace_seconds": 604_801}), json!({"grace": 1})] {
        host.post(&format!("{path}/rotate"), &admin, wrong).await.expect(422);
    }
    me(&host, &key).await.expect(200);
}

#[tokio::test]
async fn only_the_tenants_administrator_has_service_users() {
    let host = host().await;
    let root = host.root().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (_, foreign) = host.tenant("other").await;
    let (_, user) = host.user(&tenant, &admin, "ada").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let path = format!("/api/v1/service-users/{id}");
    let each = |token: String, id: String| {
        let host = host.clone();
        async move {
            let path = format!("/api/v1/service-users/{id}");
            let mut statuses = Vec::new();
            for (method, path, body) in [
                (Method::GET, path.clone(), None),
                (Method::PUT, path.clone(), Some(json!({"active": false}))),
                (Method::POST, format!("{path}/rotate"), None),
                (Method::DELETE, path, None),
            ] {
                let reply = host.send(method, &path, &token, body).await;
                statuses.push((reply.status.as_u16(), reply.text));
            }
            statuses
        }
    };
    for token in [&root, &user] {
        host.get("/api/v1/service-users", token).await.expect(403);
        host.post("/api/v1/service-users", token, json!({"name": "x"})).await.expect(403);
        assert!(each(token.clone(), id.clone()).await.iter().all(|(status, _)| *status == 403));
    }
    // Another tenant's, one that never was, and a person are the same.
    let theirs = each(foreign.clone(), id.clone()).await;
    assert!(theirs.iter().all(|(status, _)| *status == 404), "{theirs:?}");
    assert_eq!(theirs, each(foreign.clone(), NEVER.to_owned()).await);
    assert_eq!(theirs, each(foreign.clone(), "not-a-uuid".to_owned()).await);
    let person = host.get("/api/v1/users/me", &user).await.text("id");
    assert_eq!(theirs, each(admin.clone(), person).await);
    assert_eq!(host.get("/api/v1/service-users", &foreign).await.expect(200).body, json!([]));
    me(&host, &key).await.expect(200);
    host.get(&path, &admin).await.expect(200);
    // And the routes of people do not reach a service user.
    for token in [&root, &admin] {
        host.get(&format!("/api/v1/users/{id}"), token).await.expect(404);
        host.put(&format!("/api/v1/users/{id}"), token, json!({"password": PASSWORD})).await.expect(404);
        host.delete(&format!("/api/v1/users/{id}"), token).await.expect(404);
    }
}

#[tokio::test]
async fn roles_and_permissions_are_given_as_to_people_and_not_taken() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    host.local_catalog(&admin, "lake").await;
    let list = || with_key(&host, Method::GET, "/v1/lake/namespaces", &key, &[]);
    list().await.expect(404);
    let own = json!({"user-id": id, "scope": {"type": "tenant"}, "actions": ["all"]});
    let granted = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/permissions")
        .header("X-API-Key", &key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(own.to_string()))
        .unwrap();
    host.raw(granted).await.expect(403);
    let grant = json!({"user-id": id, "scope": {"type": "tenant"}, "actions": ["list"]});
    let grant = host.post("/api/v1/permissions", &admin, grant).await.expect(201).text("id");
    list().await.expect(200);
    host.delete(&format!("/api/v1/permissions/{grant}"), &admin).await.expect(204);
    list().await.expect(404);
    let roles = host.get("/api/v1/roles", &admin).await.expect(200);
    let reader = roles.body.as_array().unwrap().iter().find(|role| role["name"] == "Reader").unwrap()["id"].clone();
    host.post(&format!("/api/v1/users/{id}/roles"), &admin, json!({"role-id": reader})).await.expect(201);
    list().await.expect(200);
}

#[tokio::test]
async fn a_service_user_has_no_password_and_its_key_opens_no_login() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-admin").await;
    for (username, password) in [("etl", key.as_str()), (id.as_str(), key.as_str()), ("etl", ""), ("etl", "null")] {
        let body = json!({"username": username, "password": password, "tenant-id": tenant});
        host.post("/api/v1/users/login", "", body.clone()).await.expect(401);
        let body = json!({"username": username, "password": password, "tenant_id": tenant});
        host.post("/api/v1/tokens", "", body).await.expect(401);
    }
    // A key is no token, and there is nothing of it to rotate or to revoke.
    host.get("/api/v1/users/me", &key).await.expect(401);
    for path in ["/api/v1/tokens/rotate", "/api/v1/auth/revoke"] {
        with_key(&host, Method::POST, path, &key, &[]).await.expect(400);
    }
    with_key(&host, Method::POST, "/api/v1/users/logout", &key, &[]).await.expect(204);
    me(&host, &key).await.expect(200);
}

#[tokio::test]
async fn two_credentials_are_none() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (_, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let bearer = format!("Bearer {admin}");
    let path = "/api/v1/users/me";
    with_key(&host, Method::GET, path, &key, &[("authorization", &bearer)]).await.expect(401);
    with_key(&host, Method::GET, path, "garbage", &[("authorization", &bearer)]).await.expect(401);
    with_key(&host, Method::GET, path, &key, &[("authorization", "Basic eDp5")]).await.expect(401);
    with_key(&host, Method::GET, path, &key, &[("x-api-key", &key)]).await.expect(401);
    me(&host, &key).await.expect(200);
}

#[tokio::test]
async fn every_key_that_is_not_good_sounds_the_same() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (gone, deleted) = service_user(&host, &admin, "gone", "tenant-user").await;
    host.delete(&format!("/api/v1/service-users/{gone}"), &admin).await.expect(200);
    let (idle, inactive) = service_user(&host, &admin, "idle", "tenant-user").await;
    host.put(&format!("/api/v1/service-users/{idle}"), &admin, json!({"active": false})).await.expect(200);
    let (turned, rotated) = service_user(&host, &admin, "turned", "tenant-user").await;
    let fresh =
        host.send(Method::POST, &format!("/api/v1/service-users/{turned}/rotate"), &admin, None).await.expect(200);
    let unknown = format!("pgl_{}", "0".repeat(64));
    let mut texts = Vec::new();
    for key in [&deleted, &inactive, &rotated, &unknown, "pgl_", "", "x", &fresh.text("api_key").to_uppercase()] {
        let reply = me(&host, key).await.expect(401);
        texts.push(reply.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    me(&host, &fresh.text("api_key")).await.expect(200);
    host.put(&format!("/api/v1/service-users/{idle}"), &admin, json!({"active": true})).await.expect(200);
    me(&host, &inactive).await.expect(200);
}

#[tokio::test]
async fn a_rotated_key_may_have_a_time_of_grace_and_an_emergency_ends_it() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, first) = service_user(&host, &admin, "etl", "tenant-user").await;
    let path = format!("/api/v1/service-users/{id}/rotate");
    let second = host.post(&path, &admin, json!({"grace_seconds": 600})).await.expect(200);
    assert_eq!((second.text("service_user_id"), second.text("name")), (id.clone(), "etl".into()));
    assert_eq!(second.headers[header::CACHE_CONTROL], "no-store");
    let second = second.text("api_key");
    me(&host, &first).await.expect(200);
    me(&host, &second).await.expect(200);
    let third = host.send(Method::POST, &path, &admin, None).await.expect(200).text("api_key");
    me(&host, &first).await.expect(401);
    me(&host, &second).await.expect(401);
    me(&host, &third).await.expect(200);
}

#[tokio::test]
async fn an_administrator_that_is_a_service_user_administers_and_cannot_end_itself() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "robot", "tenant-admin").await;
    with_key(&host, Method::GET, "/api/v1/users", &key, &[]).await.expect(200);
    let path = format!("/api/v1/service-users/{id}");
    with_key(&host, Method::DELETE, &path, &key, &[]).await.expect(400);
    // Its own rotation is its last deed with the old key.
    let fresh = with_key(&host, Method::POST, &format!("{path}/rotate"), &key, &[]).await.expect(200).text("api_key");
    me(&host, &key).await.expect(401);
    me(&host, &fresh).await.expect(200);
}

#[tokio::test]
async fn the_last_use_is_kept_and_each_change_is_in_the_trail() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    me(&host, &key).await.expect(200);
    let path = format!("/api/v1/service-users/{id}");
    let mut used = Value::Null;
    for _ in 0..100 {
        used = host.get(&path, &admin).await.expect(200).body["last-used"].clone();
        if !used.is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(used.is_string());
    host.put(&path, &admin, json!({"description": "x"})).await.expect(200);
    let rotated = host.send(Method::POST, &format!("{path}/rotate"), &admin, None).await.expect(200).text("api_key");
    host.delete(&path, &admin).await.expect(200);
    host.delete(&path, &admin).await.expect(404);
    let trail = host.get("/api/v1/audit?limit=1000", &admin).await.expect(200);
    let rows: Vec<(String, String)> = trail
        .body
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["resource_type"] == "service_user" && row["result"] != "started")
        .map(|row| (row["action"].as_str().unwrap().to_owned(), row["result"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("delete_service_user", "failure"),
        ("delete_service_user", "success"),
        ("rotate_api_key", "success"),
        ("update_service_user", "success"),
        ("create_service_user", "success"),
    ];
    assert_eq!(rows, expected.map(|(action, result)| (action.to_owned(), result.to_owned())));
    assert!(!trail.text.contains(&key) && !trail.text.contains(&rotated), "the trail shows no key");
}
