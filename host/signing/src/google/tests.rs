use pangolin_core::clock::UnixMillis;
use pangolin_core::location::Location;
use pangolin_core::secret::Secret;
use serde_json::{Value, json};

use super::*;

const NOW: UnixMillis = UnixMillis(1_769_851_800_000); // 2026-01-31T09:30:00Z

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn fixture() -> (Value, String) {
    let [account, forms] = &cases(include_str!("../../../../tests/fixtures/signing/google_account.json"))[..] else {
        panic!("two entries");
    };
    (account.clone(), forms["pkcs1"].as_str().unwrap().to_owned())
}

fn read(key: &Value) -> Result<ServiceAccount, KeyError> {
    ServiceAccount::from_json(&Secret::new(key.to_string()))
}

fn with(member: &str, value: Value) -> Value {
    let mut key = fixture().0;
    key[member] = value;
    key
}

fn without(member: &str) -> Value {
    let mut key = fixture().0;
    key.as_object_mut().unwrap().remove(member);
    key
}

#[test]
fn googles_own_library_states_the_same() {
    let cases = cases(include_str!("../../../../tests/fixtures/signing/google_assertions.json"));
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let account = read(&with("private_key_id", case["key_id"].clone())).unwrap();
        let assertion = Assertion {
            audience: text("audience"),
            scope: text("scope"),
            at: UnixMillis(case["at_ms"].as_i64().unwrap()),
            life_seconds: u32::try_from(case["life_seconds"].as_u64().unwrap()).unwrap(),
        };
        assert_eq!(account.assertion(&assertion).unwrap(), text("token").into());
    }
}

#[test]
fn googles_own_library_makes_the_same_urls() {
    let account = read(&fixture().0).unwrap();
    let cases = cases(include_str!("../../../../tests/fixtures/signing/google_urls.json"));
    assert!(cases.len() > 10);
    for case in &cases {
        let location = Location::parse(case["location"].as_str().unwrap()).unwrap();
        let wanted = SignedUrl {
            method: case["method"].as_str().unwrap(),
            location: &location,
            endpoint: case["endpoint"].as_str(),
            at: UnixMillis(case["at_ms"].as_i64().unwrap()),
            life_seconds: u32::try_from(case["life_seconds"].as_u64().unwrap()).unwrap(),
        };
        let url = account.signed_url(&wanted).unwrap();
        assert_eq!(url, case["url"].as_str().unwrap());
        assert_eq!(::url::Url::parse(&url).unwrap().as_str(), url, "clients send it as it is");
    }
}

#[test]
fn a_key_is_read_in_every_form() {
    let (key, pkcs1) = fixture();
    let account = read(&key).unwrap();
    assert_eq!(account.client_email(), "vendor@acme-lake.iam.gserviceaccount.com");
    assert_eq!(account.token_uri(), Some("https://oauth2.googleapis.com/token"));
    assert_eq!((account.project_id(), account.key_id().map(str::len)), (Some("acme-lake"), Some(40)));

    let pem = key["private_key"].as_str().unwrap();
    let assertion = Assertion { audience: "a", scope: "s", at: NOW, life_seconds: 60 };
    let stated = |pem: &str| {
        ServiceAccount::from_parts(account.client_email(), &pem.into()).unwrap().assertion(&assertion).unwrap()
    };
    assert_eq!(stated(&pkcs1), stated(pem));
    assert_eq!(stated(&pem.replace('\n', "\\n")), stated(pem));
    assert_eq!(stated(&pem.replace('\n', "\r\n")), stated(pem));
    assert!(read(&without("type")).is_ok() && read(&without("token_uri")).unwrap().token_uri().is_none());
}

#[test]
fn what_is_wrong_with_a_key_is_named() {
    let refused = |key: &Value| read(key).unwrap_err();
    for text in ["", "{", "[]", "\"text\"", "{\"a\": }"] {
        assert_eq!(ServiceAccount::from_json(&text.into()).unwrap_err(), KeyError::NotJson, "{text}");
    }
    assert_eq!(refused(&with("type", json!("authorized_user"))), KeyError::Type);
    for member in ["client_email", "private_key"] {
        assert_eq!(refused(&without(member)), KeyError::Missing(member));
        assert_eq!(refused(&with(member, json!(""))), KeyError::Missing(member));
        assert_eq!(refused(&with(member, json!(null))), KeyError::Missing(member));
        assert_eq!(refused(&with(member, json!(["x"]))), KeyError::NotText(member));
    }
    for member in ["client_email", "private_key_id", "token_uri", "project_id"] {
        assert_eq!(refused(&with(member, json!("a\nb"))), KeyError::NotText(member));
    }
    let mut other = include_str!("../../../../tests/fixtures/signing/test-key.pem").to_owned();
    other.replace_range(200..210, "AAAAAAAAAA");
    for pem in ["secret-text", &other, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let error = refused(&with("private_key", json!(pem)));
        assert_eq!(error, KeyError::PrivateKey);
        assert!(!error.to_string().contains("secret-text"));
    }
    assert_eq!(ServiceAccount::from_parts("", &"x".into()).unwrap_err(), KeyError::Missing("client_email"));
}

#[test]
fn the_private_key_is_never_seen() {
    let key = fixture().0;
    let shown = format!("{:?}", read(&key).unwrap());
    assert!(shown.contains("vendor@") && !shown.contains("BEGIN"), "{shown}");
    for line in key["private_key"].as_str().unwrap().lines().filter(|line| line.len() > 20) {
        assert!(!shown.contains(line));
    }
}

#[test]
fn an_assertion_is_short_lived() {
    let account = read(&fixture().0).unwrap();
    for life_seconds in [0, 3601] {
        let assertion = Assertion { audience: "a", scope: "s", at: NOW, life_seconds };
        assert_eq!(account.assertion(&assertion), Err(AssertionError::Life));
    }
}

#[test]
fn urls_that_are_not_signed() {
    let account = read(&fixture().0).unwrap();
    let object = Location::parse("gs://acme-bucket/a").unwrap();
    let good = SignedUrl { method: "GET", location: &object, endpoint: None, at: NOW, life_seconds: 60 };
    assert!(account.signed_url(&good).is_ok());
    for method in ["get", "POST", "LIST", "", "GET\nx"] {
        assert_eq!(account.signed_url(&SignedUrl { method, ..good }), Err(UrlError::Method), "{method}");
    }
    for text in ["gs://acme-bucket", "gs://acme-bucket/a/", "s3://acme-bucket/a"] {
        let location = Location::parse(text).unwrap();
        assert_eq!(account.signed_url(&SignedUrl { location: &location, ..good }), Err(UrlError::NoObject), "{text}");
    }
    for life_seconds in [0, 604_801] {
        assert_eq!(account.signed_url(&SignedUrl { life_seconds, ..good }), Err(UrlError::Life));
    }
    for at in [-1, 0, i64::MAX] {
        assert_eq!(account.signed_url(&SignedUrl { at: UnixMillis(at), ..good }), Err(UrlError::Life));
    }
    for endpoint in ["x", "ftp://a", "https://u@a", "https://a/b", "https://a/?b", "https://a/#b", "file:///a"] {
        let judged = account.signed_url(&SignedUrl { endpoint: Some(endpoint), ..good });
        assert_eq!(judged, Err(UrlError::Endpoint), "{endpoint}");
    }
    // A port that is the scheme's own is not sent, and so not signed.
    let at = |endpoint| account.signed_url(&SignedUrl { endpoint: Some(endpoint), ..good }).unwrap();
    assert_eq!(at("https://storage.googleapis.com:443/"), account.signed_url(&good).unwrap());
    assert_eq!(at(""), account.signed_url(&good).unwrap());
}
