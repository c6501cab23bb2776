use super::*;
use pangolin_plugin_sdk::azure::Token;
use pangolin_plugin_sdk::{Access, ErrorKind, Scope, Scoping, Value, testing};

const KEY: &[&str] = &["service_account_key"];

fn host() -> testing::Host {
    testing::Host::new()
        .now_ms(5_000_400)
        .on_downscope(|_| Ok(Token { token: "ya29.planted".to_owned(), expires_at_ms: 3_600_000 }))
        .on_sign_url(|asked| Ok(format!("https://storage.googleapis.com/planted?{}", asked.expires_in_seconds)))
}

fn config(fields: &str, slots: &[&str]) -> Config {
    Config::parse(fields, slots.iter().map(|&slot| slot.to_owned()).collect()).unwrap()
}

fn request(slots: &[&str]) -> VendRequest {
    testing::request(config("{}", slots), "gs://b/t/", Access::READ)
}

fn presign(fields: &str, slots: &[&str]) -> PresignRequest {
    PresignRequest {
        config: config(fields, slots),
        location: "gs://b/t/data/a b.parquet".to_owned(),
        method: "PUT".to_owned(),
        expires_in_seconds: 900,
        principal: "alice".to_owned(),
        tenant: "t1".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: "r1".to_owned(),
        extensions: Vec::new(),
    }
}

#[test]
fn one_credential_covers_all_scopes_at_the_first() {
    let mut request = request(KEY);
    request.scopes.push(Scope { location: "gs://b/other/".to_owned(), access: Access::READ });
    let host = host();
    let credentials = host.run(|| GcpDownscoped::vend(request)).unwrap();
    assert_eq!(credentials.len(), 1);
    assert_eq!(credentials[0].prefix, "gs://b/t/");
    assert_eq!(credentials[0].expires_at_ms, Some(3_600_000));
    assert_eq!(credentials[0].get("gcs.oauth2.token"), Some(&Value::Plain("ya29.planted".to_owned())));
    let boundary = &host.downscoped()[0].boundary;
    assert!(boundary.contains("objects/t/'") && boundary.contains("objects/other/'"), "{boundary}");
    assert!(!format!("{credentials:?} {:?}", host.lines()).contains("planted"));
}

#[test]
fn a_refusal_is_passed_on_and_nothing_is_tried_instead() {
    let refusal = VendError::new(ErrorKind::InvalidConfig, "service-account-key-wrong", "the key does not belong");
    let answer = refusal.clone();
    let host = testing::Host::new().on_downscope(move |_| Err(answer.clone()));
    assert_eq!(host.run(|| GcpDownscoped::vend(request(KEY))), Err(refusal));
    assert_eq!(host.downscoped().len(), 1);
}

#[test]
fn google_is_not_asked_for_what_cannot_be_scoped() {
    let mut without_scope = request(KEY);
    without_scope.scopes.clear();
    let mut without_read = request(KEY);
    without_read.scopes[0].access = Access { read: false, write: true, delete: false };
    for (request, code) in [
        (without_scope, "no-scope"),
        (without_read, "access-unsupported"),
        (request(&["private_key"]), "invalid-config"),
    ] {
        let host = host();
        assert_eq!(host.run(|| GcpDownscoped::vend(request)).unwrap_err().code, code);
        assert!(host.downscoped().is_empty(), "{code}");
    }
}

#[test]
fn a_url_is_signed_as_asked_and_says_when_it_ends() {
    let host = host();
    let signed = host.run(|| GcpDownscoped::presign(presign("{}", KEY))).unwrap();
    assert_eq!(signed.url, "https://storage.googleapis.com/planted?900");
    assert_eq!((signed.expires_at_ms, signed.headers.len()), (5_900_000, 0));
    assert!(!format!("{signed:?}").contains("planted"));
    let error = host.run(|| GcpDownscoped::presign(presign("{}", &["private_key"]))).unwrap_err();
    assert_eq!(error.code, "invalid-config");
    let refusal = VendError::unsupported("host-cannot-sign", "the host's identity has no key");
    let answer = refusal.clone();
    let host = testing::Host::new().on_sign_url(move |_| Err(answer.clone()));
    assert_eq!(host.run(|| GcpDownscoped::presign(presign("{}", &[]))).unwrap_err(), refusal);
}

#[test]
fn check_config_asks_nobody() {
    let host = testing::Host::new();
    assert_eq!(host.run(|| GcpDownscoped::check_config(&config("{}", KEY))), Ok(()));
    let problems = host.run(|| GcpDownscoped::check_config(&config("{}", &["private_key"]))).unwrap_err();
    assert_eq!(problems[0].field, "service_account_email");
    assert!(host.downscoped().is_empty() && host.sent().is_empty());
}

#[test]
fn it_says_that_it_is_exact_and_whom_it_asks() {
    let description = GcpDownscoped::describe();
    assert_eq!((description.name, description.scoping), ("GcpDownscoped", Scoping::Exact));
    assert_eq!((description.min_ttl_seconds, description.max_ttl_seconds), (Some(3_600), Some(3_600)));
    for host in ["oauth2.googleapis.com", "sts.googleapis.com"] {
        assert!(description.hosts.contains(&HostPattern::Literal(host)));
    }
    for field in ["token_uri", "sts_endpoint"] {
        assert!(description.hosts.contains(&HostPattern::OfField(field)));
    }
}
