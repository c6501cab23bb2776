//! The protocol over HTTP, on local storage.

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::state::AppState;
use crate::{config, router, wiring};

struct Host {
    state: AppState,
    token: String,
    _dir: tempfile::TempDir,
}

struct Reply {
    status: u16,
    head: Response<()>,
    body: Value,
}

impl Host {
    /// No-Auth mode, with a catalog `lake` on local storage.
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = |name: &str| dir.path().join(name).display().to_string();
        std::fs::create_dir_all(dir.path().join("files")).unwrap();
        let settings = [
            ("PANGOLIN_NO_AUTH", "true".to_owned()),
            ("PANGOLIN_DATA_DIR", text("data")),
            ("PANGOLIN_LOCAL_STORAGE_DIR", text("files")),
        ];
        let config =
            config::from_lookup(|name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()))
                .unwrap();
        let state = wiring::build(config).await.unwrap();
        let host = Self { state, token: String::new(), _dir: dir };
        let path = text_of(&host, "files/lake");
        let warehouse =
            json!({ "name": "wh", "storage_config": { "type": "local", "path": path }, "vending_strategy": "None" });
        host.post("/api/v1/warehouses", warehouse).await.is(201);
        host.post("/api/v1/catalogs", json!({ "name": "lake", "warehouse_name": "wh" })).await.is(201);
        host.post("/v1/lake/namespaces", json!({ "namespace": ["a"] })).await.is(200);
        host.post("/v1/lake/namespaces", json!({ "namespace": ["a", "b"], "properties": { "k": "v" } })).await.is(200);
        host
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Reply {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let (parts, body) = router::router(self.state.clone()).oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status.as_u16(), head: Response::from_parts(parts, ()), body }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[], Some(body.to_string())).await
    }

    async fn table(&self, name: &str) -> Reply {
        let fields = json!([{ "id": 1, "name": "id", "type": "long", "required": true }]);
        let schema = json!({ "type": "struct", "schema-id": 0, "fields": fields });
        self.post("/v1/lake/namespaces/a%1Fb/tables", json!({ "name": name, "schema": schema })).await.is(200)
    }
}

fn text_of(host: &Host, name: &str) -> String {
    host._dir.path().join(name).display().to_string()
}

impl Reply {
    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    fn fails(self, status: u16, kind: &str) {
        let reply = self.is(status);
        assert_eq!((&reply.body["error"]["type"], &reply.body["error"]["code"]), (&json!(kind), &json!(status)));
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.head.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[tokio::test]
async fn clients_connect_in_each_of_the_usual_ways() {
    let host = Host::start().await;
    let prefix = |reply: &Reply| reply.body["overrides"].get("prefix").cloned();
    let bare = host.get("/v1/config").await.is(200);
    assert_eq!(prefix(&bare), None);
    assert_eq!(bare.body["defaults"]["header.X-Iceberg-Access-Delegation"], "vended-credentials");
    assert_eq!(prefix(&host.get("/v1/config?warehouse=lake").await.is(200)), Some(json!("lake")));
    assert_eq!(prefix(&host.get("/v1/lake/config").await.is(200)), Some(json!("lake")));
    assert_eq!(prefix(&host.get("/v1/lake/v1/config?warehouse=lake").await.is(200)), None);
    for path in ["/v1/lake/namespaces", "/v1/lake/v1/namespaces"] {
        let listed = host.get(path).await.is(200);
        assert!(listed.body["namespaces"].as_array().unwrap().contains(&json!(["a"])), "{}", listed.body);
    }
    host.get("/v1/config?warehouse=none").await.fails(404, "NoSuchWarehouseException");
    host.get("/v1/none/namespaces").await.fails(404, "NoSuchWarehouseException");
}

#[tokio::test]
async fn namespaces_by_either_separator() {
    let host = Host::start().await;
    for path in ["/v1/lake/namespaces/a%1Fb", "/v1/lake/namespaces/a.b"] {
        let found = host.get(path).await.is(200);
        assert_eq!(found.body, json!({ "namespace": ["a", "b"], "properties": { "k": "v" } }));
        host.send("HEAD", path, &[], None).await.is(204);
    }
    let children = host.get("/v1/lake/namespaces?parent=a").await.is(200);
    assert_eq!(children.body, json!({ "namespaces": [["a", "b"]] }));
    host.get("/v1/lake/namespaces/none").await.fails(404, "NoSuchNamespaceException");
    host.post("/v1/lake/namespaces", json!({ "namespace": ["a"] })).await.fails(409, "AlreadyExistsException");
    host.send("DELETE", "/v1/lake/namespaces/a", &[], None).await.fails(409, "NamespaceNotEmptyException");
    let both = json!({ "removals": ["k"], "updates": { "k": "v" } });
    host.post("/v1/lake/namespaces/a/properties", both).await.fails(422, "UnprocessableEntityException");
    host.get("/v1/lake/namespaces?pageSize=many").await.fails(400, "BadRequestException");
}

#[tokio::test]
async fn a_table_from_its_creation_to_its_end() {
    let host = Host::start().await;
    let made = host.table("orders").await;
    assert!(made.body["metadata-location"].as_str().unwrap().starts_with("file:///"));
    let at = "/v1/lake/namespaces/a%1Fb/tables/orders";
    let loaded = host.get(at).await.is(200);
    assert_eq!(loaded.body, made.body);
    assert_eq!(loaded.header(header::VARY), "Authorization, X-Iceberg-Access-Delegation");
    assert_eq!(host.get("/v1/lake/v1/namespaces/a%1Fb/tables/orders").await.is(200).body, made.body);
    let tag = loaded.header(header::ETAG).to_owned();
    let known = host.send("GET", at, &[("if-none-match", tag.as_str())], None).await.is(304);
    assert_eq!(known.body, Value::Null);
    host.send("HEAD", at, &[], None).await.is(204);
    let listed = host.get("/v1/lake/namespaces/a%1Fb/tables").await.is(200);
    assert_eq!(listed.body, json!({ "identifiers": [{ "namespace": ["a", "b"], "name": "orders" }] }));

    let set = json!([{ "action": "set-properties", "updates": { "k": "v" } }]);
    let committed = host.post(at, json!({ "requirements": [], "updates": set })).await.is(200);
    assert_eq!(committed.body["metadata"]["properties"], json!({ "k": "v" }));
    let newer = host.send("GET", at, &[("if-none-match", tag.as_str())], None).await.is(200);
    assert_eq!(newer.body["metadata"], committed.body["metadata"]);
    let create = json!([{ "type": "assert-create" }]);
    host.post(at, json!({ "requirements": create, "updates": [] })).await.fails(409, "CommitFailedException");
    let odd = json!({ "requirements": [], "updates": [{ "action": "make-coffee" }] });
    host.post(at, odd).await.fails(400, "BadRequestException");
    host.post(&format!("{at}/metrics"), json!({ "report-type": "scan-report" })).await.is(204);
    host.get(&format!("{at}/credentials")).await.fails(400, "BadRequestException");

    let to = json!({ "source": { "namespace": ["a", "b"], "name": "orders" },
        "destination": { "namespace": ["a"], "name": "sold" } });
    host.post("/v1/lake/tables/rename", to).await.is(204);
    host.get(at).await.fails(404, "NoSuchTableException");
    let moved = "/v1/lake/namespaces/a/tables/sold";
    host.send("DELETE", &format!("{moved}?purgeRequested=maybe"), &[], None).await.fails(400, "BadRequestException");
    host.send("DELETE", &format!("{moved}?purgeRequested=True"), &[], None).await.is(204);
    host.get(moved).await.fails(404, "NoSuchTableException");
}

#[tokio::test]
async fn a_transaction_over_two_tables() {
    let host = Host::start().await;
    host.table("one").await;
    host.table("two").await;
    let change = |name: &str, requirements: Value| {
        json!({ "identifier": { "namespace": ["a", "b"], "name": name }, "requirements": requirements,
            "updates": [{ "action": "set-properties", "updates": { "k": name } }] })
    };
    let unmet = json!([{ "type": "assert-current-schema-id", "current-schema-id": 9 }]);
    let body = json!({ "table-changes": [change("one", json!([])), change("two", unmet)] });
    host.post("/v1/lake/transactions/commit", body).await.fails(409, "CommitFailedException");
    let one = "/v1/lake/namespaces/a%1Fb/tables/one";
    assert_eq!(host.get(one).await.body["metadata"]["properties"]["k"], Value::Null, "all or none");
    let body = json!({ "table-changes": [change("one", json!([])), change("two", json!([]))] });
    host.post("/v1/lake/transactions/commit", body).await.is(204);
    assert_eq!(host.get(one).await.body["metadata"]["properties"], json!({ "k": "one" }));
}

#[tokio::test]
async fn rights_are_judged_before_bodies() {
    let mut host = Host::start().await;
    host.table("orders").await;
    let tenant = "00000000-0000-0000-0000-000000000000";
    let user = json!({ "username": "eve", "password": "a long password", "tenant_id": tenant, "role": "tenant-user" });
    host.post("/api/v1/users", user).await.is(201);
    let login = json!({ "username": "eve", "password": "a long password", "tenant-id": tenant });
    let reply = host.post("/api/v1/users/login", login).await.is(200);
    host.token = reply.body["token"].as_str().unwrap().to_owned();
    for path in ["/v1/lake/namespaces", "/v1/lake/namespaces/a/tables", "/v1/lake/namespaces/a%1Fb/tables/orders"] {
        let refused = host.send("POST", path, &[], Some("not json".to_owned())).await;
        assert_eq!(StatusCode::from_u16(refused.status).unwrap(), StatusCode::NOT_FOUND, "{path}: {}", refused.body);
    }
}
