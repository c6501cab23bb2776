use super::*;
use pangolin_plugin_sdk::sts::Session;
use pangolin_plugin_sdk::{Access, ErrorKind, Scope, Scoping, Value, testing};

const ROLE: &str = r#"{"role_arn":"arn:aws:iam::123456789012:role/Vend","external_id":"x1"}"#;

fn host() -> testing::Host {
    testing::Host::new().on_assume_role(|request| {
        Ok(Session {
            access_key_id: "ASIA".to_owned(),
            secret_access_key: "planted-secret".to_owned(),
            session_token: "planted-token".to_owned(),
            expires_at_ms: u64::from(request.duration_seconds) * 1000,
            packed_policy_percent: Some(10),
        })
    })
}

fn request(fields: &str) -> VendRequest {
    testing::request(Config::parse(fields, Vec::new()).unwrap(), "s3://b/t/", Access::READ)
}

#[test]
fn one_credential_covers_all_scopes_at_the_first() {
    let mut request = request(ROLE);
    request.scopes.push(Scope { location: "s3://b/other/".to_owned(), access: Access::READ });
    let host = host();
    let credentials = host.run(|| AwsSts::vend(request)).unwrap();
    assert_eq!(credentials.len(), 1);
    assert_eq!(credentials[0].prefix, "s3://b/t/");
    assert_eq!(credentials[0].expires_at_ms, Some(3_600_000));
    assert_eq!(credentials[0].get("s3.session-token"), Some(&Value::Plain("planted-token".to_owned())));
    let policy = &host.assumed()[0].policy;
    assert!(policy.contains("b/t/*") && policy.contains("b/other/*"), "{policy}");
    assert!(!format!("{credentials:?} {:?}", host.lines()).contains("planted"));
}

#[test]
fn a_refusal_is_passed_on_and_nothing_is_tried_instead() {
    let refusal = VendError::new(ErrorKind::Denied, "role-not-assumable", "the role's trust policy does not allow it");
    let answer = refusal.clone();
    let host = testing::Host::new().on_assume_role(move |_| Err(answer.clone()));
    assert_eq!(host.run(|| AwsSts::vend(request(ROLE))), Err(refusal));
    assert_eq!(host.assumed().len(), 1);
}

#[test]
fn sts_is_not_asked_for_what_cannot_be_scoped() {
    let mut without_scope = request(ROLE);
    without_scope.scopes.clear();
    let mut without_read = request(ROLE);
    without_read.scopes[0].access = Access { read: false, write: true, delete: false };
    let mut too_long = request(ROLE);
    too_long.scopes[0].location = format!("s3://b/{}/", "*".repeat(500));
    for (request, code) in [
        (without_scope, "no-scope"),
        (without_read, "access-unsupported"),
        (too_long, "policy-too-large"),
        (request("{}"), "invalid-config"),
    ] {
        let host = host();
        assert_eq!(host.run(|| AwsSts::vend(request)).unwrap_err().code, code);
        assert!(host.assumed().is_empty(), "{code}");
    }
}

#[test]
fn check_config_asks_nobody() {
    let host = testing::Host::new();
    let config = Config::parse(ROLE, Vec::new()).unwrap();
    assert_eq!(host.run(|| AwsSts::check_config(&config)), Ok(()));
    let problems = host.run(|| AwsSts::check_config(&Config::default())).unwrap_err();
    assert_eq!(problems[0].field, "role_arn");
    assert!(host.assumed().is_empty() && host.sent().is_empty());
}

#[test]
fn it_says_that_it_is_exact_and_whom_it_asks() {
    let description = AwsSts::describe();
    assert_eq!((description.name, description.scoping), ("AwsSts", Scoping::Exact));
    assert_eq!((description.min_ttl_seconds, description.max_ttl_seconds), (Some(900), Some(43_200)));
    assert!(description.hosts.contains(&HostPattern::OfField("sts_endpoint")));
}
