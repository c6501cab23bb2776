use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/Vend";
const KEYS: &[&str] = &["access_key_id", "secret_access_key"];

fn config(fields: &str, slots: &[&str]) -> Config {
    Config::parse(fields, slots.iter().map(|&slot| slot.to_owned()).collect()).unwrap()
}

fn with_role(more: &str, slots: &[&str]) -> Config {
    config(&format!(r#"{{"role_arn":"{ROLE}"{more}}}"#), slots)
}

fn refused(config: &Config) -> Vec<String> {
    Settings::read(config).unwrap_err().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_role_is_enough() {
    let config = with_role("", &[]);
    let settings = Settings::read(&config).unwrap();
    assert_eq!((settings.role_arn, settings.partition), (ROLE, "aws"));
    assert_eq!((settings.keys, settings.session_duration, settings.session_tags), (None, None, false));
    assert_eq!(settings.kms, Kms::None);
}

#[test]
fn a_missing_role_is_named() {
    assert_eq!(refused(&config("{}", &[])), ["role_arn"]);
    assert_eq!(refused(&config(r#"{"role_arn":""}"#, &[])), ["role_arn"]);
    assert!(Settings::read(&config("{}", &[])).unwrap_err()[0].message.contains("role_arn is missing"));
}

#[test]
fn roles_of_every_partition_pass() {
    for (arn, partition) in [
        ("arn:aws:iam::000000000000:role/X", "aws"),
        ("arn:aws-cn:iam::123456789012:role/a/b/X", "aws-cn"),
        ("arn:aws-us-gov:iam::123456789012:role/X_y+=,.@-", "aws-us-gov"),
        ("arn:minio:iam:::role/dummy-internal", "aws"),
        ("arn:seaweed:iam::role/X", "aws"),
    ] {
        let config = config(&format!(r#"{{"role_arn":"{arn}"}}"#), &[]);
        assert_eq!(Settings::read(&config).unwrap().partition, partition, "{arn}");
    }
    // At a store's own endpoint AWS's partition without an account is common.
    let text = r#"{"role_arn":"arn:aws:iam::role/X","sts_endpoint":"https://s3.example"}"#;
    assert_eq!(Settings::read(&config(text, KEYS)).unwrap().partition, "aws");
}

#[test]
fn what_is_no_role_is_refused() {
    for arn in [
        "X",
        "arn:aws:iam::123456789012:user/X",
        "arn:aws:iam::12345678901:role/X",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/X*",
        "arn:aws:iam:::role/X",
        "arn:aws:iam::role/X",
        "arn:aws:s3:::bucket",
        "arn::iam::123456789012:role/X",
        "arn:AWS:iam::123456789012:role/X",
        "arn:minio:iam::x:role/X",
    ] {
        assert_eq!(refused(&config(&format!(r#"{{"role_arn":"{arn}"}}"#), &[])), ["role_arn"], "{arn}");
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let fields = r#"{"external_id":"a b","region":"eu central","session_duration":60,"session_tags":"maybe",
        "kms_key_arns":"alias/x","sts_endpoint":"ftp://x"}"#;
    assert_eq!(
        refused(&config(fields, &["access_key_id"])),
        [
            "secret_access_key",
            "role_arn",
            "external_id",
            "region",
            "sts_endpoint",
            "session_duration",
            "session_tags",
            "kms_key_arns"
        ]
    );
}

#[test]
fn an_own_endpoint_needs_own_keys() {
    let more = r#","sts_endpoint":"http://127.0.0.1:8333""#;
    assert_eq!(refused(&with_role(more, &[])), ["sts_endpoint"]);
    assert!(Settings::read(&with_role(more, KEYS)).is_ok());
    for url in ["https://", "https:///x", "https://a@b", "https://a/?q", "https://a/#f", "sts.example", "https://a b"] {
        assert_eq!(refused(&with_role(&format!(r#","sts_endpoint":"{url}""#), KEYS)), ["sts_endpoint"], "{url}");
    }
}

#[test]
fn the_duration_is_what_sts_allows() {
    for (text, expected) in [("900", 900), ("\"43200\"", 43_200)] {
        let config = with_role(&format!(r#","session_duration":{text}"#), &[]);
        assert_eq!(Settings::read(&config).unwrap().session_duration, Some(expected));
    }
    for text in ["899", "43201", "-900", "\"1h\"", "4294967296900"] {
        assert_eq!(refused(&with_role(&format!(r#","session_duration":{text}"#), &[])), ["session_duration"], "{text}");
    }
}

#[test]
fn kms_keys_are_named_or_bound_to_the_context_and_not_both() {
    let one = "arn:aws:kms:eu-central-1:123456789012:key/mrk-1";
    let two = "arn:aws-cn:kms:cn-north-1:123456789012:key/0a-b";
    for text in [format!("{one}, {two}"), format!("{one}\\n{two} {one}"), format!("[\\\"{one}\\\",\\\"{two}\\\"]")] {
        let config = with_role(&format!(r#","kms_key_arns":"{text}""#), &[]);
        assert_eq!(Settings::read(&config).unwrap().kms, Kms::Named(vec![one.to_owned(), two.to_owned()]), "{text}");
    }
    let by_context = with_role(r#","kms_by_encryption_context":"true""#, &[]);
    assert_eq!(Settings::read(&by_context).unwrap().kms, Kms::ByEncryptionContext);
    let both = with_role(&format!(r#","kms_by_encryption_context":true,"kms_key_arns":"{one}""#), &[]);
    assert_eq!(refused(&both), ["kms_key_arns"]);
    for bad in ["*", "arn:aws:kms:*:123456789012:key/*", "arn:aws:kms:eu-central-1:123456789012:alias/x", "key/1"] {
        assert_eq!(refused(&with_role(&format!(r#","kms_key_arns":"{bad}""#), &[])), ["kms_key_arns"], "{bad}");
    }
}

#[test]
fn names_and_aliases_are_each_used_once() {
    let mut names: Vec<&str> =
        FIELDS.iter().flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied())).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for name in ["s3.role-arn", "s3.access-key-id", "access-key-id", "s3.session-token", "s3.region", "s3.sts-endpoint"]
    {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn only_the_keys_are_secrets_and_they_sign_for_sts_only() {
    let secrets: Vec<&str> = FIELDS.iter().filter(|f| !f.secret_uses.is_empty()).map(|f| f.name).collect();
    assert_eq!(secrets, ["access_key_id", "secret_access_key", "session_token"]);
    assert!(FIELDS.iter().all(|f| f.secret_uses.is_empty() || f.secret_uses == [SecretUse::Sigv4("sts")]));
    let destinations: Vec<&str> = FIELDS.iter().filter(|f| f.destination).map(|f| f.name).collect();
    assert_eq!(destinations, ["sts_endpoint"]);
}
