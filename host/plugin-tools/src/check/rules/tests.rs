use pangolin_core::strategy::{Description, ScopingRule};

use super::*;

fn field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        choices: Vec::new(),
        example: None,
        secret_uses: Vec::new(),
        secret_hosts: Vec::new(),
        destination: false,
        help: "What it is for".to_owned(),
    }
}

fn secret(name: &str, uses: &[SecretUse]) -> Field {
    Field { secret_uses: uses.to_vec(), ..field(name) }
}

/// A strategy that nobody has a question about.
fn clean() -> StrategyInfo {
    let url = Field { kind: FieldKind::Url, destination: true, ..field("token_url") };
    let url = Field { required: true, example: Some("https://shop.example.com/".to_owned()), ..url };
    let description = Description {
        name: "Shop".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "Tokens of a shop".to_owned(),
        schemes: vec!["s3".to_owned()],
        scoping: Scoping::Exact,
        scoping_rules: Vec::new(),
        fields: vec![url, secret("api_key", &[SecretUse::Bearer])],
        hosts: vec![HostPattern::OfField("token_url".to_owned())],
        max_ttl_seconds: Some(3600),
        min_ttl_seconds: Some(60),
    };
    let imports = vec!["pangolin:vending/http@1.0.0".to_owned()];
    StrategyInfo { imports, ..StrategyInfo::of(description) }
}

/// The one warning that a change brings.
fn one(change: impl FnOnce(&mut StrategyInfo)) -> String {
    let mut info = clean();
    change(&mut info);
    let warnings = warnings(&info);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    warnings.concat()
}

#[test]
fn a_clean_description_has_no_warning() {
    assert_eq!(warnings(&clean()), Vec::<String>::new());
}

#[test]
fn each_question_is_asked() {
    let cases: Vec<(&str, String)> = vec![
        ("summary", one(|info| info.description.summary.clear())),
        ("0.0.0", one(|info| info.description.version = "0.0.0".to_owned())),
        ("allow_unscoped", one(|info| info.description.scoping = Scoping::Unscoped)),
        ("3600 s at least", one(|info| info.description.min_ttl_seconds = Some(3600))),
        ("longest life", one(|info| info.description.max_ttl_seconds = None)),
        ("has no help", one(|info| info.description.fields[0].help.clear())),
        ("no example", one(|info| info.description.fields[0].example = None)),
        ("decides nothing", one(|info| info.description.fields[0].destination = false)),
        ("do nothing here", one(|info| info.imports.push("wasi:io/poll@0.2.0".to_owned()))),
        (
            "it imports sts and gcp",
            one(|info| info.imports.extend(["gcp", "sts"].map(|name| format!("pangolin:vending/{name}@1.0.0")))),
        ),
        ("is not offered", one(|info| info.imports.push("a:b/c".to_owned()))),
        ("asks for no host", one(|info| info.description.hosts.clear())),
        (
            "every host below",
            one(|info| info.description.hosts = vec![HostPattern::Literal("*.example.com".to_owned())]),
        ),
        (
            "any of 2 hosts",
            one(|info| info.description.hosts.push(HostPattern::Literal("other.example.com".to_owned()))),
        ),
        ("has 2 uses", one(|info| info.description.fields[1].secret_uses.push(SecretUse::Basic))),
        ("raw_hmac", one(|info| info.description.fields.push(secret("seed", &[SecretUse::RawHmac])))),
        ("credential_values", one(|info| info.description.fields.push(secret("key", &[SecretUse::CredentialValue])))),
        (
            "none of its choices",
            one(|info| {
                info.description.fields.push(Field { choices: vec!["a".to_owned()], ..field("mode") });
                let (field, equals) = ("mode".to_owned(), "b".to_owned());
                info.description.scoping_rules.push(ScopingRule { field, equals, scoping: Scoping::Unscoped });
            }),
        ),
    ];
    for (expected, warning) in cases {
        assert!(warning.contains(expected), "{expected}: {warning}");
    }
}

#[test]
fn what_cannot_be_used_is_not_asked_for() {
    let mut info = clean();
    info.imports.clear();
    let warnings = warnings(&info);
    assert!(warnings.iter().any(|warning| warning.contains("imports nothing that reaches one")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("no import by which")), "{warnings:?}");
}

#[test]
fn a_secret_that_names_its_host_may_live_beside_others() {
    let mut info = clean();
    info.description.hosts.push(HostPattern::Literal("other.example.com".to_owned()));
    info.description.fields[1].secret_hosts = vec![HostPattern::OfField("token_url".to_owned())];
    assert_eq!(warnings(&info), Vec::<String>::new());
}
