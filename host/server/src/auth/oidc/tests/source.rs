use std::sync::Arc;

use pangolin_core::egress::EgressPolicy;
use pangolin_egress::{EgressClient, EgressError};
use serde_json::{Value, json};

use super::super::source::{NoAnswer, Source};
use super::issuer::{Answers, RSA};
use super::{ISSUER, settings};
use crate::config::IssuerSettings;

async fn fetched(discovery: Value) -> Result<usize, NoAnswer> {
    let answers = Answers::new(&[RSA.jwk(json!({"kid": "k"}))]);
    *answers.discovery.lock().unwrap() = discovery;
    Source::new(answers.client(), &settings()).keys().await.map(|fetched| fetched.keys.names().len())
}

#[tokio::test]
async fn the_keys_are_where_the_discovery_document_says() {
    let answers = Answers::new(&[RSA.jwk(json!({"kid": "k"}))]);
    let fetched = Source::new(answers.client(), &settings()).keys().await.unwrap();
    assert_eq!(fetched.keys.names(), [Some("k")]);
    let urls = answers.urls.lock().unwrap().clone();
    assert_eq!(urls, [&format!("{ISSUER}/.well-known/openid-configuration"), "https://keys.example/jwks?v=1"]);
}

#[tokio::test]
async fn a_slash_at_the_end_of_an_issuer_is_not_doubled() {
    let answers = Answers::new(&[]);
    let issuer = format!("{ISSUER}/");
    *answers.discovery.lock().unwrap() = json!({"issuer": issuer, "jwks_uri": "https://keys.example/"});
    Source::new(answers.client(), &IssuerSettings { issuer, ..settings() }).keys().await.unwrap();
    assert_eq!(answers.urls.lock().unwrap()[0], format!("{ISSUER}/.well-known/openid-configuration"));
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_counts_for_nothing() {
    for issuer in ["https://evil.example", "https://sso.example/realms/a/", "https://sso.example/realms/A", ""] {
        let found = fetched(json!({"issuer": issuer, "jwks_uri": "https://keys.example/"})).await;
        assert_eq!(found, Err(NoAnswer::OtherIssuer), "{issuer}");
    }
    for document in [json!({}), json!([]), json!({"issuer": ISSUER}), json!({"issuer": ISSUER, "jwks_uri": 1})] {
        assert_eq!(fetched(document.clone()).await, Err(NoAnswer::Discovery), "{document}");
    }
}

#[tokio::test]
async fn an_issuer_leads_the_host_nowhere_else() {
    for url in [
        "http://keys.example/",
        "https://127.0.0.1/keys",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://localhost/",
        "https://user@keys.example/",
        "file:///etc/passwd",
        "keys",
        "",
    ] {
        let found = fetched(json!({"issuer": ISSUER, "jwks_uri": url})).await;
        assert!(matches!(found, Err(NoAnswer::KeysUrl(_))), "{url}: {found:?}");
    }
    // Where connections in clear are allowed, TLS is not given up half-way.
    let answers = Answers::new(&[]);
    *answers.discovery.lock().unwrap() = json!({"issuer": ISSUER, "jwks_uri": "http://keys.example/"});
    let policy = Arc::new(EgressPolicy::new(Vec::new(), &[], true));
    let client = EgressClient::answered_by(policy, answers).unwrap();
    assert!(matches!(Source::new(client, &settings()).keys().await, Err(NoAnswer::Downgrade)));
}

#[tokio::test]
async fn answers_are_whole_or_none() {
    let answers = Answers::new(&[]);
    let source = Source::new(answers.client(), &settings());
    for status in [204, 302, 404, 500] {
        answers.keys.lock().unwrap().0 = status;
        assert!(matches!(source.keys().await, Err(NoAnswer::Status { .. })), "{status}");
    }
    *answers.keys.lock().unwrap() = (200, " ".repeat(256 * 1024 + 1));
    assert!(matches!(source.keys().await, Err(NoAnswer::Egress(EgressError::TooLarge { .. }))));
    *answers.keys.lock().unwrap() = (200, "<html>".to_owned());
    assert!(matches!(source.keys().await, Err(NoAnswer::Keys(_))));
    *answers.discovery.lock().unwrap() =
        json!({"issuer": ISSUER, "jwks_uri": "https://a.example", "x": "y".repeat(65_536)});
    assert!(matches!(source.keys().await, Err(NoAnswer::Egress(EgressError::TooLarge { .. }))));
}
