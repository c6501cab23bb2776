//! What Iceberg's Java client, PyIceberg, DuckDB and curl send.

use axum_core::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use super::{ACCESS_TOKEN, EXCHANGE, PATH, ask, basic, bearer, claims, exchange, fetch, give, token};
use crate::service_users::service_user;
use crate::support::{PASSWORD, host, host_with};

#[tokio::test]
async fn id_and_key_in_the_form_give_a_token_under_every_path() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    for path in [PATH, "/v1/lake/oauth/tokens", "/v1/lake/v1/oauth/tokens", "/v1/no-such-catalog/oauth/tokens"] {
        let pairs =
            [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &key), ("scope", "catalog")];
        let reply = ask(&host, path, "", &pairs).await.expect(200);
        assert_eq!((reply.text("token_type"), reply.text("issued_token_type")), ("bearer".into(), ACCESS_TOKEN.into()));
        assert_eq!((reply.body["expires_in"].as_i64(), reply.text("scope")), (Some(3600), "catalog".into()));
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(reply.headers[header::PRAGMA], "no-cache");
        let token = reply.text("access_token");
        let claims = claims(&token);
        assert_eq!(
            (&claims["sub"], &claims["tenant_id"], &claims["role"]),
            (&json!(id), &json!(tenant), &json!("tenant-user"))
        );
        let me = host.get("/api/v1/users/me", &token).await.expect(200);
        assert_eq!(me.text("username"), "etl");
    }
}

#[tokio::test]
async fn the_life_of_a_token_is_set_and_ends_with_its_service_user() {
    let host = host_with(&[("PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS", "600000")]).await;
    let (_, admin) = host.tenant("acme").await;
    let body = json!({"name": "brief", "expires_in_days": 1});
    let made = host.post("/api/v1/service-users", &admin, body).await.expect(201);
    let life = fetch(&host, &made.text("id"), &made.text("api_key"), "").await.expect(200).body["expires_in"].as_i64();
    assert!((86_390..=86_400).contains(&life.unwrap()), "{life:?}");
    let (id, key) = service_user(&host, &admin, "lasting", "tenant-user").await;
    assert_eq!(fetch(&host, &id, &key, "").await.expect(200).body["expires_in"], 600_000);
}

/// `OAuth2Util.fetchToken`, also with the token of a parent session beside it; the S3 signer asks
/// for its own scope; `refreshToken` shows the token as Bearer; `refreshExpiredToken` shows id and
/// key by Basic, and nothing is percent-encoded.
#[tokio::test]
async fn as_icebergs_java_client_asks() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "spark", "tenant-user").await;
    let credentials =
        [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &key), ("scope", "catalog")];
    let first = ask(&host, PATH, "", &credentials).await.expect(200).text("access_token");
    for parent in [&first, "an.ended.token"] {
        ask(&host, PATH, &bearer(parent), &credentials).await.expect(200);
    }
    let signer = [credentials[0], credentials[1], credentials[2], ("scope", "sign")];
    assert_eq!(ask(&host, PATH, "", &signer).await.expect(200).text("scope"), "sign");
    let keyed = [("grant_type", "client_credentials"), ("client_secret", &*key), ("scope", "catalog")];
    ask(&host, PATH, "", &keyed).await.expect(200);

    let refresh = [
        ("grant_type", EXCHANGE),
        ("scope", "catalog"),
        ("subject_token", &first),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", "pangolin"),
    ];
    let second = ask(&host, PATH, &bearer(&first), &refresh).await.expect(200);
    assert_eq!((second.text("token_type"), second.text("issued_token_type")), ("bearer".into(), ACCESS_TOKEN.into()));
    host.get("/api/v1/users/me", &second.text("access_token")).await.expect(200);
    host.get("/api/v1/users/me", &first).await.expect(200);
    let third = ask(&host, PATH, &basic(&id, &key), &refresh).await.expect(200).text("access_token");
    host.get("/api/v1/users/me", &third).await.expect(200);
}

#[tokio::test]
async fn as_duckdb_and_curl_ask() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "duck", "tenant-user").await;
    let pairs = [("grant_type", "client_credentials"), ("scope", "PRINCIPAL_ROLE:ALL")];
    let reply = ask(&host, PATH, &basic(&id, &key), &pairs).await.expect(200);
    assert_eq!(reply.text("scope"), "PRINCIPAL_ROLE:ALL");
    // `curl -d '{…}'` calls it a form, and other programs say nothing or anything.
    let body = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": key}).to_string();
    for content_type in [Some("application/x-www-form-urlencoded"), Some("application/json"), Some("text/plain"), None]
    {
        let mut request = Request::builder().method(Method::POST).uri(PATH);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        host.raw(request.body(Body::from(body.clone())).unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn people_exchange_their_tokens_as_well() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    host.user(&tenant, &admin, "ada").await;
    let login = host.login(Some(&tenant), "ada", PASSWORD).await;
    let reply = exchange(&host, &bearer(&login), &login, "").await.expect(200);
    assert_eq!(reply.body["expires_in"], 3600);
    let me = host.get("/api/v1/users/me", &reply.text("access_token")).await.expect(200);
    assert_eq!(me.text("username"), "ada");
    // One of the same user's tokens is as good as the token itself.
    let other = host.login(Some(&tenant), "ada", PASSWORD).await;
    exchange(&host, &bearer(&other), &login, "").await.expect(200);
    let root = host.root().await;
    let same = exchange(&host, &bearer(&root), &root, "").await.expect(200).text("access_token");
    assert_eq!(claims(&same)["role"], "root");
}

#[tokio::test]
async fn a_chain_ends_as_a_whole_and_a_rotated_token_begins_a_new_one() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let next = |token: String| {
        let host = host.clone();
        async move { exchange(&host, &bearer(&token), &token, "").await.expect(200).text("access_token") }
    };
    let stands = |token: String| {
        let host = host.clone();
        async move { host.get("/api/v1/users/me", &token).await.status == 200 }
    };
    for end in ["revoke", "logout", "administrator"] {
        let apart = token(&host, &id, &key, "").await;
        let first = token(&host, &id, &key, "").await;
        let second = next(first.clone()).await;
        let third = next(second.clone()).await;
        match end {
            "revoke" => host.send(Method::POST, "/api/v1/auth/revoke", &second, None).await.expect(200),
            "logout" => host.send(Method::POST, "/api/v1/users/logout", &third, None).await.expect(204),
            _ => {
                let jti = claims(&first)["jti"].as_str().unwrap().to_owned();
                host.delete(&format!("/api/v1/tokens/{jti}"), &admin).await.expect(204)
            }
        };
        for ended in [first, second, third] {
            assert!(!stands(ended).await, "{end}");
        }
        assert!(stands(apart).await, "{end}");
    }
    let first = token(&host, &id, &key, "").await;
    let second = next(first.clone()).await;
    let rotated = host.send(Method::POST, "/api/v1/tokens/rotate", &second, None).await.expect(200).text("token");
    assert!(!stands(first).await && !stands(second).await);
    assert!(stands(rotated.clone()).await);
    assert!(stands(next(rotated).await).await);
}

#[tokio::test]
async fn tokens_end_with_the_key_that_they_came_of() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    give(&host, &admin, &id, "Reader").await;
    let old = token(&host, &id, &key, "").await;
    let path = format!("/api/v1/service-users/{id}/rotate");
    let second = host.post(&path, &admin, json!({"grace_seconds": 600})).await.expect(200).text("api_key");
    host.get("/api/v1/users/me", &old).await.expect(200);
    let late = fetch(&host, &id, &key, "").await.expect(200);
    assert!(late.body["expires_in"].as_i64().unwrap() <= 600, "no longer than its key");
    let fresh = token(&host, &id, &second, "").await;
    let third = host.send(Method::POST, &path, &admin, None).await.expect(200).text("api_key");
    for ended in [old, late.text("access_token"), fresh] {
        host.get("/api/v1/users/me", &ended).await.expect(401);
    }
    let fresh = token(&host, &id, &third, "").await;
    host.put(&format!("/api/v1/service-users/{id}"), &admin, json!({"active": false})).await.expect(200);
    host.get("/api/v1/users/me", &fresh).await.expect(401);
    host.put(&format!("/api/v1/service-users/{id}"), &admin, json!({"active": true})).await.expect(200);
    host.get("/api/v1/users/me", &fresh).await.expect(401);
    let last = token(&host, &id, &third, "").await;
    host.delete(&format!("/api/v1/service-users/{id}"), &admin).await.expect(200);
    host.get("/api/v1/users/me", &last).await.expect(401);
}
