//! Secrets: split off, never shown, by reference, strict mode.

use super::*;
use crate::secret::{REDACTED, Secret, SecretValue};

fn keyed(id: &Value, secret: &Value) -> Value {
    s3(&json!({ "access_key_id": id, "secret_access_key": secret }), &json!({ "vending_strategy": "AwsStatic" }))
}

#[test]
fn replies_redact_literals_and_show_references() {
    let host = Host::default();
    let made = host.create(&keyed(&json!({ "secret_ref": "lake-key" }), &json!("planted-secret"))).unwrap();
    assert_eq!(made.secrets["access_key_id"], SecretValue::Reference("lake-key".to_owned()));
    assert_eq!(made.secrets["secret_access_key"], SecretValue::Literal(Secret::from("planted-secret")));
    for shown in [host.view(&made), view(&made, None)] {
        assert!(!shown.to_string().contains("planted-secret"));
        assert_eq!(shown["storage_config"]["secret_access_key"], json!(REDACTED));
        assert_eq!(shown["storage_config"]["access_key_id"], json!({ "secret_ref": "lake-key" }));
    }
    assert_eq!(host.view(&made)["vending_strategy"]["AwsStatic"]["secret_access_key"], json!(REDACTED));
    assert!(!format!("{made:?}").contains("planted-secret"));
}

#[test]
fn known_secret_names_are_secrets_whatever_the_strategy_says() {
    let mut host = Host::default();
    host.strategies.push(info("Odd", &["s3"], Scoping::Exact, vec![field("password", FieldKind::Text, &["pw"])]));
    let made = host.create(&s3(&json!({ "pw": "planted-secret" }), &json!({ "vending_strategy": "Odd" }))).unwrap();
    assert!(made.secrets.contains_key("password") && !made.config.contains_key("password"));
}

#[test]
fn strict_mode_takes_references_only() {
    let host = Host { strict: true, ..Host::default() };
    let problems = host.create(&keyed(&json!("planted-id"), &json!("planted-secret"))).unwrap_err();
    assert_eq!(fields_of(&problems), ["access_key_id", "secret_access_key"]);
    assert!(!problems.to_string().contains("planted"));
    let reference = |name: &str| json!({ "secret_ref": name });
    assert!(host.create(&keyed(&reference("a"), &reference("b"))).is_ok());
}

/// Every spelling of a secret that requests use, in each place where it can stand.
#[test]
fn strict_mode_refuses_a_literal_in_every_spelling_and_place() {
    let host = Host { strict: true, ..Host::default() };
    let both = |secret: &str, value: &Value| {
        let other = if secret.ends_with("id") { "secret_access_key" } else { "access_key_id" };
        json!({ secret: value, other: { "secret_ref": "other" } })
    };
    let reference = json!({ "secret_ref": "lake-key" });
    let stored = host.create(&keyed(&reference, &reference)).unwrap();
    for spelling in [
        "secret_access_key",
        "secret-access-key",
        "s3.secret-access-key",
        "s3.secret_access_key",
        "S3.Secret-Access-Key",
        "access_key_id",
        "s3.access-key-id",
        "s3.session-token",
    ] {
        for value in [json!("planted-secret"), json!("${planted}"), json!({ "value": "planted" }), json!(["planted"])] {
            let fields = both(spelling, &value);
            let bodies = [
                s3(&fields, &json!({ "vending_strategy": "AwsStatic" })),
                s3(&fields, &json!({ "use_sts": false })),
                s3(&json!({}), &json!({ "vending_strategy": { "AwsStatic": fields } })),
                s3(&json!({}), &json!({ "vending_strategy": merged(&json!({ "type": "AwsStatic" }), &fields) })),
                // Beside the reference that it would replace.
                s3(&fields, &json!({ "vending_strategy": { "AwsStatic": { "secret_access_key": reference } } })),
            ];
            for body in bodies {
                for refused in [host.create(&body).unwrap_err(), host.update(&stored, &body).unwrap_err()] {
                    assert!(!refused.to_string().contains("planted"), "{body}: {refused}");
                }
            }
        }
    }
    let key = json!({ "type": "service_account", "private_key": "planted", "client_email": "a@b" });
    for value in [key.clone(), json!(key.to_string())] {
        let storage = json!({ "type": "gcs", "bucket": "lake-data", "gcp.service-account-key": value });
        let refused = host.create(&json!({ "name": "g", "storage_config": storage })).unwrap_err();
        assert_eq!(fields_of(&refused), ["service_account_key"]);
        assert!(!refused.to_string().contains("planted"));
    }
}

fn merged(one: &Value, other: &Value) -> Value {
    let mut both = one.clone();
    merge(&mut both, other);
    both
}

/// Strict mode may be turned on later: what is stored stays until somebody writes it anew.
#[test]
fn strict_mode_keeps_what_is_stored() {
    let stored = Host::default().create(&keyed(&json!("id"), &json!("planted-secret"))).unwrap();
    let host = Host { strict: true, ..Host::default() };
    let kept = host.update(&stored, &json!({ "max_ttl_seconds": 900 })).unwrap();
    assert_eq!(kept.secrets, stored.secrets);
    let shown = host.view(&stored);
    let body = json!({ "storage_config": shown["storage_config"], "vending_strategy": shown["vending_strategy"] });
    assert_eq!(host.update(&stored, &body).unwrap().secrets, stored.secrets);
    let anew = keyed(&json!("id"), &json!("planted-other"));
    assert_eq!(fields_of(&host.update(&stored, &anew).unwrap_err()), ["access_key_id", "secret_access_key"]);
}

#[test]
fn a_credential_in_a_field_that_is_no_secret_is_refused_by_name() {
    let key_id = format!("AKIA{}", "Q3EG5XMZ7LPDTW2B");
    let url = "https://ada:planted@example.com".to_owned();
    let token = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    for strict in [false, true] {
        let host = Host { strict, ..Host::default() };
        for (field, value) in [
            ("region", &key_id),
            ("s3.region", &token),
            ("prefix", &key_id),
            ("external_id", &token),
            ("endpoint", &url),
        ] {
            let refused = host.create(&s3(&json!({ field: value }), &json!({ "vending_strategy": "None" })));
            let refused = refused
                .or_else(|_| host.create(&s3(&json!({ field: value, "role_arn": ROLE }), &json!({ "use_sts": true }))));
            let refused = refused.unwrap_err();
            assert_eq!(fields_of(&refused), [field.trim_start_matches("s3.")], "{refused}");
            assert!(!refused.to_string().contains(value.as_str()), "{refused}");
        }
        let named = host.create(&merged(&s3(&json!({}), &json!({})), &json!({ "name": key_id }))).unwrap_err();
        assert!(fields_of(&named).contains(&"name".to_owned()) && !named.to_string().contains(&key_id));
        let unknown =
            host.create(&s3(&json!({ key_id.as_str(): 1 }), &json!({ "vending_strategy": key_id }))).unwrap_err();
        assert!(!unknown.to_string().contains(&key_id), "{unknown}");
    }
}

#[test]
fn strict_mode_looks_into_documents() {
    let mut host = Host { strict: true, ..Host::default() };
    host.strategies.push(info("Odd", &["s3"], Scoping::Exact, vec![field("options", FieldKind::Json, &[])]));
    let body = |options: Value| s3(&json!({ "options": options }), &json!({ "vending_strategy": "Odd" }));
    let refused = host.create(&body(json!({ "a": [{ "password": "planted" }] }))).unwrap_err();
    assert_eq!(fields_of(&refused), ["options"]);
    let text = refused.to_string();
    assert!(text.contains("options.a[0].password") && !text.contains("planted"), "{text}");
    host.strict = false;
    assert!(host.create(&body(json!({ "a": [{ "password": "planted" }] }))).is_ok());
    let key = json!({ "k": format!("AKIA{}", "Q3EG5XMZ7LPDTW2B") });
    assert_eq!(fields_of(&host.create(&body(key)).unwrap_err()), ["options"]);
}

#[test]
fn malformed_secrets_are_refused_without_their_values() {
    let host = Host::default();
    for bad in [
        json!(""),
        json!(7),
        json!(["planted"]),
        json!({ "secret_ref": "../planted" }),
        json!({ "secret_ref": 1 }),
        json!({ "secret_ref": "aws-secret-access-key" }),
        json!({ "secret_ref": "PANGOLIN_JWT_SECRET" }),
        json!({ "secret_ref": "a", "b": 1 }),
        json!({ "value": "planted" }),
        json!(REDACTED),
    ] {
        let problems = host.create(&keyed(&json!("a"), &bad)).unwrap_err();
        assert!(fields_of(&problems).iter().all(|field| field == "secret_access_key"), "{bad}");
        assert!(!problems.to_string().contains("planted"), "{problems}");
    }
}

#[test]
fn secrets_that_disagree_are_refused_without_their_values() {
    let mut body = keyed(&json!("a"), &json!("planted-one"));
    body["vending_strategy"] = json!({ "AwsStatic": { "s3.secret-access-key": "planted-two" } });
    let problems = Host::default().create(&body).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("vending_strategy.s3.secret-access-key") && !text.contains("planted"), "{text}");
}

/// A name is shown in clear: a key that was pasted in its place would be.
#[test]
fn a_secret_in_place_of_its_name_is_refused() {
    let reference = |name: &str| json!({ "secret_ref": name });
    for pasted in [
        "r8e0rZruvPEobAxCpdIgv6R39djQk498VxTDhCkD",
        // Fewer changes of class than most that are drawn by lot.
        "aabbcZZruvPEobAxCpdIgvvvvRRRRddjQkaa8VxT",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "AKIAIOSFODNN7EXAMPLQ",
    ] {
        for strict in [false, true] {
            let host = Host { strict, ..Host::default() };
            let problems = host.create(&keyed(&reference("lake-key"), &reference(pasted))).unwrap_err();
            assert_eq!(fields_of(&problems), ["secret_access_key"], "{pasted}");
            assert!(!problems.to_string().contains(pasted));
        }
    }
    for name in [
        "lake-secret",
        "LAKE_SECRET_2026",
        "secret-550e8400-e29b-41d4-a716-446655440000",
        "MyCompanyProdLakehouseSecretAccessKey2026",
        "MyCompanyProdLakehouseSecretAccessKey202",
        "prod-eu-central-1-lake-secret-access-key",
        "0123456789abcdef0123456789abcdef01234567",
    ] {
        assert!(Host::default().create(&keyed(&reference("lake-key"), &reference(name))).is_ok(), "{name}");
    }
}
