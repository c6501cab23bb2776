//! Refusals, defaults, the base and the identity.

use super::*;
use crate::deputy::HostClaim;

fn sts(storage: &Value) -> Value {
    let mut body = s3(&json!({ "role_arn": ROLE }), &json!({ "use_sts": true }));
    merge(&mut body["storage_config"], storage);
    body
}

fn claim(host: &Host, made: &Warehouse) -> Option<HostClaim> {
    let strategies = host.strategies.iter().map(|info| &info.description);
    HostClaim::of(made, strategies.into_iter().find(|known| made.strategy.as_ref() == Some(&known.name)), host.operator)
}

#[test]
fn spellings_that_disagree_name_both() {
    let problems = Host::default().create(&sts(&json!({ "s3.role-arn": "arn:aws:iam::1:role/Other" }))).unwrap_err();
    let text = problems.to_string();
    assert_eq!(fields_of(&problems), ["role_arn"]);
    assert!(text.contains("storage_config.role_arn") && text.contains("storage_config.s3.role-arn"), "{text}");
    assert!(Host::default().create(&sts(&json!({ "s3.role-arn": ROLE }))).is_ok());
    let both =
        json!({ "name": "w", "use_sts": true, "use-sts": false, "storage_config": { "bucket": "my-data-bucket" } });
    assert!(Host::default().refused(&both).contains(&"use_sts".to_owned()));
}

#[test]
fn unknown_fields_are_named() {
    let host = Host::default();
    let problems = host.create(&sts(&json!({ "buckett": "x", "account_key": "planted-secret" }))).unwrap_err();
    assert_eq!(fields_of(&problems), ["account_key", "buckett"]);
    assert!(!problems.to_string().contains("planted-secret"));
    let mut body = sts(&json!({}));
    body["colour"] = json!("red");
    assert_eq!(host.refused(&body), ["colour"]);
    assert_eq!(host.refused(&json!([])), [""]);
}

#[test]
fn all_problems_come_at_once() {
    let body = json!({ "use_sts": "perhaps", "storage_config": { "region": 7, "x": 1 }, "max_ttl_seconds": 0 });
    let mut fields = Host::default().refused(&body);
    fields.sort();
    assert_eq!(fields, ["access_key_id", "bucket", "max_ttl_seconds", "name", "region", "use_sts", "x"]);
}

#[test]
fn missing_fields_are_named_at_creation() {
    let host = Host::default();
    assert_eq!(
        host.refused(&json!({ "name": "w", "use_sts": true, "storage_config": { "role_arn": ROLE } })),
        ["bucket"]
    );
    assert_eq!(host.refused(&s3(&json!({}), &json!({ "use_sts": true }))), ["role_arn"]);
    assert_eq!(
        host.refused(&json!({ "name": "w", "storage_config": { "type": "azure" } })),
        ["account_name", "container", "account_key"]
    );
    assert_eq!(host.refused(&s3(&json!({ "type": "tape" }), &json!({ "vending_strategy": "None" }))), ["type"]);
    assert_eq!(
        host.refused(
            &json!({ "name": "w", "storage_config": { "type": "adls", "account_name": "a", "container": "c" } })
        ),
        ["type"]
    );
}

#[test]
fn the_operators_role_stands_for_a_missing_one() {
    let operator =
        OperatorIdentity { role: Some("arn:aws:iam::1:role/Op"), external_id: Some("op-id"), own_sts: false };
    let host = Host { operator, ..Host::default() };
    let made = host.create(&s3(&json!({}), &json!({ "use_sts": true }))).unwrap();
    assert_eq!(made.text("role_arn"), Some("arn:aws:iam::1:role/Op"));
    let offered = claim(&host, &made).unwrap();
    assert_eq!((offered.role, offered.base.as_str()), (None, "s3://my-data-bucket/"));
    let named = host.create(&sts(&json!({}))).unwrap();
    assert_eq!(claim(&host, &named).unwrap().role.as_deref(), Some(ROLE));
    assert_eq!(host.refused(&sts(&json!({ "external_id": "op-id" }))), ["external_id"]);
}

#[test]
fn a_role_of_any_strategy_is_claimed() {
    let mut host = Host::default();
    let fields = vec![field("identity", FieldKind::Role, &[]), field("second", FieldKind::Role, &[])];
    host.strategies.push(info("Other", &["s3"], Scoping::Exact, fields));
    let mut body = s3(&json!({ "identity": ROLE }), &json!({ "vending_strategy": "Other" }));
    assert_eq!(claim(&host, &host.create(&body).unwrap()).unwrap().role.as_deref(), Some(ROLE));
    body["storage_config"]["second"] = json!("r2");
    assert_eq!(host.refused(&body), ["second"], "a claim holds one role");
}

#[test]
fn static_keys_of_the_host_need_the_operators_word() {
    let body = s3(&json!({}), &json!({ "use_sts": false }));
    let text = Host::default().create(&body).unwrap_err().to_string();
    assert!(text.contains("PANGOLIN_VEND_ENV_CREDENTIALS"), "{text}");
    let made = Host { env_credentials: true, ..Host::default() }.create(&body).unwrap();
    assert_eq!((made.strategy.as_deref(), made.identity), (Some("AwsStatic"), BaseIdentity::Host));
}

#[test]
fn an_own_sts_endpoint_brings_own_keys() {
    let host = Host::default();
    for name in ["sts_endpoint", "s3.sts-endpoint"] {
        assert_eq!(host.refused(&sts(&json!({ name: "https://sts.example.com" }))), ["sts_endpoint"]);
    }
    let keys = json!({ "sts_endpoint": "https://sts.example.com", "access_key_id": "a", "secret_access_key": "b" });
    let made = host.create(&sts(&keys)).unwrap();
    assert_eq!(made.identity, BaseIdentity::Own);
    assert!(claim(&host, &made).is_none());
    assert_eq!(host.refused(&sts(&json!({ "access_key_id": "a" }))), ["secret_access_key"]);
    assert_eq!(host.refused(&sts(&json!({ "session_token": "a" }))), ["access_key_id", "secret_access_key"]);
    // A default is the strategy's word, not the tenant's.
    let gcs = json!({ "name": "g", "storage_config": { "type": "gcs", "bucket": "my-data-bucket" } });
    assert_eq!(host.create(&gcs).unwrap().identity, BaseIdentity::Host);
}

#[test]
fn urls_are_judged() {
    let host = Host::default();
    for url in [
        "minio:9000",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://u@x",
        "https://x/?q=1",
        "https://x/#f",
        "x",
        "http://169.254.169.254/",
    ] {
        assert_eq!(host.refused(&sts(&json!({ "s3.endpoint": url }))), ["endpoint"], "{url}");
    }
    let made = host.create(&sts(&json!({ "endpoint": "http://localhost:9000/" }))).unwrap();
    assert_eq!(made.text("endpoint"), Some("http://localhost:9000"));
}

#[test]
fn the_base_is_bucket_and_prefix() {
    let host = Host::default();
    for (prefix, base) in [
        ("lake/bronze", "s3://my-data-bucket/lake/bronze/"),
        ("/lake/", "s3://my-data-bucket/lake/"),
        ("", "s3://my-data-bucket/"),
        ("a b/ü*", "s3://my-data-bucket/a b/ü*/"),
    ] {
        assert_eq!(host.create(&sts(&json!({ "s3.prefix": prefix }))).unwrap().base.as_str(), base);
    }
    for prefix in ["a//b", "../x", "a/./b", "a?b", "a#b", "a\\b", "%2e%2e/x", "//"] {
        assert_eq!(host.refused(&sts(&json!({ "prefix": prefix }))), ["prefix"], "{prefix}");
    }
    for bucket in
        ["ab", "My-Bucket", "a..b", "-abc", "abc-", "10.0.0.1", "a_bc", "a/b/c", "bucket@host", &"a".repeat(64)]
    {
        assert_eq!(host.refused(&sts(&json!({ "bucket": bucket }))), ["bucket"], "{bucket}");
    }
}

#[test]
fn local_storage_lies_below_the_operators_directory() {
    let local = |path: &str| json!({ "name": "l", "storage_config": { "type": "local", "path": path } });
    assert_eq!(Host::default().refused(&local("/data/lake/x")), ["path"]);
    let host = Host { local_root: Some("/data/lake"), ..Host::default() };
    for path in ["/data/lake/x", "x", "x/", "/data/lake/x/"] {
        let made = host.create(&local(path)).unwrap();
        assert_eq!(
            (made.base.as_str(), made.strategy, made.identity),
            ("file:///data/lake/x/", None, BaseIdentity::None)
        );
    }
    for path in ["/data/lake", "/data/lake2/x", "/etc", "../x", "/data/lake/../x", "/data/lake/%2e%2e/x", "/"] {
        assert_eq!(host.refused(&local(path)), ["path"], "{path}");
    }
    let mut vending = local("x");
    vending["vending_strategy"] = json!("AwsStatic");
    assert!(host.refused(&vending).contains(&"vending_strategy".to_owned()));
    let mut vending = local("x");
    vending["use_sts"] = json!(true);
    assert_eq!(host.refused(&vending), ["use_sts"]);
    // The host reads it as itself: no other tenant may name the same directory.
    assert_eq!(claim(&host, &host.create(&local("x")).unwrap()).unwrap().base.as_str(), "file:///data/lake/x/");
}

#[test]
fn kinds_of_values() {
    let host = Host::default();
    let made = host
        .create(&sts(&json!({ "session_tags": "TRUE", "session_duration": "7200", "kms_key_arns": ["k"] })))
        .unwrap();
    assert_eq!(made.config["session_tags"], json!(true));
    assert_eq!(made.config["session_duration"], json!(7200));
    assert_eq!(made.config["kms_key_arns"], json!("[\"k\"]"));
    assert_eq!(host.create(&sts(&json!({ "external_id": "" }))).unwrap().config.get("external_id"), None);
    assert_eq!(host.create(&sts(&json!({}))).unwrap().config["session_tags"], json!(false), "the default");
    for (field, value) in [
        ("session_tags", json!("maybe")),
        ("session_duration", json!(1.5)),
        ("kms_key_arns", json!("[")),
        ("role_arn", json!("a b")),
        ("region", json!(["x"])),
        ("external_id", json!("a\u{1}")),
    ] {
        let mut body = sts(&json!({}));
        body["storage_config"][field] = value;
        assert_eq!(host.refused(&body), [field]);
    }
}

#[test]
fn names_kinds_and_lives_are_checked() {
    let host = Host::default();
    for name in [
        json!(""),
        json!(" a"),
        json!("a/b"),
        json!(".x"),
        json!("a%2fb"),
        json!("a\n"),
        json!(7),
        json!("x".repeat(129)),
    ] {
        let mut body = sts(&json!({}));
        body["name"] = name.clone();
        assert_eq!(host.refused(&body), ["name"], "{name}");
    }
    let mut body = sts(&json!({}));
    body["max_ttl_seconds"] = json!(600);
    assert_eq!(host.refused(&body), ["max_ttl_seconds"], "less than the strategy can mint");
    let azure = json!({
        "name": "a", "vending_strategy": "AwsSts",
        "storage_config": { "type": "azure", "account_name": "account", "container": "data" }
    });
    assert!(host.refused(&azure).contains(&"vending_strategy".to_owned()));
    let mut body = sts(&json!({}));
    body["id"] = json!("x");
    assert_eq!(host.refused(&body), ["id"]);
}
