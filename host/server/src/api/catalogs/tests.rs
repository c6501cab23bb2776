use axum::http::StatusCode;
use pangolin_core::location::Location;
use serde_json::json;

use super::name::check_catalog_name;
use super::wire::{CreateCatalog, UpdateCatalog, base_in, require_local};

fn warehouse() -> Location {
    Location::parse("s3://lake/acme").unwrap()
}

fn refused(asked: &str) -> (StatusCode, String) {
    let error = base_in(&warehouse(), "sales", Some(&asked.to_owned())).unwrap_err();
    (error.status, error.problems[0].field.clone())
}

#[test]
fn names_are_plain_path_segments() {
    for good in ["sales", "Sales_2.0-eu", "a", "v1x", "default"] {
        assert!(check_catalog_name(good).is_ok(), "{good}");
    }
    for bad in ["", "a b", "a/b", "ä", "a%2f", "a\u{1f}b", "v1", "V1", "config", "oauth", ".", "..", &"x".repeat(129)]
    {
        let error = check_catalog_name(bad).unwrap_err();
        assert_eq!(
            (error.status, error.problems[0].field.as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "name"),
            "{bad}"
        );
    }
}

#[test]
fn without_a_location_it_is_the_name_below_the_warehouse() {
    assert_eq!(base_in(&warehouse(), "sales", None).unwrap().as_str(), "s3://lake/acme/sales");
}

#[test]
fn a_location_inside_is_kept_without_its_slash() {
    for (asked, kept) in [
        ("s3://lake/acme/eu/sales/", "s3://lake/acme/eu/sales"),
        ("s3a://lake/acme/x", "s3a://lake/acme/x"),
        ("s3://lake/acme", "s3://lake/acme"),
    ] {
        assert_eq!(base_in(&warehouse(), "sales", Some(&asked.to_owned())).unwrap().as_str(), kept);
    }
}

#[test]
fn a_location_outside_or_ambiguous_is_refused() {
    let field = "storage_location".to_owned();
    for outside in ["s3://lake/acme2/x", "s3://lake", "s3://other/acme/x", "gs://lake/acme/x"] {
        assert_eq!(refused(outside), (StatusCode::UNPROCESSABLE_ENTITY, field.clone()), "{outside}");
    }
    for ambiguous in
        ["s3://lake/acme/../other", "s3://lake/acme//x", "lake/acme", "s3://lake/acme/x?y", "ftp://lake/acme"]
    {
        assert_eq!(refused(ambiguous), (StatusCode::BAD_REQUEST, field.clone()), "{ambiguous}");
    }
}

#[test]
fn federated_catalogs_are_refused() {
    for local in [None, Some("Local"), Some("local")] {
        assert!(require_local(local, None).is_ok());
    }
    assert!(require_local(None, Some(&json!(null))).is_ok());
    assert!(require_local(Some("Federated"), None).is_err());
    assert!(require_local(None, Some(&json!({"properties": {}}))).is_err());
}

#[test]
fn both_spellings_are_read_and_unknown_fields_refused() {
    for (warehouse, location) in [("warehouse_name", "storage_location"), ("warehouse-name", "storage-location")] {
        let body = json!({"name": "c", warehouse: "w", location: "s3://lake/acme/c", "properties": {"a": "b"}});
        let asked: CreateCatalog = serde_json::from_value(body).unwrap();
        assert_eq!(asked.warehouse_name.as_deref(), Some("w"));
        assert!(asked.storage_location.is_some());
    }
    assert!(serde_json::from_value::<CreateCatalog>(json!({"name": "c", "owner": "x"})).is_err());
    assert!(serde_json::from_value::<UpdateCatalog>(json!({"name": "renamed"})).is_err());
}
