use std::collections::BTreeMap;
use std::sync::Arc;

use pangolin_core::strategy::Field;

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn description(scoping: Scoping) -> Description {
    Description {
        name: "Mint".to_owned(),
        version: "1.0.0".to_owned(),
        summary: String::new(),
        schemes: vec!["s3".to_owned()],
        scoping,
        scoping_rules: Vec::new(),
        fields: Vec::new(),
        hosts: Vec::new(),
        max_ttl_seconds: None,
        min_ttl_seconds: Some(900),
    }
}

fn entry(key: &str, value: Value) -> Entry {
    Entry { key: key.to_owned(), value }
}

fn credential() -> Credential {
    Credential {
        prefix: "s3://lake/sales/orders/".to_owned(),
        entries: vec![entry("s3.access-key-id", Value::Plain("AKIA".to_owned()))],
        expires_at_ms: Some(1_700_003_600_000),
        handle: None,
        extensions: Vec::new(),
    }
}

fn field(name: &str, secret_uses: Vec<SecretUse>) -> Field {
    Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        secret_uses,
        choices: Vec::new(),
        example: None,
        secret_hosts: Vec::new(),
        destination: false,
        help: String::new(),
    }
}

fn call() -> Call {
    let mut call = Call::ungranted("Mint", &Limits::default());
    call.fields = Arc::from([
        field("open", vec![SecretUse::CredentialValue]),
        field("closed", vec![SecretUse::Bearer]),
        field("unset", vec![SecretUse::CredentialValue]),
    ]);
    call.slots = BTreeMap::from([
        ("open".to_owned(), Secret::from("goes-out")),
        ("closed".to_owned(), Secret::from("stays")),
        ("foreign".to_owned(), Secret::from("not a field")),
    ]);
    call
}

fn judged(scoping: Scoping, answer: Vec<Credential>) -> Result<Minted, StrategyError> {
    let scopes = [Scope { location: Location::parse("s3://lake/sales/orders/").unwrap(), access: Access::READ }];
    let (description, limits) = (description(scoping), Limits::default());
    let terms = Terms {
        description: &description,
        digest: "d",
        limits: &limits,
        scopes: &scopes,
        access: Access::READ,
        scoping,
        leases: false,
        ttl_seconds: 3600,
        now: NOW,
    };
    check(&terms, call(), answer)
}

fn code(change: impl FnOnce(&mut Credential)) -> String {
    let mut given = credential();
    change(&mut given);
    judged(Scoping::Exact, vec![given]).map_or_else(|error| error.code, |_| "ok".to_owned())
}

#[test]
fn what_was_asked_for_passes_with_who_minted_it() {
    let minted = judged(Scoping::Exact, vec![credential()]).unwrap();
    assert_eq!((minted.strategy.as_str(), minted.version.as_str(), minted.digest.as_str()), ("Mint", "1.0.0", "d"));
    assert_eq!(minted.credentials[0].expires_at, Some(UnixMillis(1_700_003_600_000)));
    assert_eq!(code(|c| c.prefix.push_str("data/")), "ok");
}

#[test]
fn a_prefix_outside_the_scope_is_refused() {
    for prefix in [
        "s3://lake/sales/orders",
        "s3://lake/sales/orders2/",
        "s3://lake/sales/",
        "s3://lake/",
        "s3://other/sales/orders/",
        "s3a://lake/sales/orders/",
        "s3://LAKE/sales/orders/",
        "s3://lake/sales/orders/../other/",
        "s3://lake/sales/orders/%2e%2e/other/",
        "s3://lake/sales/orders//x/",
        "",
    ] {
        assert_eq!(code(|c| c.prefix = prefix.to_owned()), "plugin-wider-scope", "{prefix}");
    }
}

#[test]
fn a_life_longer_than_asked_or_over_already_is_refused() {
    assert_eq!(code(|c| c.expires_at_ms = Some(1_700_003_660_000)), "ok");
    assert_eq!(code(|c| c.expires_at_ms = Some(1_700_003_660_001)), "plugin-longer-life");
    assert_eq!(code(|c| c.expires_at_ms = Some(u64::MAX)), "plugin-longer-life");
    assert_eq!(code(|c| c.expires_at_ms = None), "plugin-longer-life");
    assert_eq!(code(|c| c.expires_at_ms = Some(1_700_000_000_000)), "plugin-expired-answer");
    assert_eq!(code(|c| c.expires_at_ms = Some(0)), "plugin-expired-answer");
}

#[test]
fn only_a_strategy_that_cannot_narrow_mints_without_end() {
    let endless = Credential { expires_at_ms: None, ..credential() };
    assert_eq!(judged(Scoping::Unscoped, vec![endless]).unwrap().credentials[0].expires_at, None);
    let token = Credential { expires_at_ms: Some(1_700_005_400_000), ..credential() };
    let longer = judged(Scoping::Unscoped, vec![token]).unwrap();
    assert_eq!(longer.credentials[0].expires_at, Some(UnixMillis(1_700_005_400_000)), "as the issuer said it");
    let beyond = Credential { expires_at_ms: Some(u64::MAX), ..credential() };
    assert_eq!(judged(Scoping::Unscoped, vec![beyond]).unwrap_err().code, "plugin-longer-life");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "compares the value of a test's slot")]
fn a_slot_goes_out_only_where_its_field_says_so() {
    let slot = |name: &str| entry("s3.secret-access-key", Value::Slot(name.to_owned()));
    let minted = judged(Scoping::Unscoped, vec![Credential { entries: vec![slot("open")], ..credential() }]).unwrap();
    assert_eq!(minted.credentials[0].entries[0].1.expose(), "goes-out");
    assert_eq!(minted.issued, [Issued::StoredKey], "nothing but a new key ends it");
    assert!(judged(Scoping::Unscoped, vec![credential()]).unwrap().issued.is_empty());
    for name in ["closed", "foreign", "unset", "nope", ""] {
        let error =
            judged(Scoping::Unscoped, vec![Credential { entries: vec![slot(name)], ..credential() }]).unwrap_err();
        assert_eq!(error.code, "plugin-slot-refused", "{name}");
        assert!(!error.message.contains("stays"));
    }
    let exact = judged(Scoping::Exact, vec![Credential { entries: vec![slot("open")], ..credential() }]).unwrap_err();
    assert_eq!(exact.code, "plugin-slot-refused", "a stored key is not limited to a table");
}

#[test]
fn a_stored_key_with_a_line_break_does_not_go_out_and_a_document_does() {
    let judged = |kind: FieldKind| {
        let mut call = call();
        call.fields = Arc::from([Field { kind, ..field("open", vec![SecretUse::CredentialValue]) }]);
        call.slots.insert("open".to_owned(), Secret::from("planted\nkey"));
        entries(vec![entry("s3.session-token", Value::Slot("open".to_owned()))], &call, Scoping::Unscoped)
    };
    let refused = judged(FieldKind::Text).unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (StrategyErrorKind::InvalidConfig, "secret-malformed"));
    assert!(!refused.message.contains("planted"));
    assert!(judged(FieldKind::Json).is_ok());
}

#[test]
fn a_plain_value_is_no_secret_of_the_warehouse() {
    let mut call = call();
    call.slots.insert("closed".to_owned(), Secret::from("a-key-of-the-warehouse"));
    for value in ["a-key-of-the-warehouse", "x612d6b65792d6f662d7468652d77617265686f757365", "a%2Dkey-of-the-warehouse"]
    {
        let entries = vec![entry("s3.session-token", Value::Plain(value.to_owned()))];
        let error = entries_of(&call, entries).unwrap_err();
        assert_eq!(error.code, "plugin-secret", "{value}");
        assert!(!error.message.contains("a-key"), "{error}");
    }
    assert!(entries_of(&call, vec![entry("s3.session-token", Value::Plain("stays".to_owned()))]).is_ok());
}

fn entries_of(call: &Call, given: Vec<Entry>) -> Result<(), StrategyError> {
    entries(given, call, Scoping::Exact).map(|_| ())
}

#[test]
fn names_are_unique_and_values_have_a_form() {
    let plain = |value: &str| Value::Plain(value.to_owned());
    assert_eq!(code(|c| c.entries.push(entry("s3.access-key-id", plain("again")))), "plugin-bad-answer");
    for value in ["", "a\r\nb", "a\0"] {
        assert_eq!(code(|c| c.entries = vec![entry("s3.x", plain(value))]), "plugin-bad-answer");
    }
    assert_eq!(code(|c| c.entries.clear()), "plugin-bad-answer");
    let many = (0..33).map(|n| entry(&format!("s3.k{n}"), plain("v"))).collect();
    assert_eq!(code(|c| c.entries = many), "plugin-bad-answer");
}

#[test]
fn number_and_size_are_bounded() {
    assert_eq!(judged(Scoping::Exact, Vec::new()).unwrap_err().code, "plugin-bad-answer");
    assert_eq!(judged(Scoping::Exact, vec![credential(); 17]).unwrap_err().code, "plugin-answer-size");
    let big = entry("s3.session-token", Value::Plain("t".repeat(64 << 10)));
    assert_eq!(code(|c| c.entries.push(big)), "plugin-answer-size");
}

#[test]
fn problems_are_cut_and_escaped() {
    let problem = wit::ConfigProblem { field: "role\u{1b}".to_owned(), message: "m".repeat(2_000) };
    let shown = problems(vec![problem; 100]);
    assert_eq!(shown.len(), 64);
    assert_eq!(shown[0].field, "role\\u{1b}");
    assert!(shown[0].message.chars().count() <= 1_001);
}
