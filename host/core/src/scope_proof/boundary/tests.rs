use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::location::Location;

fn scope(location: &str, access: Access) -> Scope {
    Scope { location: Location::parse(location).unwrap().as_directory(), access }
}

fn orders(access: Access) -> Vec<Scope> {
    vec![scope("gs://lake/sales/orders/", access)]
}

fn expression(bucket: &str, key: &str) -> String {
    format!(
        "resource.name.startsWith('projects/_/buckets/{bucket}/objects/{key}') || \
         api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('{key}')"
    )
}

fn rule(role: &str, expression: &str) -> Value {
    json!({
        "availableResource": "//storage.googleapis.com/projects/_/buckets/lake",
        "availablePermissions": [format!("inRole:roles/storage.{role}")],
        "availabilityCondition": {"expression": expression},
    })
}

fn boundary(rules: &[Value]) -> String {
    json!({"accessBoundary": {"accessBoundaryRules": rules}}).to_string()
}

fn one(role: &str, key: &str) -> String {
    boundary(&[rule(role, &expression("lake", key))])
}

#[test]
fn the_scope_itself_and_what_lies_below_pass() {
    for key in ["sales/orders/", "sales/orders/data/"] {
        let text = one("objectViewer", key);
        assert_eq!(access_boundary(&text, &orders(Access::READ)).unwrap().boundary(), text);
    }
    let whole = [scope("gs://lake", Access::READ)];
    for key in ["", "sales/", "x/y/"] {
        assert!(access_boundary(&one("objectViewer", key), &whole).is_ok(), "{key}");
    }
}

#[test]
fn wider_or_other_prefixes_do_not() {
    for key in [
        "",
        "/",
        "s",
        "sales",
        "sales/",
        "sales/orders",
        "sales/orders2/",
        "sales/order",
        "Sales/orders/",
        "sales/orders/../",
        "sales/orders/./x/",
        "sales/orders//",
        "sales/orders/x",
        "sales/orders/a\\\\b/",
        "sales/orders/a\\nb/",
    ] {
        let refused = access_boundary(&one("objectViewer", key), &orders(Access::FULL)).unwrap_err();
        assert!(matches!(refused, BoundaryTooWide::Prefix { .. }), "{key}: {refused}");
    }
    let elsewhere = boundary(&[rule("objectViewer", &expression("other", "sales/orders/"))]);
    assert!(access_boundary(&elsewhere, &orders(Access::FULL)).is_err());
    // The list prefix of another bucket's rule is that bucket's.
    let other_bucket = one("objectViewer", "sales/orders/").replace("buckets/lake\"", "buckets/other\"");
    let refused = access_boundary(&other_bucket, &orders(Access::FULL)).unwrap_err();
    assert!(matches!(refused, BoundaryTooWide::Resource(_)), "{refused}");
}

#[test]
fn every_alternative_must_keep_inside() {
    let inside = expression("lake", "sales/orders/");
    let outside = "resource.name.startsWith('projects/_/buckets/lake/objects/')";
    for text in [format!("{inside} || {outside}"), format!("{outside} || {inside}")] {
        assert!(access_boundary(&boundary(&[rule("objectViewer", &text)]), &orders(Access::READ)).is_err(), "{text}");
    }
    let narrowed = format!("{outside} && resource.name.startsWith('projects/_/buckets/lake/objects/sales/orders/')");
    assert!(access_boundary(&boundary(&[rule("objectViewer", &narrowed)]), &orders(Access::READ)).is_ok());
    let second = [rule("objectViewer", &inside), rule("objectViewer", outside)];
    assert!(access_boundary(&boundary(&second), &orders(Access::READ)).is_err());
}

#[test]
fn roles_need_their_access() {
    let write_only = Access { write: true, ..Access::NONE };
    let no_write = Access { write: false, ..Access::FULL };
    let no_delete = Access::READ_WRITE;
    for (role, enough, too_little) in [
        ("objectViewer", Access::READ, write_only),
        ("legacyObjectReader", Access::READ, write_only),
        ("legacyBucketReader", Access::READ, write_only),
        ("objectCreator", write_only, no_write),
        ("objectUser", Access::FULL, no_delete),
        ("legacyBucketWriter", Access::FULL, no_delete),
    ] {
        let text = one(role, "sales/orders/");
        assert!(access_boundary(&text, &orders(enough)).is_ok(), "{role}");
        assert!(access_boundary(&text, &orders(too_little)).is_err(), "{role}");
    }
    for permission in [
        "inRole:roles/storage.objectAdmin",
        "inRole:roles/storage.legacyObjectOwner",
        "inRole:roles/storage.admin",
        "inRole:roles/owner",
        "inRole:projects/p/roles/custom",
        "inrole:roles/storage.objectViewer",
        "roles/storage.objectViewer",
        "storage.objects.get",
        "",
    ] {
        let text = one("objectViewer", "sales/orders/").replace("inRole:roles/storage.objectViewer", permission);
        let refused = access_boundary(&text, &orders(Access::FULL)).unwrap_err();
        assert!(matches!(refused, BoundaryTooWide::Role(_)), "{permission}: {refused}");
    }
}

#[test]
fn the_access_of_one_scope_is_not_that_of_another() {
    let scopes = [scope("gs://lake/a/", Access::FULL), scope("gs://lake/b/", Access::READ)];
    let reads = format!("{} || {}", expression("lake", "a/"), expression("lake", "b/"));
    assert!(access_boundary(&boundary(&[rule("objectViewer", &reads)]), &scopes).is_ok());
    assert!(access_boundary(&boundary(&[rule("objectUser", &reads)]), &scopes).is_err());
    let both_roles = json!({
        "availableResource": "//storage.googleapis.com/projects/_/buckets/lake",
        "availablePermissions": ["inRole:roles/storage.objectViewer", "inRole:roles/storage.objectCreator"],
        "availabilityCondition": {"expression": expression("lake", "b/")},
    });
    assert!(access_boundary(&boundary(&[both_roles]), &scopes).is_err());
}

#[test]
fn a_rule_has_a_condition_and_a_boundary_has_rules() {
    let mut unlimited = rule("objectViewer", "");
    unlimited.as_object_mut().unwrap().remove("availabilityCondition");
    let empty_condition = json!({"availabilityCondition": {"title": "x"}, "availablePermissions":
        ["inRole:roles/storage.objectViewer"], "availableResource": "//storage.googleapis.com/projects/_/buckets/lake"});
    for rule in [unlimited, empty_condition] {
        let refused = access_boundary(&boundary(&[rule]), &orders(Access::FULL)).unwrap_err();
        assert_eq!(refused, BoundaryTooWide::Unlimited);
    }
    assert_eq!(access_boundary(&boundary(&[]), &orders(Access::FULL)), Err(BoundaryTooWide::Rules(0)));
    let good = rule("objectViewer", &expression("lake", "sales/orders/"));
    assert!(access_boundary(&boundary(&vec![good.clone(); 10]), &orders(Access::READ)).is_ok());
    assert_eq!(access_boundary(&boundary(&vec![good; 11]), &orders(Access::READ)), Err(BoundaryTooWide::Rules(11)));
    let long = format!("{}{}", expression("lake", "sales/orders/"), " ".repeat(2_048));
    assert!(access_boundary(&boundary(&[rule("objectViewer", &long)]), &orders(Access::READ)).is_err());
}

#[test]
fn what_is_not_understood_is_too_wide() {
    let good = one("objectViewer", "sales/orders/");
    for text in [
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        good.replace("accessBoundaryRules", "access_boundary_rules"),
        good.replace("{\"accessBoundary\":", "{\"x\":\"y\",\"accessBoundary\":"),
        good.replace("\"availableResource\"", "\"extra\":\"x\",\"availableResource\""),
        good.replace("\"expression\"", "\"expression\":\"true\",\"expression\""),
        good.replace("\"expression\"", "\"location\":\"x\",\"expression\""),
        good.replace("[\"inRole:roles/storage.objectViewer\"]", "\"inRole:roles/storage.objectViewer\""),
        good.replace("[\"inRole:roles/storage.objectViewer\"]", "[]"),
        good.replace("buckets/lake\"", "buckets/lake/managedFolders/x\""),
        good.replace("buckets/lake\"", "buckets/LAKE\""),
        good.replace("//storage.googleapis.com", "//storage.example"),
        good.replace("resource.name", "resource.type"),
        format!("{good} x"),
    ] {
        assert!(access_boundary(&text, &orders(Access::FULL)).is_err(), "{text}");
    }
    assert!(access_boundary(&good, &[]).is_err());
    assert!(access_boundary(&good, &[scope("s3://lake/sales/orders/", Access::FULL)]).is_err());
}

/// A literal of CEL that means the text.
fn literal(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\\' | '\'' => format!("\\{c}"),
            c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
            c => format!("\\U{:08x}", u32::from(c)),
        })
        .collect();
    format!("'{escaped}'")
}

fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just("') || resource.name.startsWith('".to_owned()),
        Just("\\' || '".to_owned()),
        Just("/../".to_owned()),
        Just("/".to_owned()),
        "[a-c]{1,3}",
        "\\PC{1,4}",
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A rule passes only if every name that it lets through begins with the scope's directory.
    #[test]
    fn no_text_widens(text in nasty(), raw in any::<bool>()) {
        let key = format!("sales/orders{text}");
        let quoted = if raw { format!("'{key}'") } else { literal(&key) };
        let expression = format!("api.getAttribute('storage.googleapis.com/objectListPrefix','').startsWith({quoted})");
        let passes = access_boundary(&boundary(&[rule("objectViewer", &expression)]), &orders(Access::READ)).is_ok();
        if passes {
            for alternative in cel::parse(&expression).unwrap() {
                prop_assert!(alternative.iter().any(|atom| atom.prefix().starts_with("sales/orders/")), "{}", expression);
            }
        }
        if !raw {
            prop_assert_eq!(cel::parse(&expression), Some(vec![vec![Atom::ListPrefix(key)]]));
        }
    }

    /// What was escaped is one text again, so a strange directory opens itself and no other.
    #[test]
    fn strange_directories_open_themselves(name in "[a-z'\" |()%é日😀=,.~-]{1,12}") {
        prop_assume!(Location::parse(&format!("gs://lake/{name}/")).is_ok());
        let scopes = [scope(&format!("gs://lake/{name}/"), Access::READ)];
        let of = |key: &str| {
            let quoted = literal(&format!("projects/_/buckets/lake/objects/{key}"));
            boundary(&[rule("objectViewer", &format!("resource.name.startsWith({quoted})"))])
        };
        let (slash, neighbour) = (format!("{name}/"), format!("{name}2/"));
        prop_assert!(access_boundary(&of(&slash), &scopes).is_ok());
        prop_assert!(access_boundary(&of(&name), &scopes).is_err());
        prop_assert!(access_boundary(&of(&neighbour), &scopes).is_err());
    }
}
