//! What a narrowed token sees and ends of its holder's tokens, and what it cannot do to the holder.

use http::Method;
use serde_json::{Value, json};

use super::{bearer, claims, exchange, give, token};
use crate::service_users::service_user;
use crate::support::{Host, PASSWORD, host};

const MINE: &str = "/api/v1/users/me/tokens";

fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}

/// The tokens that a token sees, sorted.
async fn seen(host: &Host, path: &str, token: &str) -> Vec<String> {
    let listed = host.get(path, token).await.expect(200).body;
    let mut ids: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(tokens: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = tokens.iter().map(|token| jti(token)).collect();
    ids.sort();
    ids
}

async fn stands(host: &Host, token: &str) -> bool {
    host.get("/api/v1/users/me", token).await.status == 200
}

#[tokio::test]
async fn it_sees_itself_and_what_came_of_it() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-admin").await;
    give(&host, &admin, &id, "Reader").await;
    let whole = token(&host, &id, &key, "").await;
    let one = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await;
    let other = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await;
    let child = exchange(&host, &bearer(&one), &one, "").await.expect(200).text("access_token");
    for path in [MINE.to_owned(), format!("/api/v1/users/{id}/tokens")] {
        assert_eq!(seen(&host, &path, &one).await, sorted(&[&one, &child]), "{path}");
        assert_eq!(seen(&host, &path, &child).await, sorted(&[&one, &child]), "{path}");
        assert_eq!(seen(&host, &path, &other).await, sorted(&[&other]), "{path}");
        assert_eq!(seen(&host, &path, &whole).await, sorted(&[&whole, &one, &other, &child]), "{path}");
    }
    let rotated = host.send(Method::POST, "/api/v1/tokens/rotate", &one, None).await.expect(200).text("token");
    assert_eq!(seen(&host, MINE, &rotated).await, sorted(&[&one, &child, &rotated]));
    assert!(stands(&host, &other).await && stands(&host, &whole).await);
}

#[tokio::test]
async fn it_ends_itself_and_what_came_of_it() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-admin").await;
    give(&host, &admin, &id, "Reader").await;
    let narrow = |scope: &'static str| token(&host, &id, &key, scope);
    let (whole, other) = (narrow("").await, narrow("PRINCIPAL_ROLE:Reader").await);
    let never = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000".to_owned();
    for way in ["DELETE", "POST"] {
        let one = narrow("PRINCIPAL_ROLE:Reader").await;
        let child = exchange(&host, &bearer(&one), &one, "").await.expect(200).text("access_token");
        let ask = |jti: String| {
            let (host, one) = (host.clone(), one.clone());
            async move {
                match way {
                    "DELETE" => host.delete(&format!("/api/v1/tokens/{jti}"), &one).await,
                    _ => host.send(Method::POST, &format!("/api/v1/auth/revoke/{jti}"), &one, None).await,
                }
            }
        };
        // Its holder's others are as those of others, and as those that never were.
        let refused = ask(never.clone()).await.expect(403).text;
        for others in [&whole, &other, &admin] {
            assert_eq!(ask(jti(others)).await.expect(403).text, refused);
            assert!(stands(&host, others).await);
        }
        assert!(ask(jti(&child)).await.status.is_success());
        assert!(!stands(&host, &child).await && !stands(&host, &one).await, "a chain ends as a whole");
    }
    let one = narrow("PRINCIPAL_ROLE:Reader").await;
    host.send(Method::POST, "/api/v1/users/logout", &one, None).await.expect(204);
    assert!(!stands(&host, &one).await && stands(&host, &other).await && stands(&host, &whole).await);
    // A token that is not narrowed ends them all.
    host.delete(&format!("/api/v1/tokens/{}", jti(&other)), &whole).await.expect(204);
    assert!(!stands(&host, &other).await);
}

#[tokio::test]
async fn the_caller_is_told_that_the_token_is_narrowed() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-admin").await;
    let reader = give(&host, &admin, &id, "Reader").await;
    let writer = give(&host, &admin, &id, "Writer").await;
    let me = |token: String| {
        let host = host.clone();
        async move { host.get("/api/v1/users/me", &token).await.expect(200).body }
    };
    for whole in [token(&host, &id, &key, "").await, token(&host, &id, &key, "PRINCIPAL_ROLE:ALL").await] {
        let told = me(whole).await;
        assert_eq!((told.get("roles"), &told["role"]), (None, &json!("tenant-admin")));
    }
    let one = token(&host, &id, &key, "PRINCIPAL_ROLE:Reader").await;
    let told = me(one.clone()).await;
    assert_eq!((&told["roles"], &told["role"]), (&json!([{"id": reader, "name": "Reader"}]), &json!("tenant-user")));
    assert_eq!(host.get(&format!("/api/v1/users/{id}"), &one).await.expect(200).body, told);
    let both = me(token(&host, &id, &key, "PRINCIPAL_ROLE:Writer PRINCIPAL_ROLE:Reader").await).await;
    let names: Vec<&Value> = both["roles"].as_array().unwrap().iter().map(|role| &role["name"]).collect();
    assert_eq!((names, &both["roles"][1]["id"]), (vec![&json!("Reader"), &json!("Writer")], &json!(writer)));
    // A role that is taken away is not told any more.
    host.delete(&format!("/api/v1/users/{id}/roles/{reader}"), &admin).await.expect(204);
    assert_eq!(me(one).await["roles"], json!([]));
    let shown = host.get(&format!("/api/v1/service-users/{id}"), &admin).await.expect(200);
    assert!(shown.body.get("roles").is_none(), "how an account is shown to others");
}

#[tokio::test]
async fn it_changes_no_password_and_makes_no_key() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let me = host.get("/api/v1/users/me", &admin).await.text("id");
    give(&host, &admin, &me, "Reader").await;
    let login = host.login(Some(&tenant), "acme_admin", PASSWORD).await;
    let reader = exchange(&host, &bearer(&login), &login, "PRINCIPAL_ROLE:Reader").await.expect(200);
    let reader = reader.text("access_token");
    // It knows the password and still may not.
    let body = json!({"current_password": PASSWORD, "new_password": "another password"});
    host.put("/api/v1/users/me/password", &reader, body).await.expect(403);
    host.put(&format!("/api/v1/users/{me}"), &reader, json!({"password": "another password"})).await.expect(403);
    host.put(&format!("/api/v1/users/{me}"), &reader, json!({"email": "eve@example.com"})).await.expect(403);
    let (robot, _) = service_user(&host, &admin, "etl", "tenant-user").await;
    host.post(&format!("/api/v1/service-users/{robot}/rotate"), &reader, json!({})).await.expect(403);
    host.post("/api/v1/service-users", &reader, json!({"name": "mine"})).await.expect(403);
    host.post("/api/v1/tokens", &reader, json!({})).await.expect(403);
    host.login(Some(&tenant), "acme_admin", PASSWORD).await;
    let denied = host.get("/api/v1/audit?result=denied&action=change_password", &admin).await.expect(200);
    assert_eq!(denied.body[0]["resource_name"], "acme_admin");
}
