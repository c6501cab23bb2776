//! Nobody gives what they do not hold: every route that gives something, against everybody who is
//! no administrator, and what it leaves.

use http::Method;
use serde_json::{Value, json};

use crate::oauth;
use crate::service_users::service_user;
use crate::support::{Host, PASSWORD, host};

struct Scene {
    host: Host,
    tenant: String,
    admin: String,
    /// Who is to get something: a user without anything.
    ben: String,
    role: String,
    grant: String,
    etl: String,
}

async fn scene() -> Scene {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (ben, _) = host.user(&tenant, &admin, "ben").await;
    let all = json!([{"scope": {"type": "tenant"}, "actions": ["all"]}]);
    let role = json!({"name": "everything", "tenant-id": tenant, "permissions": all});
    let role = host.post("/api/v1/roles", &admin, role).await.expect(201).text("id");
    let grant = json!({"user-id": ben, "scope": {"type": "tenant"}, "actions": ["list"]});
    let grant = host.post("/api/v1/permissions", &admin, grant).await.expect(201).text("id");
    let (etl, _) = service_user(&host, &admin, "etl", "tenant-user").await;
    Scene { host, tenant, admin, ben, role, grant, etl }
}

impl Scene {
    /// Everything that gives somebody something, or takes it.
    fn attempts(&self) -> Vec<(Method, String, Value)> {
        let Self { tenant, ben, role, grant, etl, .. } = self;
        let all = json!({"scope": {"type": "tenant"}, "actions": ["all"]});
        let user = |rank: &str| json!({"username": "eve", "password": PASSWORD, "tenant_id": tenant, "role": rank});
        let service = |rank: &str| json!({"name": "eve-bot", "role": rank});
        let token = |rank: &str| json!({"tenant_id": tenant, "username": "ben", "roles": [rank]});
        let post = |path: &str, body| (Method::POST, path.to_owned(), body);
        vec![
            post("/api/v1/permissions", json!({"user-id": ben, "scope": {"type": "tenant"}, "actions": ["all"]})),
            post("/api/v1/permissions", json!({"user-id": ben, "scope": {"type": "tenant"}, "actions": ["list"]})),
            post("/api/v1/roles", json!({"name": "mine", "tenant-id": tenant, "permissions": [all]})),
            post("/api/v1/roles", json!({"name": "empty", "tenant-id": tenant})),
            (Method::PUT, format!("/api/v1/roles/{role}"), json!({"permissions": [all]})),
            (Method::DELETE, format!("/api/v1/roles/{role}"), Value::Null),
            post(&format!("/api/v1/users/{ben}/roles"), json!({"role-id": role})),
            post(&format!("/api/v1/users/{etl}/roles"), json!({"role-id": role})),
            (Method::DELETE, format!("/api/v1/users/{ben}/roles/{role}"), Value::Null),
            post("/api/v1/users", user("tenant-user")),
            post("/api/v1/users", user("tenant-admin")),
            (Method::PUT, format!("/api/v1/users/{ben}"), json!({"password": "another password"})),
            post("/api/v1/tokens", token("tenant-user")),
            post("/api/v1/tokens", token("tenant-admin")),
            post("/api/v1/service-users", service("tenant-user")),
            post("/api/v1/service-users", service("tenant-admin")),
            (Method::PUT, format!("/api/v1/service-users/{etl}"), json!({"active": true})),
            post(&format!("/api/v1/service-users/{etl}/rotate"), json!({})),
            (Method::DELETE, format!("/api/v1/permissions/{grant}"), Value::Null),
        ]
    }

    /// All that could have been changed.
    async fn state(&self) -> Vec<Value> {
        let mut found = Vec::new();
        for path in ["/api/v1/permissions", "/api/v1/roles", "/api/v1/users", "/api/v1/service-users"] {
            found.push(self.host.get(path, &self.admin).await.expect(200).body);
        }
        for id in [&self.ben, &self.etl] {
            found.push(self.host.get(&format!("/api/v1/users/{id}/roles"), &self.admin).await.expect(200).body);
            found.push(self.host.get(&format!("/api/v1/users/{id}/tokens"), &self.admin).await.expect(200).body);
        }
        found
    }

    /// Each attempt is refused, and nothing is other than it was.
    async fn refuses(&self, who: &str, token: &str, may: impl Fn(&str) -> bool) {
        let before = self.state().await;
        for (method, path, body) in self.attempts() {
            if may(&path) {
                continue;
            }
            let said = format!("{who}: {method} {path}");
            let reply = self.host.send(method, &path, token, Some(body).filter(|body| !body.is_null())).await;
            assert!(matches!(reply.status.as_u16(), 403 | 404), "{said}: {} {}", reply.status, reply.text);
        }
        assert_eq!(self.state().await, before, "{who}");
    }

    async fn role_id(&self, name: &str) -> String {
        let roles = self.host.get("/api/v1/roles", &self.admin).await.expect(200).body;
        let found = roles.as_array().unwrap().iter().find(|role| role["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }
}

const NOTHING: fn(&str) -> bool = |_| false;

#[tokio::test]
async fn a_user_gives_nothing_whatever_it_holds() {
    let scene = scene().await;
    let (ada, token) = scene.host.user(&scene.tenant, &scene.admin, "ada").await;
    scene.refuses("without anything", &token, NOTHING).await;
    let all = json!({"user-id": ada, "scope": {"type": "tenant"}, "actions": ["all"]});
    scene.host.post("/api/v1/permissions", &scene.admin, all).await.expect(201);
    for role in [scene.role.clone(), scene.role_id("Writer").await] {
        scene
            .host
            .post(&format!("/api/v1/users/{ada}/roles"), &scene.admin, json!({"role-id": role}))
            .await
            .expect(201);
    }
    scene.refuses("with all on everything", &token, NOTHING).await;
}

#[tokio::test]
async fn an_administrators_token_of_a_lower_rank_gives_nothing() {
    let scene = scene().await;
    let body = json!({"tenant_id": scene.tenant, "username": "acme_admin", "roles": ["tenant-user"]});
    let token = scene.host.post("/api/v1/tokens", &scene.admin, body).await.expect(200).text("token");
    scene.refuses("lowered", &token, NOTHING).await;
    // And none of a higher rank comes of it.
    let body = json!({"tenant_id": scene.tenant, "username": "acme_admin", "roles": ["tenant-admin"]});
    scene.host.post("/api/v1/tokens", &token, body).await.expect(403);
    let rotated = scene.host.post("/api/v1/tokens/rotate", &token, json!({})).await.expect(200).text("token");
    scene.refuses("rotated", &rotated, NOTHING).await;
}

#[tokio::test]
async fn a_service_user_gives_by_its_rank_and_never_when_narrowed() {
    let scene = scene().await;
    let (id, key) = service_user(&scene.host, &scene.admin, "bot", "tenant-user").await;
    let role = json!({"role-id": scene.role});
    scene.host.post(&format!("/api/v1/users/{id}/roles"), &scene.admin, role.clone()).await.expect(201);
    let token = oauth::token(&scene.host, &id, &key, "").await;
    scene.refuses("a service user", &token, NOTHING).await;

    let (id, key) = service_user(&scene.host, &scene.admin, "chief", "tenant-admin").await;
    scene.host.post(&format!("/api/v1/users/{id}/roles"), &scene.admin, role).await.expect(201);
    let narrowed = oauth::token(&scene.host, &id, &key, "PRINCIPAL_ROLE:everything").await;
    scene.refuses("narrowed", &narrowed, NOTHING).await;
    let exchanged = oauth::exchange(&scene.host, &oauth::bearer(&narrowed), &narrowed, "").await.expect(200);
    scene.refuses("narrowed and exchanged", &exchanged.text("access_token"), NOTHING).await;
    // Of its own rank it gives what an administrator gives.
    let whole = oauth::token(&scene.host, &id, &key, "").await;
    let grant = json!({"user-id": scene.ben, "scope": {"type": "tenant"}, "actions": ["read"]});
    scene.host.post("/api/v1/permissions", &whole, grant).await.expect(201);
}

#[tokio::test]
async fn root_and_the_administrator_of_another_tenant_give_nothing_here() {
    let scene = scene().await;
    let root = scene.host.root().await;
    // Users are Root's, everywhere.
    let of_users = |path: &str| path.starts_with("/api/v1/users") && !path.contains("/roles");
    scene.refuses("Root", &root, of_users).await;
    let (_, stranger) = scene.host.tenant("other").await;
    // A service user is made in the own tenant, whatever is said.
    let own = |path: &str| path == "/api/v1/service-users";
    scene.refuses("a stranger", &stranger, own).await;
}
