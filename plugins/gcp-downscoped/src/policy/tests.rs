use super::evaluator::{Call, allows};
use super::*;

fn scope(location: &str, access: Access) -> Scope {
    Scope { location: location.to_owned(), access }
}

fn one(location: &str, access: Access) -> String {
    build(&[scope(location, access)]).unwrap()
}

#[test]
fn read_gets_and_lists_below_the_table() {
    let boundary = one("gs://lake/sales/orders/", Access::READ);
    assert_eq!(
        boundary,
        concat!(
            r#"{"accessBoundary":{"accessBoundaryRules":[{"availableResource":"//storage.googleapis.com/projects/_/buckets/lake","#,
            r#""availablePermissions":["inRole:roles/storage.objectViewer"],"availabilityCondition":{"expression":"#,
            r#""resource.name.startsWith('projects/_/buckets/lake/objects/sales/orders/') || "#,
            r#"api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('sales/orders/')"}}]}}"#
        )
    );
    assert!(allows(&boundary, "lake", Call::Object("get", "sales/orders/data/a.parquet")));
    assert!(allows(&boundary, "lake", Call::List("sales/orders/")));
    for (permission, object) in
        [("get", "sales/orders2/a"), ("get", "sales/orders"), ("get", "a"), ("create", "sales/orders/a")]
    {
        assert!(!allows(&boundary, "lake", Call::Object(permission, object)), "{permission} {object}");
    }
    for prefix in ["", "sales/", "sales/orders", "sales/orders2/"] {
        assert!(!allows(&boundary, "lake", Call::List(prefix)), "{prefix}");
    }
    assert!(!allows(&boundary, "other", Call::Object("get", "sales/orders/a")));
}

#[test]
fn write_adds_creation_without_deletion() {
    let boundary = one("gs://lake/t/", Access::READ_WRITE);
    for (permission, allowed) in [("get", true), ("create", true), ("delete", false), ("update", false)] {
        assert_eq!(allows(&boundary, "lake", Call::Object(permission, "t/a")), allowed, "{permission}");
        assert!(!allows(&boundary, "lake", Call::Object(permission, "t2/a")), "{permission}");
    }
    assert!(allows(&boundary, "lake", Call::List("t/")) && !allows(&boundary, "lake", Call::List("t")));
}

#[test]
fn delete_comes_with_one_role_for_everything() {
    let boundary = one("gs://lake/t/", Access::FULL);
    for permission in ["get", "create", "delete"] {
        assert!(allows(&boundary, "lake", Call::Object(permission, "t/a")), "{permission}");
        assert!(!allows(&boundary, "lake", Call::Object(permission, "t2/a")), "{permission}");
    }
    assert_eq!(boundary.matches("inRole:").count(), 1);
}

#[test]
fn scopes_within_others_are_left_out() {
    let scopes = [
        scope("gs://lake/t/data/", Access::READ),
        scope("gs://lake/t/", Access::READ),
        scope("gs://other/t/", Access::READ_WRITE),
        scope("gs://lake/t/metadata/", Access::READ_WRITE),
    ];
    let boundary = build(&scopes).unwrap();
    assert_eq!(boundary.matches("availableResource").count(), 5);
    assert!(allows(&boundary, "lake", Call::Object("create", "t/metadata/a")));
    assert!(!allows(&boundary, "lake", Call::Object("create", "t/data/a")));
    assert!(allows(&boundary, "other", Call::Object("create", "t/a")));
}

#[test]
fn what_cannot_be_scoped_is_refused() {
    let write_only = Access { write: true, ..Access::default() };
    let no_write = Access { write: false, ..Access::FULL };
    for (location, access, code) in [
        ("s3://lake/t/", Access::READ, "scheme-unsupported"),
        ("gs://lake/t", Access::READ, "bad-location"),
        ("gs://la'ke/t/", Access::READ, "bad-location"),
        ("gs://lake/t/", write_only, "access-unsupported"),
        ("gs://lake/t/", no_write, "access-unsupported"),
        ("gs://lake/t/", Access::default(), "access-unsupported"),
    ] {
        assert_eq!(build(&[scope(location, access)]).unwrap_err().code, code, "{location}");
    }
    assert_eq!(build(&[]).unwrap_err().code, "no-scope");
}

#[test]
fn googles_bounds_are_named() {
    let many: Vec<Scope> = (0..6).map(|at| scope(&format!("gs://lake/{at}/"), Access::READ_WRITE)).collect();
    let error = build(&many).unwrap_err();
    assert_eq!(error.code, "boundary-too-large");
    assert!(error.message.contains("12 rules"), "{error}");
    assert!(build(&many[..5]).is_ok());
    let error = build(&[scope(&format!("gs://lake/{}/", "x".repeat(1000)), Access::READ)]).unwrap_err();
    assert_eq!(error.code, "boundary-too-large");
    assert!(error.message.contains("2048"), "{error}");
}

#[test]
fn literals_mean_their_text() {
    assert_eq!(literal("a'b\\c\"d"), r#"'a\'b\\c"d'"#);
    assert_eq!(literal("a\nb\u{7f}é😀"), "'a\\u000ab\\u007fé😀'");
}
