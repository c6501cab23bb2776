mod scenarios;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{TooWide, session_policy};
use crate::access::{Access, Scope};
use crate::location::Location;

fn scope(location: &str, access: Access) -> Scope {
    Scope { location: Location::parse(location).unwrap().as_directory(), access }
}

fn orders(access: Access) -> Vec<Scope> {
    vec![scope("s3://lake/sales/orders", access)]
}

/// What an honest strategy would send for one location.
fn honest(bucket: &str, key: &str, access: Access) -> String {
    let escaped: String = key
        .chars()
        .map(|c| match c {
            '*' | '?' | '$' => format!("${{{c}}}"),
            c => c.to_string(),
        })
        .collect();
    let slash = if key.is_empty() { "" } else { "/" };
    let mut objects = vec![];
    let mut listing = vec!["s3:ListBucket"];
    if access.read {
        objects.push("s3:GetObject");
    }
    if access.write {
        objects.extend(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]);
        listing.push("s3:ListBucketMultipartUploads");
    }
    if access.delete {
        objects.push("s3:DeleteObject");
    }
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": objects, "Resource": format!("arn:aws:s3:::{bucket}/{escaped}{slash}*")},
        {"Effect": "Allow", "Action": listing, "Resource": format!("arn:aws:s3:::{bucket}"),
         "Condition": {"StringLike": {"s3:prefix": [format!("{escaped}{slash}"), format!("{escaped}{slash}*")]}}},
        {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": format!("arn:aws:s3:::{bucket}")},
    ]})
    .to_string()
}

fn one(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

fn judge(statement: &Value) -> Result<(), TooWide> {
    session_policy(&one(statement), &orders(Access::FULL)).map(drop)
}

#[test]
fn the_honest_policy_passes_and_is_returned_as_sent() {
    for access in [Access::READ, Access::READ_WRITE, Access::FULL] {
        let policy = honest("lake", "sales/orders", access);
        assert_eq!(session_policy(&policy, &orders(access)).unwrap().policy(), policy);
    }
    let two = [scope("s3://lake/a", Access::READ), scope("s3a://other/b", Access::READ)];
    assert!(session_policy(&honest("other", "b", Access::READ), &two).is_ok());
}

#[test]
fn more_access_than_the_scope_has_is_refused() {
    let policy = honest("lake", "sales/orders", Access::FULL);
    assert!(matches!(session_policy(&policy, &orders(Access::READ_WRITE)), Err(TooWide::Resource { .. })));
    assert!(session_policy(&honest("lake", "sales/orders", Access::READ_WRITE), &orders(Access::READ)).is_err());
    // The rights of one scope do not help another.
    let mixed = [scope("s3://lake/a", Access::FULL), scope("s3://lake/b", Access::READ)];
    assert!(session_policy(&honest("lake", "b", Access::READ_WRITE), &mixed).is_err());
    assert!(session_policy(&honest("lake", "a", Access::FULL), &[]).is_err());
}

#[test]
fn neighbours_parents_and_other_buckets_are_refused() {
    for (bucket, key) in [
        ("lake", "sales/orders2"),
        ("lake", "sales"),
        ("lake", ""),
        ("lake", "orders"),
        ("lake2", "sales/orders"),
        ("lake*", "sales/orders"),
        ("*", "sales/orders"),
        ("lake", "Sales/orders"),
        ("lake", "sales/orders/../x"),
    ] {
        assert!(session_policy(&honest(bucket, key, Access::READ), &orders(Access::FULL)).is_err(), "{bucket} {key}");
    }
    for resource in [
        "*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::lake/*",
        "arn:aws:s3:::lake/sales/orders",
        "arn:aws:s3:::lake/sales/orders*",
        "arn:aws:s3:::lake/sales/order?/*",
        "arn:aws:s3:::lake/${aws:username}/*",
        "arn:aws:s3:::lake",
        "arn:*:s3:::lake/sales/orders/*",
        "arn:aws:s3:::lake/sales/${*}/*",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/x/object/*",
        "arn:aws:s3::*:lake/sales/orders/*",
    ] {
        let statement = json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}]);
        assert!(judge(&statement).is_err(), "{resource}");
        // One good resource does not cover for a bad one.
        let both = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::lake/sales/orders/*", resource]});
        assert!(judge(&both).is_err(), "{resource}");
    }
}

#[test]
fn actions_are_exact() {
    for action in [
        "*",
        "s3:*",
        "s3:Get*",
        "s3:GetObject*",
        "s3:GetObjectAcl",
        "s3:PutObjectAcl",
        "s3:DeleteBucket",
        "iam:PassRole",
        "s3:getobject?",
        "",
    ] {
        let statement = json!({"Effect": "Allow", "Action": ["s3:GetObject", action], "Resource": "arn:aws:s3:::lake/sales/orders/*"});
        assert!(matches!(judge(&statement), Err(TooWide::Action(_))), "{action}");
    }
}

#[test]
fn listings_need_a_prefix_that_ends_in_a_slash() {
    let listing = |condition: Value| json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::lake", "Condition": condition});
    for operator in ["StringLike", "StringEquals"] {
        for value in [json!("sales/orders/"), json!(["sales/orders/*", "sales/orders/data/"])] {
            assert!(judge(&listing(json!({operator: {"s3:prefix": value}}))).is_ok(), "{operator} {value}");
        }
        for value in [
            json!("sales/orders"),
            json!("*"),
            json!(""),
            json!(["sales/orders/*", "sales/orders*"]),
            json!("sales/"),
            json!([]),
            json!("${s3:prefix}"),
        ] {
            assert!(judge(&listing(json!({operator: {"s3:prefix": value}}))).is_err(), "{operator} {value}");
        }
    }
    for condition in [
        json!({"StringNotLike": {"s3:prefix": "sales/orders/*"}}),
        json!({"StringLikeIfExists": {"s3:prefix": "sales/orders/*"}}),
        json!({"ForAllValues:StringLike": {"s3:prefix": "sales/orders/*"}}),
        json!({"StringLike": {"s3:delimiter": "/"}}),
        json!({"StringLike": {"s3:prefix": "sales/orders/*", "S3:Prefix": "*"}}),
        json!({"StringLike": {}}),
        json!({}),
        json!([]),
    ] {
        assert!(judge(&listing(condition.clone())).is_err(), "{condition}");
    }
    let unlimited = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::lake"});
    assert!(matches!(judge(&unlimited), Err(TooWide::UnlimitedListing(_))));
    // A whole bucket may be listed as a whole, if it is the scope.
    let whole = [scope("s3://lake", Access::READ)];
    assert!(session_policy(&one(&unlimited), &whole).is_ok());
    assert!(session_policy(&honest("lake", "", Access::READ), &whole).is_ok());
    assert!(session_policy(&honest("lake", "any/thing", Access::READ), &whole).is_ok());
}

#[test]
fn keys_are_named_or_bound_to_s3_and_the_scope() {
    let keys = |resource: &str, condition: Option<Value>| {
        let mut statement =
            json!({"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": resource});
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        judge(&statement)
    };
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert!(keys(key, None).is_ok());
    for resource in [
        "*",
        "arn:aws:kms:*:*:key/*",
        "arn:aws:kms:eu-west-1:123456789012:key/*",
        "arn:aws:kms:eu-west-1:123456789012:alias/x",
    ] {
        assert!(keys(resource, None).is_err(), "{resource}");
    }
    let bound = |service: &str, context: &str| {
        Some(
            json!({"StringEquals": {"kms:ViaService": service}, "StringLike": {"kms:EncryptionContext:aws:s3:arn": context}}),
        )
    };
    assert!(keys("*", bound("s3.eu-west-1.amazonaws.com", "arn:aws:s3:::lake/sales/orders/*")).is_ok());
    assert!(keys("*", bound("s3.eu-west-1.amazonaws.com", "arn:aws:s3:::lake")).is_ok());
    assert!(keys("*", bound("s3.eu-west-1.amazonaws.com", "arn:aws:s3:::lake/*")).is_err());
    assert!(keys("*", bound("*", "arn:aws:s3:::lake/sales/orders/*")).is_err());
    assert!(keys("*", bound("ebs.eu-west-1.amazonaws.com", "arn:aws:s3:::lake/sales/orders/*")).is_err());
    assert!(keys("*", Some(json!({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}))).is_err());
    let policy = one(&json!({"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key}));
    assert!(session_policy(&policy, &orders(Access::READ)).is_err());
}

#[test]
fn the_language_is_read_strictly() {
    let allow = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::lake/sales/orders/*"}"#;
    assert!(
        session_policy(&format!(r#"{{"Version":"2012-10-17","Id":"x","Statement":[{allow}]}}"#), &orders(Access::READ))
            .is_ok()
    );
    for policy in [
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        format!("[{allow}]"),
        format!(r#"{{"Statement":[{allow}]}}"#),
        format!(r#"{{"Version":"2008-10-17","Statement":[{allow}]}}"#),
        r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(),
        format!(r#"{{"Version":"2012-10-17","Version":"2012-10-17","Statement":[{allow}]}}"#),
        format!(r#"{{"Version":"2012-10-17","Statement":[{allow}],"statement":[]}}"#),
        format!(r#"{{"Version":"2012-10-17","Statement":[{allow}],"Extra":1}}"#),
        format!(r#"{{"Version":"2012-10-17","Statement":[{allow}]}} x"#),
        format!(r#"{{"Version":"2012-10-17","Statement":{}}}"#, "[".repeat(500)),
        "x".repeat(70_000),
    ] {
        assert!(session_policy(&policy, &orders(Access::READ)).is_err(), "{policy:.100}");
    }
    for (from, to) in [
        (r#""Resource""#, r#""NotResource""#),
        (r#""Action""#, r#""NotAction""#),
        ("Allow", "allow"),
        ("Allow", ""),
        (r#""Effect":"Allow","#, r#""Effect":"Allow","Principal":"*","#),
        (r#""Effect":"Allow","#, ""),
        (r#""Effect":"Allow","#, r#""Effect":"Deny","Effect":"Allow","#),
        (r#""Effect":"Allow","#, r#""Effect":"Allow","Resource":"*","#),
    ] {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":{}}}"#, allow.replacen(from, to, 1));
        assert!(session_policy(&policy, &orders(Access::READ)).is_err(), "{policy}");
    }
    // Kinds are not mixed: a condition for one may mean nothing to the other.
    let mixed = json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::lake/sales/orders/*"});
    assert!(matches!(judge(&mixed), Err(TooWide::Mixed(_))));
}

#[test]
fn a_denial_may_say_what_it_likes_in_known_words() {
    assert!(judge(&json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})).is_ok());
    assert!(judge(&json!({"Effect": "Deny", "NotAction": "*", "Resource": "*"})).is_err());
    assert!(judge(&json!({"Effect": "Deny", "Action": "*"})).is_err());
}

/// Keys that a location may have, with what IAM treats specially.
fn key() -> impl Strategy<Value = String> {
    proptest::collection::vec("[a-zA-Z0-9*?$ {}'\"%:=é._-]{1,8}", 1..4)
        .prop_map(|segments| segments.join("/"))
        .prop_filter("a location", |key| Location::parse(&format!("s3://lake/{key}")).is_ok())
}

fn access() -> impl Strategy<Value = Access> {
    (any::<bool>(), any::<bool>()).prop_map(|(write, delete)| Access { read: true, write, delete })
}

proptest! {
    #[test]
    fn honest_for_its_own_scope_only(key in key(), other in key(), access in access(), held in access()) {
        let own = [scope(&format!("s3://lake/{key}"), access)];
        let policy = honest("lake", &key, access);
        prop_assert!(session_policy(&policy, &own).is_ok(), "{}", policy);
        for wider in [format!("{key}2"), format!("{key}*"), format!("x{key}")] {
            prop_assert!(session_policy(&honest("lake", &wider, access), &own).is_err());
        }
        if let Some((parent, _)) = key.rsplit_once('/') {
            prop_assert!(session_policy(&honest("lake", parent, access), &own).is_err());
        }
        prop_assert!(session_policy(&honest("lakes", &key, access), &own).is_err());
        let below = other == key || other.starts_with(&format!("{key}/"));
        prop_assert_eq!(session_policy(&honest("lake", &other, access), &own).is_ok(), below);
        let narrower = [scope(&format!("s3://lake/{key}"), held)];
        prop_assert_eq!(session_policy(&policy, &narrower).is_ok(), held.covers(access));
    }

    #[test]
    fn an_unescaped_glob_never_opens_more(key in key()) {
        let unescaped = one(&json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::lake/{key}/*")}));
        let own = [scope(&format!("s3://lake/{key}"), Access::READ)];
        let special = key.contains(['*', '?']) || key.contains("${");
        prop_assert_eq!(session_policy(&unescaped, &own).is_ok(), !special, "{}", key);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = session_policy(&text, &orders(Access::FULL));
        let _ = session_policy(&one(&json!({"Effect": "Allow", "Action": text, "Resource": text})), &orders(Access::FULL));
        let _ = session_policy(&one(&json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": text})), &orders(Access::FULL));
        let listing = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::lake", "Condition": {"StringLike": {"s3:prefix": text}}});
        let _ = session_policy(&one(&listing), &orders(Access::FULL));
    }
}
