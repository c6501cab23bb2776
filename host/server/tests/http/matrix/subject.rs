//! What a request is about: a path to something that exists, and a body that is well-formed.
//! What a request may end or change is made anew for it.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use serde_json::{Value, json};

use super::callers::jti;
use super::table::Row;
use super::world::{TABLE_ROOT, World, bucket, new_table};
use crate::leases::MINTER;
use crate::support::{PASSWORD, ROOT};

/// Where a request goes and what it carries.
pub(super) struct Subject {
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

/// A name that was never used.
fn fresh(lead: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("{lead}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl World {
    /// A request of this row, made ready for one caller.
    pub(super) async fn subject(&self, row: &Row) -> Subject {
        let mut parts: Vec<String> = row.path.split('/').map(str::to_owned).collect();
        for at in 0..parts.len() {
            if parts[at].starts_with('{') {
                parts[at] = self.named(row, &parts, at).await;
            }
        }
        let body = self.body(row).await;
        Subject { path: parts.join("/") + query(&row.path), body }
    }

    /// The name of a thing for the parameter at this place.
    async fn named(&self, row: &Row, parts: &[String], at: usize) -> String {
        let reads = matches!(row.method, Method::GET | Method::HEAD);
        match (parts[at - 1].as_str(), parts[at].as_str()) {
            ("tenants", _) if row.method == Method::DELETE => {
                let body = json!({"name": fresh("tenant")});
                self.host.post("/api/v1/tenants", &self.root, body).await.expect(201).text("id")
            }
            ("tenants", _) => self.tenant.clone(),
            ("users", _) if row.method == Method::DELETE && parts.len() == at + 1 => {
                self.user(&fresh("user"), None).await
            }
            ("users", _) => self.ada.clone(),
            ("service-users", _) => self.service_user().await,
            ("revocations", _) => {
                let principal = self.service_user().await;
                self.made("/api/v1/revocations", json!({ "principal": principal })).await
            }
            ("roles", "{role_id}") => {
                self.assign(&parts[at - 2], "Reader").await;
                self.role_id("Reader").await
            }
            ("roles", _) => self.made("/api/v1/roles", json!({"name": fresh("role")})).await,
            ("permissions", _) => {
                let body = json!({"user-id": self.ada, "scope": {"type": "tenant"}, "actions": ["read"]});
                self.made("/api/v1/permissions", body).await
            }
            ("tokens" | "revoke", _) => {
                let made = self.make("/api/v1/tokens", json!({"username": "ada"})).await;
                jti(made["token"].as_str().unwrap())
            }
            ("audit", _) => {
                let rows = self.host.get("/api/v1/audit?limit=1", &self.admin).await.expect(200).body;
                rows[0]["id"].as_str().unwrap().to_owned()
            }
            ("leases", _) => self.leased.lease("lake", "ann").await,
            ("warehouses", _) => {
                let name = fresh("warehouse");
                self.make("/api/v1/warehouses", bucket(&name, MINTER)).await;
                name
            }
            ("catalogs", _) => {
                let name = fresh("catalog");
                self.make("/api/v1/catalogs", json!({"name": name, "warehouse_name": "mint"})).await;
                name
            }
            ("plugins", _) => MINTER.to_owned(),
            ("v1", "{prefix}") => if needs_a_vend(&row.path) { "minted" } else { "sales" }.to_owned(),
            ("namespaces", _) if row.method == Method::DELETE && parts.len() == at + 1 => {
                let name = fresh("namespace");
                self.make("/v1/sales/namespaces", json!({ "namespace": [name] })).await;
                name
            }
            ("namespaces", _) => "emea".to_owned(),
            ("tables", _) if reads || needs_a_vend(&row.path) => "orders".to_owned(),
            ("tables", _) => self.table().await,
            (before, parameter) => panic!("what is {parameter} after '{before}' in {}?", row.path),
        }
    }

    /// The identifier of something that the administrator makes.
    async fn made(&self, path: &str, body: Value) -> String {
        self.make(path, body).await["id"].as_str().unwrap().to_owned()
    }

    async fn service_user(&self) -> String {
        self.made("/api/v1/service-users", json!({"name": fresh("robot")})).await
    }

    /// A new table on local storage.
    async fn table(&self) -> String {
        let name = fresh("table");
        self.make("/v1/sales/namespaces/emea/tables", new_table(&name)).await;
        name
    }

    /// A body for the route, if it takes one.
    async fn body(&self, row: &Row) -> Option<Value> {
        let properties = json!({"tier": "gold"});
        Some(match row.key().as_str() {
            "POST /api/v1/users/login" => json!({"username": ROOT.0, "password": ROOT.1}),
            "POST /api/v1/tokens" => json!({}),
            "POST /api/v1/auth/revoke" | "POST /api/v1/auth/revoke/{jti}" => json!({"reason": "lost"}),
            "POST /api/v1/tenants" => json!({"name": fresh("tenant")}),
            "PUT /api/v1/tenants/{id}" | "PUT /api/v1/catalogs/{name}" => json!({ "properties": properties }),
            "PUT /api/v1/tenants/{id}/host-identity" => json!({"roles": [], "bases": []}),
            "POST /api/v1/users" => json!({"username": fresh("user"), "password": PASSWORD, "role": "tenant-user",
                "tenant_id": self.tenant}),
            "PUT /api/v1/users/{id}" => json!({"email": "ada@example.com"}),
            "POST /api/v1/users/{id}/roles" => json!({"role-id": self.role_id("Reader").await}),
            "POST /api/v1/roles" => json!({"name": fresh("role")}),
            "PUT /api/v1/roles/{id}" | "PUT /api/v1/service-users/{id}" => json!({"description": "as it is"}),
            "POST /api/v1/permissions" => {
                json!({"user-id": self.ada, "scope": {"type": "tenant"}, "actions": ["read"]})
            }
            // The last rule of all: what would be changed is as it was.
            "PUT /api/v1/users/me/password" => json!({"current_password": PASSWORD, "new_password": PASSWORD}),
            "POST /v1/oauth/tokens" | "POST /v1/{prefix}/oauth/tokens" => self.robots_request("catalog"),
            "POST /api/v1/service-users" => json!({"name": fresh("robot")}),
            "POST /api/v1/service-users/{id}/rotate" => json!({"grace_seconds": 60}),
            "POST /api/v1/revocations" => json!({"principal": self.service_user().await}),
            "POST /api/v1/warehouses" => bucket(&fresh("warehouse"), MINTER),
            "PUT /api/v1/warehouses/{name}" => json!({"max_ttl_seconds": 900}),
            "POST /api/v1/catalogs" => json!({"name": fresh("catalog"), "warehouse_name": "mint"}),
            "POST /v1/{prefix}/namespaces" => json!({"namespace": [fresh("namespace")]}),
            "POST /v1/{prefix}/namespaces/{namespace}/properties" => json!({ "updates": properties }),
            "POST /v1/{prefix}/namespaces/{namespace}/tables" => new_table(&fresh("table")),
            "POST /v1/{prefix}/namespaces/{namespace}/register" => self.dropped_table().await,
            "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}" => commit(),
            "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics" => json!({"report-type": "scan-report"}),
            "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign" => json!({"region": "eu-central-1",
                "method": "GET", "uri": TABLE_ROOT.replacen("s3://mint-bucket", "https://mint-bucket.s3.eu-central-1.amazonaws.com", 1)
                    + "/data/a.parquet", "headers": {}}),
            "POST /v1/{prefix}/tables/rename" => {
                let name = |name: String| json!({"namespace": ["emea"], "name": name});
                json!({"source": name(self.table().await), "destination": name(fresh("table"))})
            }
            "POST /v1/{prefix}/transactions/commit" => {
                let mut change = commit();
                change["identifier"] = json!({"namespace": ["emea"], "name": self.table().await});
                json!({ "table-changes": [change] })
            }
            _ => return None,
        })
    }

    /// A metadata file that belongs to no table.
    async fn dropped_table(&self) -> Value {
        let name = self.table().await;
        let path = format!("/v1/sales/namespaces/emea/tables/{name}");
        let file = self.host.get(&path, &self.admin).await.expect(200).text("metadata-location");
        self.host.delete(&path, &self.admin).await.expect(204);
        json!({"name": name, "metadata-location": file})
    }
}

fn commit() -> Value {
    json!({"requirements": [], "updates": [{"action": "set-properties", "updates": {"owner": "ada"}}]})
}

/// Routes that hand out or use a credential.
fn needs_a_vend(path: &str) -> bool {
    ["/credentials", "/explain", "/presign", "/sign"].iter().any(|end| path.ends_with(end))
}

fn query(path: &str) -> &'static str {
    match path {
        "/api/v1/search" => "?q=orders",
        _ if path.ends_with("/presign") => "?location=s3://mint-bucket/minted/emea/orders/data/a.parquet",
        _ => "",
    }
}
