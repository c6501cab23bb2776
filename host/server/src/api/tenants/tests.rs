use axum::http::StatusCode;
use serde_json::json;

use super::check_name;
use super::host_identity::HostIdentity;
use super::wire::{CreateTenant, UpdateTenant};

#[test]
fn an_identifier_may_be_sent_and_unknown_fields_are_refused_by_name() {
    let id = "11111111-2222-3333-4444-555555555555";
    let asked: CreateTenant = serde_json::from_value(json!({"name": "acme", "id": id})).unwrap();
    assert_eq!(asked.id.unwrap().to_string(), id);
    assert!(serde_json::from_value::<CreateTenant>(json!({"name": "acme", "id": "not-a-uuid"})).is_err());
    let error = serde_json::from_value::<CreateTenant>(json!({"name": "acme", "owner": "x"})).unwrap_err();
    assert!(error.to_string().contains("`owner`"), "{error}");
    assert!(serde_json::from_value::<UpdateTenant>(json!({"id": id})).is_err());
}

#[test]
fn names_that_look_like_others_are_refused() {
    for good in ["acme-corp", "Ärzte 12", "a"] {
        assert!(check_name("name", good).is_ok(), "{good}");
    }
    for bad in ["", " acme", "acme ", "ac\nme", "ac\u{0}me", &"x".repeat(129)] {
        let error = check_name("username", bad).unwrap_err();
        assert_eq!(error.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(error.problems[0].field, "username");
    }
}

#[test]
fn all_wrong_pins_are_named_at_once() {
    let pins = HostIdentity {
        roles: vec!["arn:aws:iam::1:role/fine".into(), " blank".into()],
        bases: vec!["s3://bucket/a/../b".into(), "s3://fine".into(), "bucket".into()],
    };
    let error = pins.check().unwrap_err();
    let fields: Vec<_> = error.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["roles[1]", "bases[0]", "bases[2]"]);
}

#[test]
fn pins_keep_their_text() {
    let pins = HostIdentity { roles: vec!["arn:aws:iam::1:role/r".into()], bases: vec!["s3a://Bucket/x/".into()] };
    assert_eq!(HostIdentity::from(pins.clone().check().unwrap()), pins);
}
