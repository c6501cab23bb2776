use super::*;

const FULL: &str = r#""vms_endpoint":"https://vms.example","username":"svc""#;

fn config(more: &str, slots: &[&str]) -> Config {
    Config::parse(&format!("{{{more}}}"), slots.iter().map(|&slot| slot.to_owned()).collect()).unwrap()
}

fn with(more: &str, slots: &[&str]) -> Config {
    let comma = if more.is_empty() { "" } else { "," };
    config(&format!("{FULL}{comma}{more}"), slots)
}

fn refused(config: &Config) -> Vec<String> {
    Settings::read(config).unwrap_err().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_server_a_user_and_a_password_are_enough() {
    let config = with("", &["password"]);
    let settings = Settings::read(&config).unwrap();
    assert_eq!(settings.base, "https://vms.example/api/");
    assert_eq!((settings.tenant, settings.trust), (None, None));
    let write = Login { user: "svc", proof: Proof::Basic("password") };
    assert_eq!(settings.identity, Identity::Account { write, read: None });
}

#[test]
fn everything_wrong_is_said_at_once() {
    let fields =
        r#""vms_endpoint":"https://vms.example/api","api_version":"../x","vms_tenant":"a\nb","read_password":"x""#;
    assert_eq!(refused(&config("", &[])), ["vms_endpoint", "username"]);
    assert_eq!(
        refused(&config(fields, &["read_password"])),
        ["vms_endpoint", "api_version", "vms_tenant", "username", "read_username"]
    );
    let caller = r#""identity":"caller","caller_username":"svc","context":"nis""#;
    assert_eq!(refused(&with(caller, &[])), ["password", "caller_username", "host_username", "context"]);
    assert_eq!(refused(&with(r#""identity":"both""#, &["password"])), ["identity"]);
}

#[test]
fn the_address_is_an_address_alone() {
    for (text, origin) in [
        ("https://VMS.Example/", "https://vms.example"),
        ("https://10.143.11.204", "https://10.143.11.204"),
        ("https://vms.example:443", "https://vms.example"),
        ("https://vms.example:8443", "https://vms.example:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://[fd00::1]:443", "https://[fd00::1]"),
    ] {
        assert_eq!(shape::origin(text).as_deref(), Some(origin), "{text}");
    }
    for text in [
        "vms.example",
        "ftp://vms.example",
        "https://",
        "https:///",
        "https://u@vms",
        "https://vms/api",
        "https://vms?x",
        "https://:443",
        "https://vms#x",
    ] {
        assert_eq!(shape::origin(text), None, "{text}");
    }
}

#[test]
fn certificates_are_pem_with_its_lines() {
    for pem in [
        "junk",
        "-----BEGIN CERTIFICATE-----MIIB-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\\nA\\n-----END PRIVATE KEY-----",
    ] {
        assert_eq!(refused(&with(&format!(r#""ca_certificate":"{pem}""#), &["password"])), ["ca_certificate"], "{pem}");
    }
    for end in ["\\n", "\\r\\n"] {
        let pem = ["-----BEGIN CERTIFICATE-----", "MIIB", "-----END CERTIFICATE-----", ""].join(end);
        let config = with(&format!(r#""ca_certificate":"{pem}""#), &["password"]);
        assert_eq!(Settings::read(&config).unwrap().trust, Some("ca_certificate"));
    }
}

#[test]
fn the_proof_is_what_is_given_or_what_is_said() {
    for (more, slots, proof) in [
        ("", ["password", "x"], Proof::Basic("password")),
        ("", ["password", "api_token"], Proof::Basic("password")),
        ("", ["api_token", "x"], Proof::ApiToken("api_token")),
        (r#""auth":"jwt""#, ["password", "x"], Proof::Jwt("password")),
        (r#""auth":"api-token""#, ["password", "api_token"], Proof::ApiToken("api_token")),
    ] {
        let config = with(more, &slots);
        let Identity::Account { write, .. } = Settings::read(&config).unwrap().identity else { panic!("{more}") };
        assert_eq!(write.proof, proof, "{more}");
    }
    for (more, slots, field) in [
        ("", "x", "password"),
        (r#""auth":"basic""#, "api_token", "password"),
        (r#""auth":"jwt""#, "api_token", "password"),
        (r#""auth":"api-token""#, "password", "api_token"),
        (r#""auth":"digest""#, "password", "auth"),
    ] {
        assert_eq!(refused(&with(more, &[slots])), [field], "{more}");
    }
}

#[test]
fn readers_have_a_user_of_their_own() {
    let config = with(r#""read_username":"reader""#, &["password", "read_api_token"]);
    let Identity::Account { read, .. } = Settings::read(&config).unwrap().identity else { panic!() };
    assert_eq!(read, Some(Login { user: "reader", proof: Proof::ApiToken("read_api_token") }));
    assert_eq!(refused(&with(r#""read_username":"reader""#, &["password"])), ["read_password"]);
    assert_eq!(refused(&with(r#""read_username":"SVC""#, &["password", "read_password"])), ["read_username"]);
    assert_eq!(refused(&with(r#""read_username":"a:b""#, &["password", "read_password"])), ["read_username"]);
}

#[test]
fn callers_have_one_user_each() {
    let more = r#""identity":"caller","host_username":"lake","caller_username":"CORP\\{principal}","context":"ldap""#;
    let config = with(more, &["password"]);
    let Identity::Caller { template, host_username, context, .. } = Settings::read(&config).unwrap().identity else {
        panic!()
    };
    assert_eq!((template, host_username, context), ("CORP\\{principal}", "lake", Context::Ldap));
    for template in ["x", "{principal}{principal}", "{Principal}", "{ principal }"] {
        let more = format!(r#""identity":"caller","host_username":"lake","caller_username":"{template}""#);
        assert_eq!(refused(&with(&more, &["password"])), ["caller_username"], "{template}");
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
}

#[test]
fn a_kept_secret_is_never_sent_to_another_server_or_for_another_user() {
    let destinations: Vec<&str> = FIELDS.iter().filter(|f| f.destination).map(|f| f.name).collect();
    assert_eq!(destinations, ["vms_endpoint", "username", "read_username"]);
    let secrets: Vec<&str> = FIELDS.iter().filter(|f| !f.secret_uses.is_empty()).map(|f| f.name).collect();
    assert_eq!(secrets, ["password", "api_token", "read_password", "read_api_token"]);
}
