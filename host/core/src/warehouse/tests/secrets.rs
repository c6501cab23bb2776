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
