//! Search: what the caller may list, in pages that end.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Host, host};

/// Two catalogs; `orders` in both, nested namespaces in the first.
async fn scene() -> (Host, String, String) {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    for catalog in ["lake", "vault"] {
        host.local_catalog(&admin, catalog).await;
        for namespace in [json!(["sales"]), json!(["sales", "eu_orders"]), json!(["hr"])] {
            let body = json!({"namespace": namespace, "properties": {"comment": "of 2026"}});
            host.post(&format!("/v1/{catalog}/namespaces"), &admin, body).await.expect(200);
        }
        for (namespace, name) in [("sales", "Orders"), ("sales%1Feu_orders", "orders%25"), ("hr", "pay")] {
            let name = name.replace("%25", "%");
            let schema = json!({"type": "struct", "schema-id": 0, "fields": []});
            let path = format!("/v1/{catalog}/namespaces/{namespace}/tables");
            host.post(&path, &admin, json!({"name": name, "schema": schema})).await.expect(200);
        }
    }
    (host, tenant, admin)
}

async fn found(host: &Host, token: &str, query: &str) -> Vec<String> {
    let reply = host.get(&format!("/api/v1/search?{query}"), token).await.expect(200);
    assert!(reply.body.get("next_page_token").is_none(), "{}", reply.text);
    names(&reply.body)
}

fn names(body: &Value) -> Vec<String> {
    let name = |one: &Value| {
        let context = one["context"].as_str().map(|context| format!("{context}.")).unwrap_or_default();
        format!("{} {context}{}", one["kind"].as_str().unwrap(), one["name"].as_str().unwrap())
    };
    body["results"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn names_are_found_in_any_case_and_wildcards_mean_themselves() {
    let (host, _, admin) = scene().await;
    let orders = [
        "Namespace lake.sales.eu_orders",
        "Namespace vault.sales.eu_orders",
        "Asset lake.sales.Orders",
        "Asset lake.sales.eu_orders.orders%",
        "Asset vault.sales.Orders",
        "Asset vault.sales.eu_orders.orders%",
    ];
    assert_eq!(found(&host, &admin, "q=ORDERS").await, orders);
    assert_eq!(found(&host, &admin, "q=lake").await, ["Catalog lake"]);
    assert_eq!(found(&host, &admin, "q=%25").await, [orders[3], orders[5]]);
    assert_eq!(found(&host, &admin, "q=_").await, orders[..2]);
    assert_eq!(found(&host, &admin, "q=sales.ord").await, [orders[2], orders[4]]);
    assert_eq!(found(&host, &admin, "q=nothing+of+that+kind").await, Vec::<String>::new());
    let shown = host.get("/api/v1/search?q=eu_orders", &admin).await.expect(200).body;
    assert_eq!(shown["results"][0]["description"], "of 2026");
}

#[tokio::test]
async fn only_what_may_be_listed_is_found() {
    let (host, tenant, admin) = scene().await;
    let (ada, token) = host.user(&tenant, &admin, "ada").await;
    assert_eq!(found(&host, &token, "q=a").await, Vec::<String>::new());
    let lake = host.get("/api/v1/catalogs/lake", &admin).await.expect(200).text("id");
    let scope = json!({"type": "namespace", "catalog_id": lake, "namespace": "sales.eu_orders"});
    let grant = json!({"user-id": ada, "scope": scope, "actions": ["list"]});
    host.post("/api/v1/permissions", &admin, grant).await.expect(201);
    // The way to it is seen, as in the lists; what stands beside the way is not.
    assert_eq!(found(&host, &token, "q=la").await, ["Catalog lake"]);
    assert_eq!(found(&host, &token, "q=sales").await, ["Namespace lake.sales"]);
    let inside = ["Namespace lake.sales.eu_orders", "Asset lake.sales.eu_orders.orders%"];
    assert_eq!(found(&host, &token, "q=orders").await, inside);
    let shown = host.get("/api/v1/search?q=eu_orders", &token).await.expect(200).body;
    assert_eq!(shown["results"][0]["description"], Value::Null, "to list is not to read");

    let (other, other_admin) = host.tenant("other").await;
    assert_eq!(found(&host, &other_admin, "q=orders").await, Vec::<String>::new());
    let (_, stranger) = host.user(&other, &other_admin, "eve").await;
    assert_eq!(found(&host, &stranger, "q=orders").await, Vec::<String>::new());
}

#[tokio::test]
async fn discovery_finds_and_opens_nothing() {
    let (host, tenant, admin) = scene().await;
    let (ada, token) = host.user(&tenant, &admin, "ada").await;
    let roles = host.get("/api/v1/roles", &admin).await.expect(200).body;
    let discovery = roles.as_array().unwrap().iter().find(|role| role["name"] == "Discovery").unwrap();
    let body = json!({"role-id": discovery["id"]});
    host.post(&format!("/api/v1/users/{ada}/roles"), &admin, body).await.expect(201);
    assert_eq!(found(&host, &token, "q=pay").await, ["Asset lake.hr.pay", "Asset vault.hr.pay"]);
    let table = "/v1/lake/namespaces/hr/tables/pay";
    for (method, path) in
        [("GET", table.to_owned()), ("GET", format!("{table}/credentials")), ("POST", format!("{table}/credentials"))]
    {
        let reply = host.send(method.parse().unwrap(), &path, &token, None).await.expect(403);
        assert_eq!(reply.body["error"]["reason"], "missing-right", "{}", reply.text);
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended_and_tell_nothing_of_what_is_hidden() {
    let (host, tenant, admin) = scene().await;
    let whole = found(&host, &admin, "q=r&limit=1000").await;
    for limit in 1..=whole.len() {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/search?q=r&limit={limit}&page_token={token}");
            let page = host.get(&path, &admin).await.expect(200).body;
            assert!(names(&page).len() <= limit);
            seen.extend(names(&page));
            match page["next_page_token"].as_str() {
                Some(next) => token = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, whole, "limit {limit}");
    }
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len());

    let first = host.get("/api/v1/search?q=r&limit=1", &admin).await.expect(200);
    let cursor = first.text("next_page_token");
    let (_, ada) = host.user(&tenant, &admin, "ada").await;
    for (token, cursor) in [(&ada, cursor.as_str()), (&admin, "x"), (&admin, &cursor[1..])] {
        let refused = host.get(&format!("/api/v1/search?q=r&page_token={cursor}"), token).await.expect(400);
        assert_eq!(refused.body["errors"][0]["field"], "page_token");
    }
}

#[tokio::test]
async fn what_a_search_is_not() {
    let (host, _, admin) = scene().await;
    for query in ["", "q=", "q=%20", "q=x&limit=0", "q=x&limit=1001", "q=x&limit=many", "q=x&offset=5", "q=x&q=y"] {
        let reply = host.get(&format!("/api/v1/search?{query}"), &admin).await.expect(400);
        assert_eq!(reply.body["code"], "bad-request", "{query}: {}", reply.text);
    }
    host.get("/api/v1/search?q=x", "").await.expect(401);
    let root = host.root().await;
    host.get("/api/v1/search?q=x", &root).await.expect(403);
    let denied = host.get("/api/v1/audit?action=search&result=denied", &root).await.expect(200);
    assert_eq!(denied.body[0]["username"], "super_admin", "{}", denied.text);
}
