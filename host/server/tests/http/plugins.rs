//! The plugins and the state of their directory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::leases::leased_host;
use crate::support::{Host, host_with};

fn put(directory: &Path, file: &str, bytes: &[u8]) {
    let path = directory.join(file);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}

async fn host_over(directory: &Path) -> Host {
    host_with(&[("PANGOLIN_PLUGIN_DIR", directory.to_str().unwrap())]).await
}

#[tokio::test]
async fn administrators_see_the_strategies_and_root_also_what_was_rejected() {
    let plugins = tempfile::tempdir().unwrap();
    put(plugins.path(), "broken.wasm", b"not a component");
    let host = host_over(plugins.path()).await;
    let root = host.root().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&tenant, &admin, "ada").await;
    assert_eq!(host.get("/api/v1/plugins", &admin).await.expect(200).body, json!({"plugins": []}));
    let seen = host.get("/api/v1/plugins", &root).await.expect(200).body;
    let [rejected] = &seen["rejected"].as_array().unwrap()[..] else { panic!("{seen}") };
    assert_eq!((&rejected["file"], &rejected["serving"]), (&json!("broken.wasm"), &Value::Null));
    assert_eq!(rejected["reason"], "this is not a Wasm component");
    assert_eq!(rejected["digest"].as_str().unwrap().len(), 64);
    assert_eq!(rejected["since"].as_str().unwrap().len(), "2026-01-31T09:30:00.000Z".len());
    assert_eq!((&seen["pending"], seen.get("problem")), (&json!([]), None));
    host.get("/api/v1/plugins", &user).await.expect(403);
    host.get("/api/v1/plugins", "").await.expect(401);
}

#[tokio::test]
async fn one_strategy_and_its_schema_are_shown_to_administrators() {
    let leased = leased_host().await;
    let (host, admin) = (&leased.host, &leased.admin);
    let root = host.root().await;
    let (_, user) = host.user(&leased.tenant, admin, "ada").await;
    let plugin = host.get("/api/v1/plugins/Lessor", admin).await.expect(200).body;
    assert_eq!((&plugin["name"], plugin.get("file")), (&json!("Lessor"), None));
    assert!(host.get("/api/v1/plugins/Lessor", &root).await.expect(200).body.get("file").is_some());
    let schema = host.get("/api/v1/plugins/Lessor/schema", admin).await.expect(200).body;
    assert_eq!((&schema["title"], &schema["type"]), (&json!("Lessor"), &json!("object")));
    for path in ["/api/v1/plugins/Nobody", "/api/v1/plugins/Nobody/schema"] {
        host.get(path, admin).await.expect(404);
        host.get(path, &root).await.expect(404);
        // Whether it is there is no user's business.
        host.get(path, &user).await.expect(403);
    }
    for path in ["/api/v1/plugins/Lessor", "/api/v1/plugins/Lessor/schema"] {
        host.get(path, &user).await.expect(403);
        host.get(path, "").await.expect(401);
    }
}

#[tokio::test]
async fn root_alone_has_the_directory_read_again_and_the_trail_says_so() {
    let plugins = tempfile::tempdir().unwrap();
    let host = host_over(plugins.path()).await;
    let root = host.root().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&tenant, &admin, "ada").await;
    put(plugins.path(), "late.wasm", b"not a component");
    for token in [&admin, &user] {
        host.post("/api/v1/plugins/reload", token, json!({})).await.expect(403);
    }
    assert_eq!(host.get("/api/v1/plugins", &root).await.expect(200).body["rejected"], json!([]));
    let seen = host.post("/api/v1/plugins/reload", &root, json!({})).await.expect(200).body;
    assert_eq!(seen["rejected"][0]["file"], "late.wasm");
    let first = seen["rejected"][0]["since"].clone();

    // Others can write to it: nothing changes, and everybody who asks is told.
    std::fs::set_permissions(plugins.path(), Permissions::from_mode(0o775)).unwrap();
    let refused = host.post("/api/v1/plugins/reload", &root, json!({})).await.expect(409).body;
    assert!(refused["detail"].as_str().unwrap().contains("chmod go-w"), "{refused}");
    let seen = host.get("/api/v1/plugins", &root).await.expect(200).body;
    assert_eq!((&seen["rejected"][0]["since"], &seen["problem"]["reason"]), (&first, &refused["detail"]));
    let ready = host.get("/health/ready", "").await.expect(200).body;
    assert_eq!((&ready["status"], &ready["plugin_directory"]), (&json!("ready"), &json!("failed")));
    assert!(host.get("/metrics", "").await.expect(200).text.contains("pangolin_plugin_directory_failed 1\n"));

    std::fs::set_permissions(plugins.path(), Permissions::from_mode(0o755)).unwrap();
    host.post("/api/v1/plugins/reload", &root, json!({})).await.expect(200);
    let ready = host.get("/health/ready", "").await.expect(200).body;
    assert_eq!((&ready["plugins_rejected"], &ready["plugin_directory"]), (&json!(1), &json!("ok")));

    let rows = host.get("/api/v1/audit?action=reload_plugins", &root).await.expect(200).body;
    let results: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["success", "started", "failure", "started", "success", "started", "denied", "denied"]);
    assert_eq!(rows[0]["metadata"], json!({"loaded": [], "rejected": ["late.wasm"]}));
}

#[tokio::test]
async fn metrics_need_no_credentials_and_hold_nothing_of_a_tenant() {
    let plugins = tempfile::tempdir().unwrap();
    let host = host_over(plugins.path()).await;
    let (_, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    let reply = host.get("/metrics", "").await.expect(200);
    assert_eq!(reply.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(reply.text.ends_with("# EOF\n"), "{}", reply.text);
    assert!(reply.text.contains("pangolin_plugin_reloads_total{outcome=\"ok\"} 1\n"), "{}", reply.text);
    assert!(!reply.text.contains("acme") && !reply.text.contains("sales"));
}
