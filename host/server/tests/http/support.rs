//! A host of its own for each test, and a small client.

use std::sync::Arc;

use axum_core::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use pangolin_server::state::AppState;
use pangolin_server::{config, router, wiring};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const ROOT: (&str, &str) = ("super_admin", "Start123!ComplexPassword");
pub(crate) const PASSWORD: &str = "a long password";

/// A running host; its directory goes with it.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) state: AppState,
    pub(crate) dir: Arc<tempfile::TempDir>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Reply {
    /// The reply, which must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// A text field of the body.
    pub(crate) fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.text)).to_owned()
    }
}

/// Settings of auth mode in a directory, and these beside the needed ones.
pub(crate) fn config_in(dir: &tempfile::TempDir, extra: &[(&str, &str)]) -> config::Config {
    let data = dir.path().join("data").display().to_string();
    let files = dir.path().join("files").display().to_string();
    std::fs::create_dir_all(&files).unwrap();
    let mut settings = vec![
        ("PANGOLIN_JWT_SECRET", "kJ8s7dfg6Qw2xZ0pLmN4vBtR5yU1iO3a"),
        ("PANGOLIN_ROOT_USER", ROOT.0),
        ("PANGOLIN_ROOT_PASSWORD", ROOT.1),
        ("PANGOLIN_DATA_DIR", &data),
        ("PANGOLIN_LOCAL_STORAGE_DIR", &files),
    ];
    settings.extend(extra);
    config::from_lookup(|name| {
        settings.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

/// A host in auth mode with these settings beside the needed ones.
pub(crate) async fn host_with(extra: &[(&str, &str)]) -> Host {
    let dir = tempfile::tempdir().unwrap();
    let state = wiring::build(config_in(&dir, extra)).await.unwrap();
    Host { state, dir: Arc::new(dir) }
}

/// A host in auth mode.
pub(crate) async fn host() -> Host {
    host_with(&[]).await
}

impl Host {
    /// One request; `token` empty: none is shown.
    pub(crate) async fn send(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        self.raw(request.body(body).unwrap()).await
    }

    /// One request as it is.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Reply {
        let response = router::router(self.state.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, body, text }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(Method::GET, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Reply {
        self.send(Method::POST, path, token, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, token: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, token, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Reply {
        self.send(Method::DELETE, path, token, None).await
    }

    /// A token; `tenant` none: Root.
    pub(crate) async fn login(&self, tenant: Option<&str>, username: &str, password: &str) -> String {
        let body = json!({"username": username, "password": password, "tenant-id": tenant});
        self.post("/api/v1/users/login", "", body).await.expect(200).text("token")
    }

    pub(crate) async fn root(&self) -> String {
        self.login(None, ROOT.0, ROOT.1).await
    }

    /// A tenant with an administrator: its id and the administrator's token.
    pub(crate) async fn tenant(&self, name: &str) -> (String, String) {
        let root = self.root().await;
        let tenant = self.post("/api/v1/tenants", &root, json!({"name": name})).await.expect(201).text("id");
        let admin = format!("{name}_admin");
        let body = json!({"username": admin, "password": PASSWORD, "tenant_id": tenant, "role": "TenantAdmin"});
        self.post("/api/v1/users", &root, body).await.expect(201);
        let token = self.login(Some(&tenant), &admin, PASSWORD).await;
        (tenant, token)
    }

    /// A plain user of a tenant: its id and token.
    pub(crate) async fn user(&self, tenant: &str, admin: &str, name: &str) -> (String, String) {
        let body = json!({"username": name, "password": PASSWORD, "tenant_id": tenant, "role": "tenant-user"});
        let id = self.post("/api/v1/users", admin, body).await.expect(201).text("id");
        (id, self.login(Some(tenant), name, PASSWORD).await)
    }

    /// A catalog on local storage.
    pub(crate) async fn local_catalog(&self, admin: &str, name: &str) -> String {
        let path = self.dir.path().join("files").join(name).display().to_string();
        let warehouse = json!({
            "name": format!("{name}-warehouse"),
            "storage_config": {"type": "local", "path": path},
            "vending_strategy": "None",
        });
        self.post("/api/v1/warehouses", admin, warehouse).await.expect(201);
        let catalog = json!({"name": name, "warehouse_name": format!("{name}-warehouse")});
        self.post("/api/v1/catalogs", admin, catalog).await.expect(201).text("id")
    }
}
