use pangolin_core::strategy::Scoping;

use super::*;

fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        kind,
        required: false,
        default: None,
        secret_uses: Vec::new(),
        choices: Vec::new(),
        example: None,
        secret_hosts: Vec::new(),
        destination: false,
        help: String::new(),
    }
}

fn description() -> Description {
    Description {
        name: "Mint".to_owned(),
        version: "1.2.3-rc.1".to_owned(),
        summary: "Mints.".to_owned(),
        schemes: vec!["s3".to_owned()],
        scoping: Scoping::Exact,
        scoping_rules: Vec::new(),
        fields: vec![field("endpoint", FieldKind::Url)],
        hosts: vec![HostPattern::OfField("endpoint".to_owned())],
        max_ttl_seconds: Some(3600),
        min_ttl_seconds: Some(900),
    }
}

#[test]
fn a_field_that_names_a_host_is_a_destination() {
    let checked = checked(description()).unwrap();
    assert!(checked.fields[0].destination);
}

#[test]
fn defaults_have_the_kind_of_their_field() {
    let mut given = description();
    given.fields.extend([
        Field { default: Some("900".to_owned()), ..field("ttl", FieldKind::Integer) },
        Field { default: Some("true".to_owned()), ..field("tags", FieldKind::Boolean) },
    ]);
    let found = defaults(&checked(given.clone()).unwrap());
    assert_eq!(found, [("ttl".to_owned(), Value::from(900)), ("tags".to_owned(), Value::from(true))]);
    given.fields.push(Field { default: Some("soon".to_owned()), ..field("x", FieldKind::Integer) });
    assert!(checked(given).is_err());
}

#[test]
fn the_name_of_a_secret_is_no_plain_field() {
    let with = |name: &str, alias: &str, uses: Vec<SecretUse>| {
        let mut given = description();
        given.fields.push(Field { aliases: vec![alias.to_owned()], secret_uses: uses, ..field(name, FieldKind::Text) });
        checked(given)
    };
    for alias in [
        "secret_access_key",
        "s3.secret-access-key",
        "Secret-Access-Key",
        "azure.account-key",
        "client_secret",
        "gcp.service-account-json",
        "service_account",
        "gcs.private_key",
        "password",
    ] {
        assert!(with("note", alias, Vec::new()).is_err(), "{alias}");
        assert!(with("note", alias, vec![SecretUse::Bearer]).is_ok(), "{alias}");
    }
    assert!(with("service_account_json", "x", Vec::new()).is_err());
    assert!(with("note", "s3.note", Vec::new()).is_ok());
}

#[test]
fn what_has_no_form_is_refused() {
    type Change = fn(&mut Description);
    let changes: [(&str, Change); 18] = [
        ("empty name", |d| d.name.clear()),
        ("name with a slash", |d| d.name = "a/b".to_owned()),
        ("reserved name", |d| d.name = "None".to_owned()),
        ("version", |d| d.version = "latest".to_owned()),
        ("control characters", |d| d.summary = "a\u{1b}[2J".to_owned()),
        ("long summary", |d| d.summary = "a".repeat(301)),
        ("no scheme", |d| d.schemes.clear()),
        ("scheme", |d| d.schemes = vec!["S3:".to_owned()]),
        ("field name", |d| d.fields[0].name = "End-Point".to_owned()),
        ("duplicate", |d| d.fields.push(field("endpoint", FieldKind::Text))),
        ("alias duplicates a field", |d| {
            let aliased = Field { aliases: vec!["endpoint".to_owned()], ..field("other", FieldKind::Text) };
            d.fields.push(aliased);
        }),
        ("default of a secret", |d| {
            let secret = vec![SecretUse::Bearer];
            d.fields.push(Field { default: Some("x".to_owned()), secret_uses: secret, ..field("s", FieldKind::Text) });
        }),
        ("default that ends its line", |d| d.fields[0].default = Some("https://x\n\n# Rights".to_owned())),
        ("default that steers a terminal", |d| {
            d.fields.push(Field { default: Some("x\u{1b}[2J".to_owned()), ..field("mode", FieldKind::Text) });
        }),
        ("header injection", |d| d.fields[0].secret_uses = vec![SecretUse::Header("X: y\r\n".to_owned())]),
        ("every host", |d| d.hosts.push(HostPattern::Literal("*".to_owned()))),
        ("host of an unknown field", |d| d.hosts.push(HostPattern::OfField("nope".to_owned()))),
        ("shortest life of a year", |d| {
            d.min_ttl_seconds = Some(31_536_000);
            d.max_ttl_seconds = None;
        }),
    ];
    for (what, change) in changes {
        let mut given = description();
        change(&mut given);
        assert!(checked(given).is_err(), "{what}");
    }
}

#[test]
fn too_many_fields_and_hosts_are_refused() {
    let mut given = description();
    given.fields = (0..65).map(|n| field(&format!("f{n}"), FieldKind::Text)).collect();
    given.hosts.clear();
    assert!(checked(given).is_err());
    let mut given = description();
    given.hosts = (0..33).map(|n| HostPattern::Literal(format!("h{n}.example.com"))).collect();
    assert!(checked(given).is_err());
}

#[test]
fn a_description_is_that_of_both_answers() {
    type Change = fn(&mut Description);
    let first = description();
    assert_eq!(steady(first.clone(), &first).unwrap(), first);
    let changes: [(&str, Change); 8] = [
        ("the name", |d| d.name.push('x')),
        ("the version", |d| d.version.push('1')),
        ("the summary", |d| d.summary.push('x')),
        ("the field 'late'", |d| d.fields.push(field("late", FieldKind::Text))),
        ("the field", |d| d.fields.truncate(0)),
        ("scoping, hosts", |d| d.schemes.push("gs".to_owned())),
        ("scoping, hosts", |d| d.hosts.push(HostPattern::Literal("late.example.com".to_owned()))),
        ("scoping, hosts", |d| d.max_ttl_seconds = Some(77)),
    ];
    for (what, change) in changes {
        let mut second = first.clone();
        change(&mut second);
        let error = steady(first.clone(), &second).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("the same every time"), "{what}: {error}");
    }
}
