use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_769_851_800_000; // 2026-01-31T09:30:00Z

fn fields() -> SasFields<'static> {
    SasFields {
        account: "acme",
        container: "lake",
        resource: Resource::Directory("sales/orders"),
        permissions: "rl",
        starts_at: Some(UnixMillis(NOW - 300_000)),
        expires_at: UnixMillis(NOW + HOUR),
        correlation_id: None,
        https_only: true,
    }
}

fn delegation() -> DelegationKey {
    DelegationKey {
        object_id: "oid".into(),
        tenant_id: "tid".into(),
        starts_at: "2026-01-31T09:00:00Z".into(),
        expires_at: "2026-02-07T09:00:00Z".into(),
        service: "b".into(),
        version: VERSION.into(),
        value: KEY.into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks at what was made")]
fn token(sas: &Sas) -> &str {
    sas.token.expose()
}

fn parameters(sas: &Sas) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(token(sas).as_bytes()).into_owned().collect()
}

fn by_account(fields: &SasFields<'_>) -> Result<Sas, SasError> {
    sign_with_account_key(fields, &KEY.into())
}

#[test]
fn azures_own_library_signs_the_same() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/fixtures/signing/azure_sas.json")).unwrap();
    assert!(cases.len() > 50);
    for case in &cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let fields = SasFields {
            account: text("account"),
            container: text("container"),
            resource: match text("kind") {
                "container" => Resource::Container,
                "directory" => Resource::Directory(text("path")),
                _ => Resource::Blob(text("path")),
            },
            permissions: text("permissions"),
            starts_at: case["starts_ms"].as_i64().map(UnixMillis),
            // Parts of a second are cut.
            expires_at: UnixMillis(case["expires_ms"].as_i64().unwrap() + 999),
            correlation_id: case["correlation_id"].as_str(),
            https_only: case["https"].as_bool().unwrap(),
        };
        let sas = match case["account_key"].as_str() {
            Some(key) => sign_with_account_key(&fields, &key.into()),
            None => sign_with_delegation_key(&fields, &key_of(&case["delegation_key"])),
        }
        .unwrap();
        let theirs: BTreeMap<String, String> = serde_json::from_value(case["token"].clone()).unwrap();
        assert_eq!(parameters(&sas), theirs, "{case}");
        assert_eq!(sas.expires_at.0, case["expires_ms"].as_i64().unwrap());
        assert!(!token(&sas).contains(['+', ' ', '"']), "every value is encoded");
    }
}

fn key_of(key: &Value) -> DelegationKey {
    let text = |name: &str| key[name].as_str().unwrap().to_owned();
    DelegationKey {
        object_id: text("object_id"),
        tenant_id: text("tenant_id"),
        starts_at: text("starts_at"),
        expires_at: text("expires_at"),
        service: text("service"),
        version: text("version"),
        value: Secret::new(text("value")),
    }
}

#[test]
fn each_field_counts() {
    let signature = |fields: &SasFields<'_>| parameters(&by_account(fields).unwrap())["sig"].clone();
    let one = fields();
    let others = [
        SasFields { account: "acme2", ..one },
        SasFields { container: "lake2", ..one },
        SasFields { resource: Resource::Directory("sales/orders2"), ..one },
        SasFields { resource: Resource::Blob("sales/orders"), ..one },
        SasFields { resource: Resource::Container, ..one },
        SasFields { permissions: "rwl", ..one },
        SasFields { starts_at: None, ..one },
        SasFields { expires_at: UnixMillis(NOW + HOUR + 1000), ..one },
        SasFields { https_only: false, ..one },
    ];
    for other in &others {
        assert_ne!(signature(other), signature(&one), "{other:?}");
    }
    let delegated = sign_with_delegation_key(&one, &delegation()).unwrap();
    assert_ne!(parameters(&delegated)["sig"], signature(&one));
}

#[test]
fn a_field_cannot_end_its_line() {
    for bad in ["", "a\nb", "a\0", "a/b"] {
        assert!(by_account(&SasFields { account: bad, ..fields() }).is_err(), "{bad:?}");
        assert!(by_account(&SasFields { container: bad, ..fields() }).is_err(), "{bad:?}");
    }
    for bad in ["", "/a", "a/", "a//b", "/", "a\nb"] {
        assert!(by_account(&SasFields { resource: Resource::Directory(bad), ..fields() }).is_err(), "{bad:?}");
        assert!(by_account(&SasFields { resource: Resource::Blob(bad), ..fields() }).is_err(), "{bad:?}");
    }
    for bad in ["", "lr", "rr", "z", "r l", "r\n"] {
        let judged = by_account(&SasFields { permissions: bad, ..fields() });
        assert_eq!(judged, Err(SasError::Permissions), "{bad:?}");
    }
    let with = |id| sign_with_delegation_key(&SasFields { correlation_id: Some(id), ..fields() }, &delegation());
    assert!(with("").is_err() && with("a\nb").is_err() && with("a-b").is_ok());
    let bad = DelegationKey { object_id: "a\nb".into(), ..delegation() };
    assert_eq!(sign_with_delegation_key(&fields(), &bad), Err(SasError::Field("SignedOid")));
}

#[test]
fn a_life_has_an_order_and_an_end() {
    let life = |starts: Option<i64>, ends: i64| {
        by_account(&SasFields { starts_at: starts.map(UnixMillis), expires_at: UnixMillis(ends), ..fields() })
    };
    assert!(life(None, NOW).is_ok() && life(Some(NOW), NOW + 1000).is_ok());
    for (starts, ends) in
        [(Some(NOW), NOW), (Some(NOW), NOW + 999), (None, 0), (None, -1), (None, i64::MAX), (Some(-1), NOW)]
    {
        assert_eq!(life(starts, ends), Err(SasError::Life), "{starts:?} {ends}");
    }
}

#[test]
fn no_signature_outlives_its_delegation_key() {
    let ends = UnixMillis::parse_rfc3339("2026-02-07T09:00:00Z").unwrap();
    let until = |at| sign_with_delegation_key(&SasFields { expires_at: at, ..fields() }, &delegation());
    assert!(until(ends).is_ok() && until(UnixMillis(ends.0 + 999)).is_ok());
    assert!(matches!(until(ends.plus_seconds(1)), Err(SasError::KeyEndsBefore(_))));
    let odd = DelegationKey { expires_at: "soon".into(), ..delegation() };
    assert_eq!(sign_with_delegation_key(&fields(), &odd), Err(SasError::Field("SignedExpiry")));
}

#[test]
fn keys_are_base64_and_never_seen() {
    for key in ["", "not base64!", "AAE"] {
        assert_eq!(sign_with_account_key(&fields(), &key.into()), Err(SasError::Key), "{key}");
    }
    // A key from a file ends in a line end.
    assert_eq!(sign_with_account_key(&fields(), &format!("{KEY}\n").into()), by_account(&fields()));
    let named = SasFields { correlation_id: Some("a"), ..fields() };
    assert_eq!(by_account(&named), Err(SasError::Correlation));
    let shown = format!("{:?} {:?}", delegation(), by_account(&fields()).unwrap());
    assert!(!shown.contains(KEY) && !shown.contains("sig="), "{shown}");
}

proptest! {
    /// What is sent is read back as it was, whatever the names are.
    #[test]
    fn depth_and_resource_are_the_paths(path in "[^\u{0}-\u{1f}\u{7f}-\u{9f}/]{1,8}(/[^\u{0}-\u{1f}\u{7f}-\u{9f}/]{1,8}){0,5}") {
        let sas = by_account(&SasFields { resource: Resource::Directory(&path), ..fields() }).unwrap();
        let sent = parameters(&sas);
        prop_assert_eq!(&sent["sdd"], &path.split('/').count().to_string());
        prop_assert_eq!((sent["sr"].as_str(), sent["sp"].as_str(), sent["sv"].as_str()), ("d", "rl", VERSION));
        prop_assert!(token(&sas).is_ascii());
    }
}
