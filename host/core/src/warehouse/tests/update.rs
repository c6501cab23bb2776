//! Changes: subsets, the marker, secrets that cannot be led elsewhere.

use super::*;
use crate::secret::{REDACTED, Secret, SecretValue};

fn stored() -> Warehouse {
    let storage = json!({
        "role_arn": ROLE, "access_key_id": "id-1", "secret_access_key": "secret-1", "external_id": "ex",
        "sts_endpoint": "https://sts.example.com", "endpoint": "https://s3.example.com"
    });
    Host::default().create(&s3(&storage, &json!({ "use_sts": true }))).unwrap()
}

fn literal(text: &str) -> SecretValue {
    SecretValue::Literal(Secret::from(text))
}

#[test]
fn what_is_shown_can_be_sent_back() {
    let host = Host::default();
    let stored = stored();
    let same = host.update(&stored, &host.view(&stored)).unwrap();
    assert_eq!(Warehouse { updated_at: stored.updated_at, ..same.clone() }, stored);
    assert_eq!(same.updated_at, NOW.plus_seconds(60));
    assert_eq!(host.update(&stored, &json!({})).unwrap().secrets, stored.secrets);
}

#[test]
fn a_field_shown_twice_is_changed_in_one_place() {
    let host = Host::default();
    let stored = stored();
    for place in ["storage_config", "vending_strategy"] {
        let mut body = host.view(&stored);
        let group = if place == "storage_config" { &mut body[place] } else { &mut body[place]["AwsSts"] };
        group["external_id"] = json!("new");
        group["secret_access_key"] = json!("secret-2");
        let changed = host.update(&stored, &body).unwrap();
        assert_eq!(changed.text("external_id"), Some("new"), "{place}");
        assert_eq!(changed.secrets["secret_access_key"], literal("secret-2"));
        assert_eq!(changed.secrets["access_key_id"], literal("id-1"));
    }
}

#[test]
fn left_out_stays_and_null_removes() {
    let changed = Host::default()
        .update(
            &stored(),
            &json!({ "name": "n", "max_ttl_seconds": 1800, "storage_config": { "external_id": null, "region": "eu" } }),
        )
        .unwrap();
    assert_eq!((changed.name.as_str(), changed.max_ttl_seconds), ("n", Some(1800)));
    assert_eq!((changed.text("external_id"), changed.text("region")), (None, Some("eu")));
    assert_eq!(changed.text("role_arn"), Some(ROLE));
    let cleared = Host::default().update(&changed, &json!({ "max_ttl_seconds": null })).unwrap();
    assert_eq!(cleared.max_ttl_seconds, None);
}

#[test]
fn a_changed_destination_wants_every_secret_again() {
    let host = Host::default();
    for storage in [
        json!({ "sts_endpoint": "https://sts.evil.example" }),
        json!({ "s3.sts-endpoint": null }),
        json!({ "endpoint": "https://s3.evil.example" }),
        json!({ "endpoint": "https://s3.evil.example", "access_key_id": REDACTED, "secret_access_key": REDACTED }),
    ] {
        let problems = host.update(&stored(), &json!({ "storage_config": storage })).unwrap_err();
        assert_eq!(fields_of(&problems), ["access_key_id", "secret_access_key"], "{storage}");
        assert!(!problems.to_string().contains("secret-1"));
    }
    let half = json!({ "endpoint": "https://s3.evil.example", "access_key_id": "id-2" });
    let problems = host.update(&stored(), &json!({ "storage_config": half })).unwrap_err();
    assert_eq!(fields_of(&problems), ["secret_access_key"]);
    let full =
        json!({ "endpoint": "https://s3b.example.com", "access_key_id": "id-1", "secret_access_key": "secret-1" });
    let changed = host.update(&stored(), &json!({ "storage_config": full })).unwrap();
    assert_eq!(changed.text("endpoint"), Some("https://s3b.example.com"));
    assert!(host.update(&stored(), &json!({ "storage_config": { "endpoint": "https://s3.example.com/" } })).is_ok());
}

/// Else who stands between the host and the server takes the kept secret with certificates of his own.
#[test]
fn other_certificates_want_every_secret_again() {
    let host = Host::default();
    let trust = |text: &str| json!({ "ca_certificate": format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----") });
    let again = |stored: &Warehouse, storage: &Value| {
        let problems = host.update(stored, &json!({ "storage_config": storage })).unwrap_err();
        assert_eq!(fields_of(&problems), ["access_key_id", "secret_access_key"], "{storage}");
        assert!(problems.to_string().contains("ca_certificate"), "{problems}");
    };
    again(&stored(), &trust("MIIA"));
    let mut with_keys = trust("MIIA");
    merge(&mut with_keys, &json!({ "access_key_id": "id-1", "secret_access_key": "secret-1" }));
    let trusting = host.update(&stored(), &json!({ "storage_config": with_keys })).unwrap();
    again(&trusting, &trust("MIIB"));
    again(&trusting, &json!({ "ca_certificate": null }));
    assert!(host.update(&trusting, &json!({ "storage_config": trust("MIIA") })).is_ok());
    assert!(host.update(&trusting, &json!({ "storage_config": { "external_id": "other" } })).is_ok());
}

#[test]
fn a_changed_strategy_wants_every_secret_again() {
    let host = Host::default();
    for body in [json!({ "vending_strategy": "AwsStatic" }), json!({ "use_sts": false })] {
        let problems = host.update(&stored(), &body).unwrap_err();
        assert_eq!(fields_of(&problems), ["access_key_id", "secret_access_key"], "{body}");
    }
    let body = json!({ "vending_strategy": { "AwsStatic": { "access_key_id": "a", "secret_access_key": "b" } } });
    let changed = host.update(&stored(), &body).unwrap();
    assert_eq!(changed.strategy.as_deref(), Some("AwsStatic"));
    assert_eq!(changed.text("session_tags"), None, "AwsStatic has no such field");
    assert_eq!(changed.text("role_arn"), Some(ROLE), "known to storage");
}

#[test]
fn vending_can_be_switched_off_at_once_and_not_on_again_without_secrets() {
    let host = Host::default();
    let off = host.update(&stored(), &json!({ "vending_strategy": "None" })).unwrap();
    assert_eq!((off.strategy.clone(), off.identity), (None, BaseIdentity::None));
    assert_eq!(off.secrets.len(), 2);
    let on = host.update(&off, &json!({ "vending_strategy": "AwsSts" })).unwrap_err();
    assert_eq!(fields_of(&on), ["access_key_id", "secret_access_key"]);
}

#[test]
fn a_first_secret_is_welcome_and_the_marker_needs_one() {
    let host = Host::default();
    let bare = host.create(&s3(&json!({ "role_arn": ROLE }), &json!({ "use_sts": true }))).unwrap();
    let keys = json!({ "access_key_id": "a", "secret_access_key": "b", "sts_endpoint": "https://sts.example.com" });
    let changed = host.update(&bare, &json!({ "storage_config": keys })).unwrap();
    assert_eq!(changed.identity, BaseIdentity::Own);
    let marker = json!({ "storage_config": { "secret_access_key": REDACTED } });
    assert_eq!(fields_of(&host.update(&bare, &marker).unwrap_err()), ["secret_access_key"]);
}

#[test]
fn what_cannot_change_is_refused() {
    let host = Host::default();
    for (field, body) in [
        ("id", json!({ "id": "x" })),
        ("tenant_id", json!({ "tenant_id": crate::id::TenantId::DEFAULT })),
        ("base_location", json!({ "base_location": "s3://other/" })),
        ("type", json!({ "storage_config": { "type": "gcs" } })),
        ("name", json!({ "name": "" })),
    ] {
        assert_eq!(fields_of(&host.update(&stored(), &body).unwrap_err()), [field]);
    }
    let moved = host.update(&stored(), &json!({ "storage_config": { "prefix": "x" } })).unwrap();
    assert_eq!(moved.base.as_str(), "s3://my-data-bucket/x/");
}
