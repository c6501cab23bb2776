//! Warehouses. No strategy is loaded here: what they do with one is the black-box suite's.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Host, host, host_with};

const SECRET: &str = "planted-wJalrXUtnFEMI/K7MDENG";

fn s3(name: &str, bucket: &str) -> Value {
    json!({"name": name, "vending_strategy": "None", "storage_config": {"type": "s3", "s3.bucket": bucket,
        "prefix": "lake", "s3.region": "eu-central-1", "s3.access-key-id": "AKIDPLANTED",
        "secret_access_key": SECRET}})
}

fn local(host: &Host, name: &str, below: &str) -> Value {
    let path = host.dir.path().join("files").join(below).display().to_string();
    json!({"name": name, "vending_strategy": "None", "storage_config": {"type": "local", "path": path}})
}

#[tokio::test]
async fn a_warehouse_is_shown_in_one_spelling_and_never_with_its_secrets() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let mut texts = Vec::new();
    let made = host.post("/api/v1/warehouses", &admin, s3("lake", "acme-lake")).await.expect(201);
    assert_eq!(made.body["storage_config"]["bucket"], "acme-lake");
    assert_eq!(made.body["storage_config"]["secret_access_key"], "<redacted>");
    assert_eq!((&made.body["vending_strategy"], &made.body["tenant_id"]), (&json!("None"), &json!(own)));
    assert_eq!(made.body["base_location"], "s3://acme-lake/lake/");
    texts.push(made.text);
    texts.push(host.post("/api/v1/warehouses", &admin, s3("lake", "acme-lake")).await.expect(409).text);
    texts.push(host.get("/api/v1/warehouses", &admin).await.expect(200).text);
    let shown = host.get("/api/v1/warehouses/lake", &admin).await.expect(200);
    // What GET shows may be sent back; it changes nothing but the time.
    let put = host.put("/api/v1/warehouses/lake", &admin, shown.body.clone()).await.expect(200);
    assert_eq!(put.body["storage_config"], shown.body["storage_config"]);
    assert_eq!(put.body["created_at"], shown.body["created_at"]);
    texts.push(
        host.put("/api/v1/warehouses/lake", &admin, json!({"storage_config": {"secret_access_key": 5}})).await.text,
    );
    texts.push(host.get("/api/v1/audit", &admin).await.expect(200).text);
    host.delete("/api/v1/warehouses/lake", &admin).await.expect(204);
    host.get("/api/v1/warehouses/lake", &admin).await.expect(404);
    assert!(!texts.concat().contains(SECRET) && !texts.concat().contains("AKIDPLANTED"));
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_by_field() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let mut body = s3("lake", "acme-lake");
    body["vending_strategy"] = json!({"AwsQuantum": {}});
    body["storage_config"]["bucket"] = json!("another");
    body["colour"] = json!("red");
    let refused = host.post("/api/v1/warehouses", &admin, body).await.expect(422);
    let detail = refused.text("detail");
    for word in ["AwsQuantum", "bucket", "s3.bucket", "colour"] {
        assert!(detail.contains(word), "{word} in {detail}");
    }
    assert!(refused.body["errors"].as_array().unwrap().len() >= 3 && !refused.text.contains(SECRET));
    assert_eq!(host.get("/api/v1/warehouses", &admin).await.expect(200).body, json!([]));
}

#[tokio::test]
async fn a_stored_secret_is_not_led_to_another_server() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let mut body = s3("lake", "acme-lake");
    body["storage_config"]["endpoint"] = json!("https://s3.example.com");
    host.post("/api/v1/warehouses", &admin, body).await.expect(201);
    let to = |endpoint: &str, secret: &str| json!({"storage_config": {"endpoint": endpoint, "access_key_id": secret, "secret_access_key": secret}});
    let path = "/api/v1/warehouses/lake";
    let refused = host.put(path, &admin, json!({"storage_config": {"s3.endpoint": "https://evil.example.com"}})).await;
    let refused = refused.expect(422);
    assert!(refused.text.contains("secret_access_key") && refused.text.contains("endpoint"), "{}", refused.text);
    host.put(path, &admin, to("https://evil.example.com", "<redacted>")).await.expect(422);
    host.put(path, &admin, to("ftp://s3.example.com", "given-again")).await.expect(422);
    host.put(path, &admin, to("https://169.254.169.254", "given-again")).await.expect(422);
    host.put(path, &admin, to("https://s3.example.org", "given-again")).await.expect(200);
}

#[tokio::test]
async fn root_and_plain_users_have_no_part_in_warehouses() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&own, &admin, "ada").await;
    host.post("/api/v1/warehouses", &admin, s3("lake", "acme-lake")).await.expect(201);
    for token in [&root, &user] {
        host.get("/api/v1/warehouses", token).await.expect(403);
        host.post("/api/v1/warehouses", token, s3("mine", "b-1")).await.expect(403);
        for name in ["lake", "never"] {
            let path = format!("/api/v1/warehouses/{name}");
            host.get(&path, token).await.expect(403);
            host.put(&path, token, json!({"use_sts": true})).await.expect(403);
            host.delete(&path, token).await.expect(403);
        }
    }
    host.send(Method::GET, "/api/v1/warehouses/lake", "", None).await.expect(401);
}

#[tokio::test]
async fn a_foreign_warehouse_is_as_one_that_never_was() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (_, foreign) = host.tenant("other").await;
    host.post("/api/v1/warehouses", &admin, s3("lake", "acme-lake")).await.expect(201);
    let mut texts = Vec::new();
    for name in ["lake", "never"] {
        let path = format!("/api/v1/warehouses/{name}");
        texts.push(host.get(&path, &foreign).await.expect(404).text);
        texts.push(host.put(&path, &foreign, json!({"name": "taken"})).await.expect(404).text);
        texts.push(host.delete(&path, &foreign).await.expect(404).text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    // The same name, and with own keys the same bucket, are free.
    host.post("/api/v1/warehouses", &foreign, s3("lake", "acme-lake")).await.expect(201);
}

#[tokio::test]
async fn what_the_host_itself_opens_belongs_to_one_tenant() {
    let host = host().await;
    let root = host.root().await;
    let (_, admin) = host.tenant("acme").await;
    let (other, foreign) = host.tenant("other").await;
    host.post("/api/v1/warehouses", &admin, local(&host, "lake", "acme")).await.expect(201);
    let mut texts = Vec::new();
    for below in ["acme", "acme/sales", ""] {
        let reply = host.post("/api/v1/warehouses", &foreign, local(&host, "mine", below)).await;
        if reply.status != 422 {
            texts.push(reply.expect(403).text);
        }
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(!texts[0].contains("acme"), "{texts:?}");
    host.post("/api/v1/warehouses", &foreign, local(&host, "mine", "acme2")).await.expect(201);
    host.put("/api/v1/warehouses/mine", &foreign, local(&host, "mine", "acme")).await.expect(403);
    let denied = host.get("/api/v1/audit?action=update_warehouse&result=denied", &foreign).await.expect(200);
    assert_eq!(denied.body.as_array().unwrap().len(), 1);
    // Root may allow it.
    let pin = format!("file://{}", host.dir.path().join("files/acme").display());
    let path = format!("/api/v1/tenants/{other}/host-identity");
    host.put(&path, &root, json!({"bases": [pin]})).await.expect(200);
    host.put("/api/v1/warehouses/mine", &foreign, local(&host, "mine", "acme")).await.expect(200);
}

#[tokio::test]
async fn local_storage_lies_below_the_operators_directory() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    for path in ["/etc", "/", "", "../up", "a/../../up"] {
        let body = json!({"name": "w", "vending_strategy": "None", "storage_config": {"type": "local", "path": path}});
        host.post("/api/v1/warehouses", &admin, body).await.expect(422);
    }
    host.post("/api/v1/warehouses", &admin, local(&host, "w", "../data")).await.expect(422);
}

#[tokio::test]
async fn strict_mode_takes_references_only() {
    let host = host_with(&[("PANGOLIN_STRICT_SECRETS", "true")]).await;
    let (_, admin) = host.tenant("acme").await;
    let refused = host.post("/api/v1/warehouses", &admin, s3("lake", "acme-lake")).await.expect(422);
    assert!(refused.text.contains("secret_access_key") && !refused.text.contains(SECRET), "{}", refused.text);
    let mut body = s3("lake", "acme-lake");
    let reference = |name: &str| json!({"secret_ref": name});
    body["storage_config"]["s3.access-key-id"] = reference("lake-key-id");
    body["storage_config"]["secret_access_key"] = reference("lake-secret");
    let made = host.post("/api/v1/warehouses", &admin, body).await.expect(201);
    assert_eq!(made.body["storage_config"]["secret_access_key"], reference("lake-secret"));
}

#[tokio::test]
async fn a_warehouse_with_a_catalog_stays() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    host.delete("/api/v1/warehouses/sales-warehouse", &admin).await.expect(409);
    host.put("/api/v1/warehouses/sales-warehouse", &admin, local(&host, "sales-warehouse", "hr")).await.expect(409);
    host.delete("/api/v1/catalogs/sales", &admin).await.expect(204);
    host.delete("/api/v1/warehouses/sales-warehouse", &admin).await.expect(204);
}
