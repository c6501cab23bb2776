//! What must not open anything.

use axum_core::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use super::{ACCESS_TOKEN, EXCHANGE, PATH, ask, basic, bearer, claims, exchange, fetch, form, give, refused, token};
use crate::service_users::service_user;
use crate::support::{Host, PASSWORD, Reply, host, host_with};

async fn raw(host: &Host, content_type: &str, body: impl Into<Body>) -> Reply {
    let request = Request::builder().method(Method::POST).uri(PATH).header(header::CONTENT_TYPE, content_type);
    host.raw(request.body(body.into()).unwrap()).await
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Nobody is throttled.
async fn open_host() -> Host {
    host_with(&[("PANGOLIN_AUTH_RATE_LIMIT", "1000")]).await
}

#[tokio::test]
async fn every_client_that_is_not_let_in_hears_the_same() {
    let host = open_host().await;
    let (_, admin) = host.tenant("acme").await;
    let (_, foreign) = host.tenant("other").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let (theirs, their_key) = service_user(&host, &foreign, "etl", "tenant-user").await;
    let (gone, deleted) = service_user(&host, &admin, "gone", "tenant-user").await;
    host.delete(&format!("/api/v1/service-users/{gone}"), &admin).await.expect(200);
    let (idle, inactive) = service_user(&host, &admin, "idle", "tenant-user").await;
    host.put(&format!("/api/v1/service-users/{idle}"), &admin, json!({"active": false})).await.expect(200);
    let (turned, rotated) = service_user(&host, &admin, "turned", "tenant-user").await;
    host.send(Method::POST, &format!("/api/v1/service-users/{turned}/rotate"), &admin, None).await.expect(200);
    let person = host.get("/api/v1/users/me", &admin).await.text("id");
    let unknown = format!("pgl_{}", "0".repeat(64));
    let mut texts = Vec::new();
    for (id, key) in [
        (&*id, &*unknown),
        (&id, "wrong"),
        ("00000000-0000-7000-8000-000000000000", &unknown),
        ("00000000-0000-7000-8000-000000000000", &key),
        ("not a uuid", &key),
        (&theirs, &key),
        (&id, &their_key),
        (&person, &key),
        (&person, PASSWORD),
        (&gone, &deleted),
        (&idle, &inactive),
        (&turned, &rotated),
        (&key, &id),
    ] {
        let reply = refused(fetch(&host, id, key, "").await, 401, "invalid_client");
        assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Basic realm=\"pangolin\"");
        texts.push(reply.text);
        let pairs = [("grant_type", "client_credentials")];
        texts.push(refused(ask(&host, PATH, &basic(id, key), &pairs).await, 401, "invalid_client").text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    refused(ask(&host, PATH, "", &[("grant_type", "client_credentials")]).await, 401, "invalid_client");
    let by_bearer = [("grant_type", "client_credentials")];
    refused(ask(&host, PATH, &bearer(&admin), &by_bearer).await, 401, "invalid_client");
    fetch(&host, &id, &key, "").await.expect(200);
    // Swapped id and key: the key is not in the trail of anybody.
    let root = host.root().await;
    assert!(!host.get("/api/v1/audit?limit=1000", &root).await.expect(200).text.contains(&key));
}

#[tokio::test]
async fn failures_close_a_client_and_a_source_but_not_to_the_right_key() {
    let host = host().await;
    let (tenant, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let wrong = format!("pgl_{}", "0".repeat(64));
    for _ in 0..10 {
        refused(fetch(&host, &id, &wrong, "").await, 401, "invalid_client");
    }
    let reply = refused(fetch(&host, &id, &wrong, "").await, 429, "temporarily_unavailable");
    assert!(reply.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() <= 60);
    refused(ask(&host, PATH, "Bearer a.b.c", &[("grant_type", EXCHANGE)]).await, 429, "temporarily_unavailable");
    fetch(&host, &id, &key, "").await.expect(200);
    host.login(Some(&tenant), "acme_admin", PASSWORD).await;
    let rows = host.get("/api/v1/audit?action=issue_token&result=denied&limit=1000", &admin).await.expect(200);
    let rows = rows.body.as_array().unwrap();
    assert_eq!(rows.len(), 10, "the trail is not filled from outside");
    assert!(rows.iter().all(|row| row["resource_name"] == "etl"), "{rows:?}");
}

#[tokio::test]
async fn scopes_open_no_role_that_is_not_held() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (_, foreign) = host.tenant("other").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-admin").await;
    give(&host, &admin, &id, "Reader").await;
    let theirs = host.get("/api/v1/roles", &foreign).await.expect(200).body[0]["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "Secret", "tenant-id": claims(&foreign)["tenant_id"]});
    host.post("/api/v1/roles", &foreign, body).await.expect(201);
    let mut texts = Vec::new();
    for scope in
        ["PRINCIPAL_ROLE:Writer", "PRINCIPAL_ROLE:Nobody", "PRINCIPAL_ROLE:Secret", &format!("PRINCIPAL_ROLE:{theirs}")]
    {
        texts.push(refused(fetch(&host, &id, &key, scope).await, 400, "invalid_scope").text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "a role of another tenant sounds as one that never was: {texts:?}");
    for scope in ["root", "tenant-admin", "PRINCIPAL_ROLE:", "PRINCIPAL_ROLE:Reader admin"] {
        refused(fetch(&host, &id, &key, scope).await, 400, "invalid_scope");
    }
}

#[tokio::test]
async fn only_ones_own_standing_token_is_exchanged() {
    let host = open_host().await;
    let (tenant, admin) = host.tenant("acme").await;
    host.user(&tenant, &admin, "ada").await;
    let ada = host.login(Some(&tenant), "ada", PASSWORD).await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let (other, other_key) = service_user(&host, &admin, "other", "tenant-user").await;
    let mine = token(&host, &id, &key, "").await;
    let theirs = token(&host, &other, &other_key, "").await;
    let mut texts = Vec::new();
    for (authorization, subject) in [
        (bearer(&mine), &*theirs),
        (bearer(&mine), &admin),
        (bearer(&ada), &mine),
        (basic(&id, &key), &theirs),
        (basic(&id, &key), &ada),
        (basic(&id, &key), "a.b.c"),
        (basic(&id, &key), &key),
        (bearer(&mine), "garbage"),
    ] {
        texts.push(refused(exchange(&host, &authorization, subject, "").await, 400, "invalid_request").text);
    }
    let revoked = token(&host, &id, &key, "").await;
    host.send(Method::POST, "/api/v1/auth/revoke", &revoked, None).await.expect(200);
    for authorization in [bearer(&mine), basic(&id, &key)] {
        texts.push(refused(exchange(&host, &authorization, &revoked, "").await, 400, "invalid_request").text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    for nobody in
        [String::new(), bearer(&revoked), bearer("a.b.c"), basic(&id, "wrong"), basic(&other, &key), "Digest x".into()]
    {
        refused(exchange(&host, &nobody, &mine, "").await, 401, "invalid_client");
    }
    let reply = exchange(&host, &bearer(&revoked), &revoked, "").await;
    assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
    exchange(&host, &bearer(&mine), &mine, "").await.expect(200);
}

#[tokio::test]
async fn nobody_acts_for_somebody_else_and_only_our_tokens_are_exchanged() {
    let host = host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let mine = token(&host, &id, &key, "").await;
    let needed = [("grant_type", EXCHANGE), ("subject_token", &*mine), ("subject_token_type", ACCESS_TOKEN)];
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let with = |more: &[(&'static str, String)]| {
        let mut pairs: Vec<(String, String)> = needed.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        pairs.extend(more.iter().map(|(n, v)| ((*n).to_owned(), v.clone())));
        let host = host.clone();
        let mine = mine.clone();
        async move {
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
            ask(&host, PATH, &bearer(&mine), &pairs).await
        }
    };
    with(&[("requested_token_type", jwt.to_owned())]).await.expect(200);
    for more in [
        vec![("actor_token", mine.clone()), ("actor_token_type", ACCESS_TOKEN.to_owned())],
        vec![("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token".to_owned())],
        vec![("subject_token", mine.clone())],
    ] {
        refused(with(&more).await, 400, "invalid_request");
    }
    for kind in ["urn:ietf:params:oauth:token-type:saml2", "urn:ietf:params:oauth:token-type:id_token", "jwt"] {
        let pairs = [("grant_type", EXCHANGE), ("subject_token", &*mine), ("subject_token_type", kind)];
        refused(ask(&host, PATH, &bearer(&mine), &pairs).await, 400, "invalid_request");
    }
    refused(ask(&host, PATH, &bearer(&mine), &needed[..2]).await, 400, "invalid_request");
    refused(ask(&host, PATH, &bearer(&mine), &needed[..1]).await, 400, "invalid_request");
}

#[tokio::test]
async fn malformed_requests_are_refused_in_the_form_of_the_protocol() {
    let host = open_host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    let good = form(&[("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &key)]);
    raw(&host, FORM, good.clone()).await.expect(200);
    for twice in ["grant_type=client_credentials", &format!("client_id={id}"), "client_secret=x", "scope=a&scope=b"] {
        refused(raw(&host, FORM, format!("{good}&{twice}")).await, 400, "invalid_request");
    }
    for content_type in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        refused(raw(&host, content_type, good.clone()).await, 400, "invalid_request");
    }
    let pairs = [("grant_type", "client_credentials"), ("client_secret", &*key)];
    refused(ask(&host, PATH, &basic(&id, &key), &pairs).await, 400, "invalid_request");
    let bomb: String = (0..5_000).map(|at| format!("&p{at}=1")).collect();
    refused(raw(&host, FORM, format!("{good}{bomb}")).await, 400, "invalid_request");
    refused(raw(&host, FORM, format!("{good}&x={}", "a".repeat(100_000))).await, 413, "invalid_request");
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    refused(raw(&host, "application/json", deep).await, 400, "invalid_request");
    for body in ["", "grant_type", "&&&", "%00=%ff", "{}", "[]", "null"] {
        let reply = raw(&host, FORM, body).await;
        refused(reply, 400, "invalid_request");
    }
    for kind in ["password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS", "client_credentials "] {
        refused(raw(&host, FORM, form(&[("grant_type", kind)])).await, 400, "unsupported_grant_type");
    }
    // A secret in the query is not read.
    let request = Request::builder().method(Method::POST).uri(format!("{PATH}?{good}")).body(Body::empty()).unwrap();
    refused(host.raw(request).await, 400, "invalid_request");
    host.get(PATH, "").await.expect(405);
}

#[tokio::test]
async fn a_token_that_is_revoked_while_it_is_exchanged_leaves_no_other() {
    let host = open_host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, key) = service_user(&host, &admin, "etl", "tenant-user").await;
    for _ in 0..5 {
        let first = token(&host, &id, &key, "").await;
        let authorization = bearer(&first);
        let exchanges = futures::future::join_all((0..6).map(|_| exchange(&host, &authorization, &first, "")));
        let revoke = host.send(Method::POST, "/api/v1/auth/revoke", &first, None);
        let (replies, revoked) = futures::future::join(exchanges, revoke).await;
        revoked.expect(200);
        for reply in replies.into_iter().filter(|reply| reply.status == 200) {
            host.get("/api/v1/users/me", &reply.text("access_token")).await.expect(401);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_rotated_while_it_is_used_leaves_no_token() {
    let host = open_host().await;
    let (_, admin) = host.tenant("acme").await;
    let (id, mut key) = service_user(&host, &admin, "etl", "tenant-user").await;
    for _ in 0..5 {
        let fetches = futures::future::join_all((0..6).map(|_| fetch(&host, &id, &key, "")));
        let path = format!("/api/v1/service-users/{id}/rotate");
        let rotate = host.send(Method::POST, &path, &admin, None);
        let (replies, rotated) = futures::future::join(fetches, rotate).await;
        for reply in replies.into_iter().filter(|reply| reply.status == 200) {
            host.get("/api/v1/users/me", &reply.text("access_token")).await.expect(401);
        }
        key = rotated.expect(200).text("api_key");
    }
}
