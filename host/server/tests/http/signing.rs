use serde_json::{Value, json};

use crate::support::{Host, host};

const TABLE: &str = "/v1/sales/namespaces/emea/tables/orders";

/// A table on local storage, which vends and signs nothing: its location and an administrator's token.
async fn table(host: &Host) -> (String, String, String) {
    let (tenant, admin) = host.tenant("acme").await;
    host.local_catalog(&admin, "sales").await;
    host.post("/v1/sales/namespaces", &admin, json!({"namespace": ["emea"]})).await.expect(200);
    let body = json!({"name": "orders", "schema": {"type": "struct", "fields": [
        {"id": 1, "name": "id", "type": "long", "required": true},
    ]}});
    let made = host.post("/v1/sales/namespaces/emea/tables", &admin, body).await.expect(200);
    (made.body["metadata"]["location"].as_str().unwrap().to_owned(), tenant, admin)
}

fn request() -> Value {
    json!({"region": "us-east-1", "method": "GET", "uri": "https://b.s3.amazonaws.com/k", "headers": {}})
}

#[tokio::test]
async fn storage_that_vends_nothing_says_so_under_both_forms_of_the_routes() {
    let host = host().await;
    let (location, _, admin) = table(&host).await;
    for route in [TABLE.to_owned(), TABLE.replace("/v1/sales", "/v1/sales/v1")] {
        let reply = host.get(&format!("{route}/presign?location={location}/data/a"), &admin).await.expect(400);
        assert!(reply.body["error"]["message"].as_str().unwrap().contains("vends no credentials"), "{}", reply.text);
        let reply = host.post(&format!("{route}/sign"), &admin, request()).await.expect(400);
        assert!(reply.body["error"]["message"].as_str().unwrap().contains("S3 storage"), "{}", reply.text);
    }
}

#[tokio::test]
async fn questions_that_make_no_sense_are_bad_requests_for_those_who_may_ask() {
    let host = host().await;
    let (location, tenant, admin) = table(&host).await;
    let (_, nobody) = host.user(&tenant, &admin, "ada").await;
    for query in [
        String::new(),
        "?location=".to_owned(),
        format!("?location={location}/"),
        format!("?location={location}/../x"),
        format!("?location={location}/%252e%252e/x"),
        format!("?location={location}/a&ttl=0"),
        format!("?location={location}/a&ttl=soon"),
        format!("?location={location}/a&method=POST"),
    ] {
        let path = format!("{TABLE}/presign{query}");
        host.get(&path, &admin).await.expect(400);
        host.get(&path, &nobody).await.expect(404);
    }
    for body in [json!({}), json!({"region": "x"}), json!([]), json!({"region": 1})] {
        host.post(&format!("{TABLE}/sign"), &admin, body.clone()).await.expect(400);
        host.post(&format!("{TABLE}/sign"), &nobody, body).await.expect(404);
    }
}

#[tokio::test]
async fn an_attempt_on_a_hidden_table_is_in_the_trail() {
    let host = host().await;
    let (location, tenant, admin) = table(&host).await;
    let (_, nobody) = host.user(&tenant, &admin, "ada").await;
    host.get(&format!("{TABLE}/presign?location={location}/a"), &nobody).await.expect(404);
    host.post(&format!("{TABLE}/sign"), &nobody, request()).await.expect(404);
    for action in ["presign", "sign_request"] {
        let rows = host.get(&format!("/api/v1/audit?action={action}"), &admin).await.expect(200).body;
        assert_eq!(rows.as_array().unwrap().len(), 1, "{action}");
        assert_eq!((&rows[0]["result"], &rows[0]["username"]), (&json!("denied"), &json!("ada")));
    }
}
