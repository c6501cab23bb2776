use super::*;

fn config(fields: &str, slots: &[&str]) -> Config {
    Config::parse(fields, slots.iter().map(|&slot| slot.to_owned()).collect()).unwrap()
}

fn principal_of(fields: &str, slots: &[&str]) -> Principal {
    Settings::read(&config(fields, slots)).unwrap().principal
}

fn refused(fields: &str, slots: &[&str]) -> Vec<String> {
    Settings::read(&config(fields, slots)).unwrap_err().into_iter().map(|problem| problem.field).collect()
}

const PARTS: &str = r#"{"service_account_email":"vending@p.iam.gserviceaccount.com"}"#;

#[test]
fn a_json_key_the_parts_of_one_or_the_host() {
    let key = Principal::ServiceAccountKey("service_account_key".to_owned());
    assert_eq!(principal_of("{}", &["service_account_key"]), key);
    assert_eq!(principal_of(PARTS, &["service_account_key"]), key);
    let parts = Principal::ServiceAccount {
        client_email: "vending@p.iam.gserviceaccount.com".to_owned(),
        private_key: "private_key".to_owned(),
    };
    assert_eq!(principal_of(PARTS, &["private_key"]), parts);
    assert_eq!(principal_of(r#"{"project_id":"p","bucket":"b"}"#, &[]), Principal::Host);
}

#[test]
fn half_a_key_and_two_keys_are_refused_by_name() {
    assert_eq!(refused("{}", &["private_key"]), ["service_account_email"]);
    assert_eq!(refused(PARTS, &[]), ["private_key"]);
    assert_eq!(refused(PARTS, &["private_key", "service_account_key"]), ["private_key"]);
    for email in ["x", "@", "a@", "@b", "a b@c", "a@b@c", "a\"@c", "a@b/c"] {
        let fields = serde_json::json!({ "service_account_email": email }).to_string();
        assert_eq!(refused(&fields, &["private_key"]), ["service_account_email"], "{email}");
    }
}

#[test]
fn other_servers_need_a_key_of_the_warehouse() {
    let fields = r#"{"token_uri":"http://127.0.0.1:1/token","sts_endpoint":"https://sts.example/"}"#;
    let settings = Settings::read(&config(fields, &["service_account_key"])).unwrap();
    assert_eq!(settings.endpoints.token_uri.as_deref(), Some("http://127.0.0.1:1/token"));
    assert_eq!(settings.endpoints.sts.as_deref(), Some("https://sts.example/"));
    assert_eq!(refused(fields, &[]), ["token_uri", "sts_endpoint"]);
    assert_eq!(
        Settings::read(&config("{}", &["service_account_key"])).unwrap().endpoints,
        Endpoints { token_uri: None, sts: None }
    );
}

#[test]
fn what_is_no_url_is_refused() {
    for url in
        ["x", "ftp://x/", "https://", "https:///t", "https://a@b/", "https://a/?q", "https://a/#f", "https://a b"]
    {
        let fields = serde_json::json!({ "token_uri": url }).to_string();
        assert_eq!(refused(&fields, &["service_account_key"]), ["token_uri"], "{url}");
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let fields = r#"{"token_uri":"x","sts_endpoint":"y"}"#;
    assert_eq!(refused(fields, &["private_key"]), ["service_account_email", "token_uri", "sts_endpoint"]);
}

#[test]
fn names_and_aliases_are_each_used_once() {
    let mut names: Vec<&str> =
        FIELDS.iter().flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied())).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for name in ["gcp.service-account-key", "gcs.service-account-key", "service_account_json", "gcp.service-account"] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn only_the_keys_are_secrets_and_they_sign_only() {
    let secrets: Vec<&str> = FIELDS.iter().filter(|f| !f.secret_uses.is_empty()).map(|f| f.name).collect();
    assert_eq!(secrets, ["service_account_key", "private_key"]);
    assert!(FIELDS.iter().all(|f| f.secret_uses.is_empty() || f.secret_uses == [SecretUse::JwtAssertion]));
    let to_token_servers = |f: &&Field| !f.secret_uses.is_empty() && f.secret_hosts == TOKEN_SERVERS;
    assert_eq!(FIELDS.iter().filter(to_token_servers).count(), 2);
    let destinations: Vec<&str> = FIELDS.iter().filter(|f| f.destination).map(|f| f.name).collect();
    assert_eq!(destinations, ["token_uri", "sts_endpoint"]);
}
