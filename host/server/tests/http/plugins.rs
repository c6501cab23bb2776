//! The plugin list.

use serde_json::json;

use crate::support::host_with;

#[tokio::test]
async fn administrators_see_the_strategies_and_root_also_what_was_rejected() {
    let plugins = tempfile::tempdir().unwrap();
    std::fs::write(plugins.path().join("broken.wasm"), b"not a component").unwrap();
    let host = host_with(&[("PANGOLIN_PLUGIN_DIR", plugins.path().to_str().unwrap())]).await;
    let root = host.root().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&tenant, &admin, "ada").await;
    assert_eq!(host.get("/api/v1/plugins", &admin).await.expect(200).body, json!({"plugins": []}));
    let rejected = host.get("/api/v1/plugins", &root).await.expect(200).body;
    assert_eq!(rejected["rejected"].as_array().unwrap().len(), 1, "{rejected}");
    assert_eq!(rejected["rejected"][0]["file"], "broken.wasm");
    assert!(!rejected["rejected"][0]["reason"].as_str().unwrap().is_empty());
    host.get("/api/v1/plugins", &user).await.expect(403);
    host.get("/api/v1/plugins", "").await.expect(401);
}
