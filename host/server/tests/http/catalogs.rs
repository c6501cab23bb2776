//! Catalogs.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Host, host};

/// An administrator with a warehouse `lake` at `s3://acme-lake/lake` that vends nothing.
async fn lake(host: &Host) -> (String, String) {
    let (tenant, admin) = host.tenant("acme").await;
    let body = json!({"name": "lake", "vending_strategy": "None",
        "storage_config": {"type": "s3", "bucket": "acme-lake", "prefix": "lake", "region": "eu-central-1"}});
    host.post("/api/v1/warehouses", &admin, body).await.expect(201);
    (tenant, admin)
}

fn catalog(changes: &Value) -> Value {
    let mut body = json!({"name": "sales", "warehouse_name": "lake"});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_catalog_has_its_own_location_and_the_namespace_default() {
    let host = host().await;
    let (tenant, admin) = lake(&host).await;
    let body = catalog(&json!({"catalog_type": "Local", "properties": {"owner": "ada"}}));
    let made = host.post("/api/v1/catalogs", &admin, body).await.expect(201);
    let expected = json!({"id": made.body["id"], "tenant_id": tenant, "name": "sales", "catalog_type": "Local",
        "warehouse_name": "lake", "storage_location": "s3://acme-lake/lake/sales", "properties": {"owner": "ada"}});
    assert_eq!(made.body, expected);
    assert_eq!(host.get("/api/v1/catalogs/sales", &admin).await.expect(200).body, expected);
    assert_eq!(host.get("/api/v1/catalogs", &admin).await.expect(200).body, json!([expected]));
    let namespaces = host.get("/v1/sales/namespaces", &admin).await.expect(200);
    assert_eq!(namespaces.body["namespaces"], json!([["default"]]));
}

#[tokio::test]
async fn what_a_new_catalog_must_not_be() {
    let host = host().await;
    let (_, admin) = lake(&host).await;
    host.post("/api/v1/catalogs", &admin, catalog(&json!({}))).await.expect(201);
    for (changes, status, field) in [
        (json!({}), 409, ""),
        (json!({"name": "other", "storage_location": "s3://acme-lake/lake/sales/eu"}), 409, ""),
        (json!({"name": "other", "storage_location": "s3://acme-lake/lake"}), 409, ""),
        (json!({"name": "other", "storage_location": "s3://acme-lake/lake2"}), 422, "storage_location"),
        (json!({"name": "other", "storage_location": "s3://acme-lake/lake/../x"}), 400, "storage_location"),
        (json!({"name": "v1"}), 422, "name"),
        (json!({"name": "a/b"}), 422, "name"),
        (json!({"name": "other", "warehouse_name": "never"}), 400, "warehouse_name"),
        (json!({"name": "other", "warehouse_name": null}), 422, "warehouse_name"),
        (json!({"name": "other", "catalog_type": "Federated"}), 422, "catalog_type"),
        (json!({"name": "other", "federated_config": {"properties": {}}}), 422, "federated_config"),
        (json!({"name": "other", "owner": "x"}), 422, ""),
    ] {
        let reply = host.post("/api/v1/catalogs", &admin, catalog(&changes)).await.expect(status);
        if !field.is_empty() {
            assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
        }
    }
    let made = json!({"name": "sales2", "storage_location": "s3://acme-lake/lake/sales2/"});
    host.post("/api/v1/catalogs", &admin, catalog(&made)).await.expect(201);
}

#[tokio::test]
async fn root_has_no_part_in_catalogs_and_a_plain_user_sees_what_it_has_rights_in() {
    let host = host().await;
    let root = host.root().await;
    let (tenant, admin) = lake(&host).await;
    let (_, user) = host.user(&tenant, &admin, "ada").await;
    host.post("/api/v1/catalogs", &admin, catalog(&json!({}))).await.expect(201);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = (method == Method::PUT).then(|| json!({"properties": {}}));
        host.send(method.clone(), "/api/v1/catalogs/sales", &root, body.clone()).await.expect(403);
        host.send(method, "/api/v1/catalogs/sales", "", body).await.expect(401);
    }
    host.get("/api/v1/catalogs", &root).await.expect(403);
    host.post("/api/v1/catalogs", &root, catalog(&json!({"name": "x"}))).await.expect(403);
    assert_eq!(host.get("/api/v1/catalogs", &user).await.expect(200).body, json!([]));
    let hidden = host.get("/api/v1/catalogs/sales", &user).await.expect(404);
    assert_eq!(hidden.text, host.get("/api/v1/catalogs/never", &user).await.expect(404).text);
    host.post("/api/v1/catalogs", &user, catalog(&json!({"name": "x"}))).await.expect(403);
    host.put("/api/v1/catalogs/sales", &user, json!({"properties": {}})).await.expect(403);
    host.delete("/api/v1/catalogs/sales", &user).await.expect(403);
}

#[tokio::test]
async fn a_foreign_catalog_is_as_one_that_never_was() {
    let host = host().await;
    let (_, admin) = lake(&host).await;
    let (_, foreign) = host.tenant("other").await;
    host.post("/api/v1/catalogs", &admin, catalog(&json!({}))).await.expect(201);
    let mut texts = Vec::new();
    for name in ["sales", "never"] {
        let path = format!("/api/v1/catalogs/{name}");
        texts.push(host.get(&path, &foreign).await.expect(404).text);
        texts.push(host.put(&path, &foreign, json!({"properties": {"a": "b"}})).await.expect(404).text);
        texts.push(host.delete(&path, &foreign).await.expect(404).text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    // Neither does a foreign warehouse serve.
    let reply = host.post("/api/v1/catalogs", &foreign, catalog(&json!({"name": "mine"}))).await.expect(400);
    assert_eq!(reply.body["errors"][0]["field"], "warehouse_name");
}

#[tokio::test]
async fn a_catalog_is_changed_within_its_warehouse() {
    let host = host().await;
    let (_, admin) = lake(&host).await;
    host.local_catalog(&admin, "hr").await;
    host.post("/api/v1/catalogs", &admin, catalog(&json!({}))).await.expect(201);
    let path = "/api/v1/catalogs/sales";
    let changed = host.put(path, &admin, json!({"properties": {"a": "b"}, "warehouse_name": "lake"})).await.expect(200);
    assert_eq!(changed.body["properties"], json!({"a": "b"}));
    let moved = host.put(path, &admin, json!({"storage_location": "s3://acme-lake/lake/eu"})).await.expect(200);
    assert_eq!(moved.body["storage_location"], "s3://acme-lake/lake/eu");
    assert_eq!(moved.body["properties"], json!({"a": "b"}));
    host.put(path, &admin, json!({"warehouse_name": "hr-warehouse"})).await.expect(409);
    host.put(path, &admin, json!({"storage_location": "s3://other/x"})).await.expect(422);
    host.put(path, &admin, json!({"name": "renamed"})).await.expect(422);
    assert_eq!(host.get(path, &admin).await.expect(200).body, moved.body);
}

#[tokio::test]
async fn a_catalog_with_a_table_stays() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    let field = json!({"id": 1, "name": "id", "required": true, "type": "long"});
    let table = json!({"name": "orders", "schema": {"type": "struct", "schema-id": 0, "fields": [field]}});
    host.post("/v1/sales/namespaces/default/tables", &admin, table).await.expect(200);
    host.delete("/api/v1/catalogs/sales", &admin).await.expect(409);
    host.delete("/v1/sales/namespaces/default/tables/orders", &admin).await.expect(204);
    host.delete("/api/v1/catalogs/sales", &admin).await.expect(204);
    host.get("/api/v1/catalogs/sales", &admin).await.expect(404);
}
