use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// IAM as documented: a pattern's `*` is any text, `?` any character, `${*}`, `${?}` and `${$}`
/// the characters themselves; any other variable matches nothing here.
fn matches(pattern: &str, text: &str) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Token {
        Any,
        One,
        Char(char),
    }
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let escaped = ["${*}", "${?}", "${$}"].into_iter().find(|escape| rest.starts_with(escape));
        assert!(escaped.is_some() || !rest.starts_with("${"), "a variable: {pattern}");
        tokens.push(match (escaped, c) {
            (Some(escape), _) => Token::Char(escape.chars().nth(2).unwrap()),
            (None, '*') => Token::Any,
            (None, '?') => Token::One,
            (None, c) => Token::Char(c),
        });
        rest = &rest[escaped.map_or(c.len_utf8(), str::len)..];
    }
    let text: Vec<char> = text.chars().collect();
    // reach[i]: the tokens so far match the first i characters.
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for token in tokens {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match token {
                Token::Any => reach[..=at].contains(&true),
                Token::One => at > 0 && reach[at - 1],
                Token::Char(c) => at > 0 && reach[at - 1] && text[at - 1] == c,
            };
        }
        reach = next;
    }
    reach[text.len()]
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().map(|item| item.as_str().unwrap()).collect(),
        other => panic!("neither text nor list: {other}"),
    }
}

/// Whether the policy allows the action on the resource, with these values of condition keys.
fn allows(policy: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap();
    policy["Statement"].as_array().unwrap().iter().any(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        let holds = |key: &str, patterns: &Value| {
            let value = context.iter().find(|(name, _)| *name == key);
            value.is_some_and(|(_, value)| texts(patterns).iter().any(|pattern| matches(pattern, value)))
        };
        texts(&statement["Action"]).contains(&action)
            && texts(&statement["Resource"]).iter().any(|pattern| matches(pattern, resource))
            && statement["Condition"]["StringLike"]
                .as_object()
                .is_none_or(|keys| keys.iter().all(|(key, patterns)| holds(key, patterns)))
    })
}

fn object(policy: &str, action: &str, key: &str) -> bool {
    allows(policy, action, &format!("arn:aws:s3:::b/{key}"), &[])
}

fn lists(policy: &str, prefix: &str) -> bool {
    allows(policy, "s3:ListBucket", "arn:aws:s3:::b", &[("s3:prefix", prefix)])
}

fn scope(location: &str, access: Access) -> Scope {
    Scope { location: location.to_owned(), access }
}

fn policy(scopes: &[Scope]) -> String {
    build("aws", scopes, &Kms::None).unwrap()
}

#[test]
fn the_matcher_itself() {
    assert!(matches("a*c", "ac") && matches("a*c", "abbc") && !matches("a*c", "ab"));
    assert!(matches("a?c", "abc") && !matches("a?c", "ac"));
    assert!(matches("a${*}c", "a*c") && !matches("a${*}c", "abc"));
}

#[test]
fn rights_are_those_of_the_access() {
    let actions = [
        ("s3:GetObject", [true, true, true]),
        ("s3:PutObject", [false, true, true]),
        ("s3:AbortMultipartUpload", [false, true, true]),
        ("s3:ListMultipartUploadParts", [false, true, true]),
        ("s3:DeleteObject", [false, false, true]),
        ("s3:PutObjectAcl", [false; 3]),
        ("s3:DeleteObjectVersion", [false; 3]),
    ];
    for (at, access) in [Access::READ, Access::READ_WRITE, Access::FULL].into_iter().enumerate() {
        let policy = policy(&[scope("s3://b/t/", access)]);
        for (action, expected) in actions {
            assert_eq!(object(&policy, action, "t/x"), expected[at], "{action} {access:?}");
        }
        assert!(lists(&policy, "t/") && lists(&policy, "t/data/") && !lists(&policy, "t") && !lists(&policy, ""));
        assert!(!allows(&policy, "s3:ListBucket", "arn:aws:s3:::b", &[]), "a listing without a prefix");
        assert!(allows(&policy, "s3:GetBucketLocation", "arn:aws:s3:::b", &[]));
    }
}

#[test]
fn a_delete_without_write_deletes_only() {
    let access = Access { read: true, write: false, delete: true };
    let policy = policy(&[scope("s3://b/t/", access)]);
    assert!(object(&policy, "s3:DeleteObject", "t/x") && !object(&policy, "s3:PutObject", "t/x"));
}

#[test]
fn nothing_is_ever_unscoped() {
    assert_eq!(build("aws", &[], &Kms::None).unwrap_err().code, "no-scope");
    for (location, code) in [
        ("s3://b/t", "bad-location"),
        ("s3://", "bad-location"),
        ("s3:///t/", "bad-location"),
        ("s3://b*/t/", "bad-location"),
        ("s3://${x}/t/", "bad-location"),
        ("gs://b/t/", "scheme-unsupported"),
        ("file:///t/", "bad-location"),
    ] {
        let one_is_bad = [scope("s3://b/good/", Access::READ), scope(location, Access::READ)];
        assert_eq!(build("aws", &one_is_bad, &Kms::None).unwrap_err().code, code, "{location}");
    }
    for access in [Access::default(), Access { read: false, write: true, delete: true }] {
        let error = build("aws", &[scope("s3://b/t/", access)], &Kms::None).unwrap_err();
        assert_eq!(error.code, "access-unsupported");
    }
}

#[test]
fn each_scope_keeps_its_own_access() {
    let policy = policy(&[scope("s3://b/t/", Access::FULL), scope("s3a://b/other/", Access::READ)]);
    assert!(object(&policy, "s3:PutObject", "t/x") && !object(&policy, "s3:PutObject", "other/x"));
    assert!(object(&policy, "s3:GetObject", "other/x") && lists(&policy, "other/") && lists(&policy, "t/"));
    assert!(!allows(&policy, "s3:ListBucketMultipartUploads", "arn:aws:s3:::b", &[("s3:prefix", "other/")]));
}

#[test]
fn a_scope_within_another_costs_nothing() {
    let root = scope("s3://b/t/", Access::FULL);
    let inner = scope("s3://b/t/data/", Access::READ);
    assert_eq!(policy(&[root.clone(), inner.clone()]), policy(std::slice::from_ref(&root)));
    assert_eq!(policy(&[inner, root.clone()]), policy(&[root]));
    let wider = [scope("s3://b/t/", Access::READ), scope("s3://b/t/data/", Access::READ_WRITE)];
    let policy = policy(&wider);
    assert!(object(&policy, "s3:PutObject", "t/data/x") && !object(&policy, "s3:PutObject", "t/x"));
}

#[test]
fn a_whole_bucket_is_one_bucket() {
    let policy = policy(&[scope("s3://b/", Access::READ)]);
    assert!(object(&policy, "s3:GetObject", "any/x"));
    assert!(allows(&policy, "s3:ListBucket", "arn:aws:s3:::b", &[]));
    assert!(!allows(&policy, "s3:GetObject", "arn:aws:s3:::b2/x", &[]));
    assert!(!allows(&policy, "s3:ListBucket", "arn:aws:s3:::b2", &[]));
}

#[test]
fn keys_are_bound_to_the_scopes() {
    let scopes = [scope("s3://b/t/", Access::READ_WRITE), scope("s3://b/r/", Access::READ)];
    let policy = build("aws", &scopes, &Kms::ByEncryptionContext).unwrap();
    let via = |service: &str, action: &str, arn: &str| {
        let context = [("kms:ViaService", service), ("kms:EncryptionContext:aws:s3:arn", arn)];
        allows(&policy, action, "arn:aws:kms:eu-central-1:123456789012:key/1", &context)
    };
    let s3 = "s3.eu-central-1.amazonaws.com";
    assert!(via(s3, "kms:Decrypt", "arn:aws:s3:::b/t/x") && via(s3, "kms:Decrypt", "arn:aws:s3:::b/r/x"));
    assert!(via(s3, "kms:GenerateDataKey", "arn:aws:s3:::b/t/x"));
    assert!(!via(s3, "kms:GenerateDataKey", "arn:aws:s3:::b/r/x"));
    assert!(!via(s3, "kms:Decrypt", "arn:aws:s3:::b/t2/x") && !via(s3, "kms:Decrypt", "arn:aws:s3:::c"));
    assert!(!via("ec2.eu-central-1.amazonaws.com", "kms:Decrypt", "arn:aws:s3:::b/t/x"));
    assert!(!allows(&policy, "kms:Decrypt", "arn:aws:kms:x:1:key/1", &[]));
}

#[test]
fn a_policy_that_is_too_long_is_an_error_that_names_the_bytes() {
    let long = format!("s3://b/{}/", "k".repeat(1000));
    let text = policy(&[scope(&long, Access::FULL)]);
    let error = budget::check(&text, &[]).unwrap_err();
    assert_eq!(error.code, "policy-too-large");
    assert!(error.message.contains(&text.len().to_string()), "{}", error.message);
}

#[test]
fn deep_names_still_fit() {
    // Fourteen levels of 32 characters.
    let deep = format!("s3://warehouse/{}", format!("{}/", "n".repeat(32)).repeat(14));
    let text = policy(&[scope(&deep, Access::FULL)]);
    assert!(budget::check(&text, &[]).is_ok(), "{} bytes", text.len());
}

/// Names as people and attackers give them.
fn key() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => "[a-z0-9*?$\"'% {}\\[\\],:+=&<>@~^|!()éß日本😀]{1,12}",
        1 => Just("${aws:username}".to_owned()),
        1 => Just("\"},{\"Effect\":\"Allow\",\"Action\":\"*\"".to_owned()),
        1 => "[^/\\p{Cc}\\\\]{1,8}",
    ];
    proptest::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"))
}

/// The key with one character taken away, put in or changed.
fn neighbour(key: &str, at: usize, c: char, how: u8) -> String {
    let mut chars: Vec<char> = key.chars().collect();
    let at = at % chars.len();
    match how % 3 {
        0 => drop(chars.remove(at)),
        1 => chars.insert(at, c),
        _ => chars[at] = c,
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_policy_opens_exactly_what_is_below_the_key(
        key in key(),
        other in key(),
        file in "[a-z*?$é./]{1,8}",
        at in any::<usize>(),
        c in prop_oneof![Just('*'), Just('?'), Just('$'), Just('x'), Just('/'), any::<char>()],
        how in any::<u8>(),
    ) {
        let text = policy(&[scope(&format!("s3://b/{key}/"), Access::FULL)]);
        prop_assert!(text.is_ascii() && !text.contains('\n'));
        let root = format!("{key}/");
        let near = neighbour(&key, at, c, how);
        let parent = key.rsplit_once('/').map_or("", |(parent, _)| parent);
        for candidate in [
            format!("{key}/{file}"), key.clone(), format!("{key}2/{file}"), format!("{key}{file}"),
            format!("{parent}/{file}"), format!("{near}/{file}"), format!("{other}/{file}"), file.clone(), near,
        ] {
            let below = candidate.starts_with(&root);
            for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] {
                prop_assert_eq!(object(&text, action, &candidate), below, "{} {}", action, candidate);
            }
            prop_assert_eq!(lists(&text, &candidate), below, "list {}", candidate);
        }
        let elsewhere = format!("arn:aws:s3:::b2/{key}/{file}");
        prop_assert!(!allows(&text, "s3:GetObject", &elsewhere, &[]));
    }

    #[test]
    fn any_location_gives_a_policy_or_an_error(location in any::<String>(), read in any::<bool>()) {
        let access = Access { read, ..Access::FULL };
        if let Ok(text) = build("aws", &[scope(&location, access)], &Kms::ByEncryptionContext) {
            prop_assert!(read && text.is_ascii());
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
