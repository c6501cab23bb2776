//! Every route that there is, with no token and with another tenant's.

use http::Method;
use pangolin_server::router;
use serde_json::{Value, json};

use crate::support::{Host, host};

/// Routes that need no credentials.
const PUBLIC: [&str; 7] = [
    "/health",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/api/v1/app-config",
    "/api-docs/openapi.json",
    "/api/v1/users/login",
];

/// Method and path of every documented route.
fn table() -> Vec<(Method, String)> {
    let document = serde_json::to_value(router::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().filter_map(|method| {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
            Some((method, path.clone()))
        })
    });
    let routes: Vec<_> = routes.collect();
    assert!(routes.len() > 40, "{routes:?}");
    routes
}

/// What one tenant has, by the name of the path's parameter.
struct Things {
    tenant: String,
    user: String,
    role: String,
    grant: String,
    token: String,
    row: String,
}

impl Things {
    async fn of(host: &Host, tenant: &str, admin: &str) -> Self {
        host.local_catalog(admin, "sales").await;
        let (user, token) = host.user(tenant, admin, "ada").await;
        let body = json!({"user-id": user, "scope": {"type": "tenant"}, "actions": ["read"]});
        Self {
            tenant: tenant.to_owned(),
            grant: host.post("/api/v1/permissions", admin, body).await.expect(201).text("id"),
            role: host.get("/api/v1/roles", admin).await.expect(200).body[0]["id"].as_str().unwrap().to_owned(),
            row: host.get("/api/v1/audit", admin).await.expect(200).body[0]["id"].as_str().unwrap().to_owned(),
            token: host.get("/api/v1/users/me/tokens", &token).await.expect(200).body[0]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            user,
        }
    }

    /// The path with the parameters filled in.
    fn path(&self, template: &str) -> String {
        let id = match template.split('/').nth(3).unwrap_or_default() {
            "tenants" => &self.tenant,
            "roles" => &self.role,
            "permissions" => &self.grant,
            "audit" => &self.row,
            _ => &self.user,
        };
        let name = if template.contains("warehouses") { "sales-warehouse" } else { "sales" };
        [
            ("{id}", id.as_str()),
            ("{role_id}", &self.role),
            ("{jti}", &self.token),
            ("{name}", name),
            ("{prefix}", "sales"),
            ("{namespace}", "default"),
            ("{ns}", "default"),
            ("{table}", "orders"),
        ]
        .iter()
        .fold(template.to_owned(), |path, (from, to)| path.replace(from, to))
    }
}

fn body_of(method: &Method) -> Option<Value> {
    (*method == Method::POST || *method == Method::PUT).then(|| json!({}))
}

#[tokio::test]
async fn without_a_token_nothing_but_the_public_routes_answers() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let things = Things::of(&host, &tenant, &admin).await;
    for (method, template) in table() {
        if PUBLIC.contains(&template.as_str()) || template.ends_with("/oauth/tokens") {
            continue;
        }
        for (token, body) in [("", body_of(&method)), ("", None), ("not.a.token", body_of(&method))] {
            let reply = host.send(method.clone(), &things.path(&template), token, body).await;
            assert_eq!(reply.status, 401, "{method} {template}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn nothing_of_one_tenant_answers_another() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let things = Things::of(&host, &tenant, &admin).await;
    let (other, foreign) = host.tenant("other").await;
    let (_, user) = host.user(&other, &foreign, "eve").await;
    for (method, template) in table().into_iter().filter(|(_, template)| template.contains('{')) {
        let path = things.path(&template);
        assert!(!path.contains('{'), "fill in {template}");
        for token in [&foreign, &user] {
            let reply = host.send(method.clone(), &path, token, body_of(&method)).await;
            assert!(matches!(reply.status.as_u16(), 403 | 404), "{method} {path}: {} {}", reply.status, reply.text);
            assert!(
                !reply.text.contains(&things.user) && !reply.text.contains("acme"),
                "{method} {path}: {}",
                reply.text
            );
        }
    }
    // All of it is still there.
    for path in ["/api/v1/catalogs/sales", "/api/v1/warehouses/sales-warehouse"] {
        host.get(path, &admin).await.expect(200);
    }
    host.get(&format!("/api/v1/users/{}", things.user), &admin).await.expect(200);
    assert_eq!(host.get("/api/v1/permissions", &admin).await.expect(200).body.as_array().unwrap().len(), 1);
}
