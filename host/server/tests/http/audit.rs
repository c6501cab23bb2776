//! The audit trail as it is read.

use serde_json::{Value, json};

use crate::support::{Host, PASSWORD, ROOT, host};

const NEVER: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

async fn rows(host: &Host, token: &str, query: &str) -> Vec<Value> {
    host.get(&format!("/api/v1/audit?{query}"), token).await.expect(200).body.as_array().unwrap().clone()
}

#[tokio::test]
async fn every_change_is_there_newest_first_and_without_passwords() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    host.put(&format!("/api/v1/users/{ada}"), &admin, json!({"password": "another password"})).await.expect(200);
    host.local_catalog(&admin, "sales").await;
    let all = rows(&host, &admin, "result=success").await;
    let done: Vec<_> = all.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(
        done,
        [
            "create_catalog",
            "create_warehouse",
            "update_user",
            "login",
            "create_user",
            "login",
            "create_user",
            "create_tenant"
        ]
    );
    let row = &all[2];
    assert_eq!(
        (&row["username"], &row["resource_id"], &row["result"]),
        (&json!("acme_admin"), &json!(ada), &json!("success"))
    );
    assert_eq!(row["metadata"], json!({"changed": ["password"]}));
    assert!(!row["request_id"].as_str().unwrap().is_empty());
    let text = Value::from(all).to_string();
    for secret in [PASSWORD, "another password", ROOT.1] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn an_administrator_reads_its_tenant_root_everything_and_users_nothing() {
    let host = host().await;
    let root = host.root().await;
    let (own, admin) = host.tenant("acme").await;
    let (other, foreign) = host.tenant("other").await;
    let (_, user) = host.user(&own, &admin, "ada").await;
    let mine = rows(&host, &admin, "").await;
    assert!(mine.iter().all(|row| row["tenant_id"] == json!(own)), "{mine:?}");
    let everything = rows(&host, &root, "").await;
    assert!(everything.iter().any(|row| row["tenant_id"].is_null()) && everything.len() > mine.len());
    let named = rows(&host, &root, &format!("tenant_id={other}")).await;
    assert!(!named.is_empty() && named.iter().all(|row| row["tenant_id"] == json!(other)));
    host.get(&format!("/api/v1/audit?tenant_id={other}"), &admin).await.expect(403);
    for path in ["/api/v1/audit", "/api/v1/audit/count", &format!("/api/v1/audit/{NEVER}")] {
        host.get(path, &user).await.expect(403);
        host.get(path, "").await.expect(401);
    }
    let path = format!("/api/v1/audit/{}", mine[0]["id"].as_str().unwrap());
    assert_eq!(host.get(&path, &admin).await.expect(200).body, mine[0]);
    assert_eq!(host.get(&path, &root).await.expect(200).body, mine[0]);
    let hidden = host.get(&path, &foreign).await.expect(404).text;
    assert_eq!(host.get(&format!("/api/v1/audit/{NEVER}"), &foreign).await.expect(404).text, hidden);
    assert_eq!(host.get("/api/v1/audit/first", &foreign).await.expect(404).text, hidden);
    // The refused attempt itself is there.
    assert_eq!(rows(&host, &admin, "action=read_audit&result=denied").await.len(), 3);
}

#[tokio::test]
async fn filters_pages_and_counts_agree() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, _) = host.user(&own, &admin, "ada").await;
    host.user(&own, &admin, "bob").await;
    let count = |query: &str| {
        let (host, admin, path) = (host.clone(), admin.clone(), format!("/api/v1/audit/count?{query}"));
        async move { host.get(&path, &admin).await.expect(200).body["count"].as_u64().unwrap() }
    };
    let all = rows(&host, &admin, "").await;
    assert_eq!(count("").await, all.len() as u64);
    assert_eq!(rows(&host, &admin, "limit=2&offset=1").await, all[1..3]);
    assert_eq!(rows(&host, &admin, "action=create_user&resource-type=user").await.len(), 6);
    assert_eq!(count(&format!("resource_id={ada}&action=create_user")).await, 2);
    assert_eq!(count(&format!("resource_id={ada}&action=create_user&result=started")).await, 1);
    assert_eq!(count(&format!("user_id={ada}")).await, 1);
    assert_eq!(count("result=denied").await, 0);
    let newest = all[0]["timestamp"].as_str().unwrap();
    assert!(count(&format!("start_time={newest}")).await >= 1);
    assert_eq!(count("end_time=2020-01-01T00:00:00Z").await, 0);
    let request = all[0]["request_id"].as_str().unwrap();
    assert_eq!(count(&format!("request_id={request}&result=success")).await, 1);
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_refused() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    for query in
        ["user_id=ada", "result=maybe", "start_time=yesterday", "limit=0", "limit=1001", "offset=x", "acton=login"]
    {
        host.get(&format!("/api/v1/audit?{query}"), &admin).await.expect(400);
    }
}

/// Name, result and error of the rows of an action, the newest first.
async fn told(host: &Host, admin: &str, action: &str) -> Vec<(String, String, String)> {
    let rows = host.get(&format!("/api/v1/audit?action={action}"), admin).await.expect(200).body;
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (text(row, "resource_name"), text(row, "result"), text(row, "error_message"))).collect()
}

#[tokio::test]
async fn what_was_refused_or_failed_is_told_by_the_name_of_the_body() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (ada, user) = host.user(&own, &admin, "ada").await;
    let made = [
        ("create_user", "/api/v1/users", json!({"username": "ben", "password": PASSWORD, "role": "tenant-user"})),
        ("create_service_user", "/api/v1/service-users", json!({"name": "ben-robot"})),
        ("create_role", "/api/v1/roles", json!({"name": "ben-role"})),
    ];
    for (action, path, body) in made {
        host.post(path, &user, body.clone()).await.expect(403);
        host.post(path, &admin, body.clone()).await.expect(201);
        host.post(path, &admin, body.clone()).await.expect(409);
        let name = body.get("username").or(body.get("name")).and_then(Value::as_str).unwrap();
        let rows: Vec<_> = told(&host, &admin, action).await.into_iter().filter(|row| row.0 == name).collect();
        let results: Vec<&str> = rows.iter().map(|row| &*row.1).collect();
        assert_eq!(results, ["failure", "started", "success", "started", "denied"], "{rows:?}");
        assert!(rows.iter().all(|row| !row.2.contains(PASSWORD)), "{rows:?}");
    }
    // Whose permission it would have been, or what would have been revoked.
    let body = json!({"user-id": ada, "scope": {"type": "tenant"}, "actions": ["all"]});
    host.post("/api/v1/permissions", &user, body).await.expect(403);
    assert_eq!(told(&host, &admin, "grant_permission").await[0].0, ada);
    host.post("/api/v1/revocations", &user, json!({"table": "lake.sales.orders"})).await.expect(403);
    assert_eq!(told(&host, &admin, "revoke_table").await[0].0, "lake.sales.orders");
    host.post("/api/v1/tokens", &user, json!({"username": "acme_admin"})).await.expect(403);
    assert_eq!(told(&host, &admin, "create_token").await[0].0, "acme_admin");
    let role = host.get("/api/v1/roles", &admin).await.body[0]["id"].clone();
    host.post(&format!("/api/v1/users/{ada}/roles"), &user, json!({"role-id": role})).await.expect(403);
    let row = host.get("/api/v1/audit?action=assign_role", &admin).await.body[0].clone();
    assert_eq!((&row["resource_id"], &row["metadata"]["role_id"]), (&json!(ada), &role));
}

#[tokio::test]
async fn a_row_names_no_more_than_what_was_read() {
    let host = host().await;
    let (own, admin) = host.tenant("acme").await;
    let (_, user) = host.user(&own, &admin, "ada").await;
    let planted = "pw-that-nobody-may-read";
    let bodies = [
        json!({"username": {"password": planted}, "password": planted, "role": "tenant-user"}),
        json!({"username": "x", "password": planted, "role": "tenant-user", planted: planted}),
        json!([planted]),
        json!(planted),
    ];
    for body in bodies {
        host.post("/api/v1/users", &user, body).await.expect(403);
        assert_eq!(told(&host, &admin, "create_user").await[0].0, "");
    }
    let long = "n".repeat(100_000);
    host.post("/api/v1/roles", &user, json!({ "name": long })).await.expect(403);
    assert_eq!(told(&host, &admin, "create_role").await[0].0.len(), 512);
    host.delete(&format!("/api/v1/roles/{}", &long[..2_000]), &user).await.expect(403);
    assert_eq!(told(&host, &admin, "delete_role").await[0].0.len(), 512);
    let rows = host.get("/api/v1/audit?limit=1000", &admin).await.expect(200);
    assert!(!rows.text.contains(planted) && !rows.text.contains(&long[..513]));
}
