use super::*;

fn with(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    from_lookup(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        .map_err(|problems| problems.into_iter().map(|problem| problem.variable.to_owned()).collect())
}

const GOOD: [(&str, &str); 3] = [
    ("PANGOLIN_JWT_SECRET", "kJ8s7dfg6Qw2xZ0pLmN4vBtR5yU1iO3a"),
    ("PANGOLIN_ROOT_USER", "super_admin"),
    ("PANGOLIN_ROOT_PASSWORD", "Start123!ComplexPassword"),
];

#[test]
fn auth_mode_refuses_to_start_without_its_settings_and_says_all_of_them() {
    assert_eq!(with(&[]).unwrap_err(), ["PANGOLIN_ROOT_USER", "PANGOLIN_ROOT_PASSWORD", "PANGOLIN_JWT_SECRET"]);
    assert!(with(&GOOD).is_ok());
}

#[test]
fn weak_token_secrets_are_refused() {
    for secret in
        ["short", &"a".repeat(40), "changeme-changeme-changeme-changeme-x9", "<random-32-char-string>0123456789abc"]
    {
        let mut pairs = GOOD.to_vec();
        pairs[0].1 = secret;
        assert_eq!(with(&pairs).unwrap_err(), ["PANGOLIN_JWT_SECRET"], "{secret}");
    }
}

#[test]
fn no_auth_binds_to_loopback_unless_forced() {
    let config = with(&[("PANGOLIN_NO_AUTH", "true")]).unwrap();
    assert!(config.is_no_auth() && config.listen.address.is_loopback());
    assert_eq!(
        with(&[("PANGOLIN_NO_AUTH", "true"), ("PANGOLIN_BIND_ADDRESS", "0.0.0.0")]).unwrap_err(),
        ["PANGOLIN_BIND_ADDRESS"]
    );
    assert!(
        with(&[
            ("PANGOLIN_NO_AUTH", "true"),
            ("PANGOLIN_BIND_ADDRESS", "0.0.0.0"),
            ("PANGOLIN_NO_AUTH_ANY_ADDRESS", "true"),
        ])
        .is_ok()
    );
}

#[test]
fn env_credentials_are_read_only_where_they_may_be_passed_on() {
    let mut pairs = GOOD.to_vec();
    pairs.extend([("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "s")]);
    assert!(with(&pairs).unwrap().aws.env_credentials.is_empty());
    pairs.push(("PANGOLIN_VEND_ENV_CREDENTIALS", "true"));
    assert_eq!(with(&pairs).unwrap().aws.env_credentials.len(), 2);
}

#[test]
fn the_identity_at_google_is_the_operators() {
    let settings = with(&GOOD).unwrap().gcp;
    assert!(settings.credentials_file.is_none() && !settings.metadata);
    let mut pairs = GOOD.to_vec();
    pairs.extend([("GOOGLE_APPLICATION_CREDENTIALS", "/etc/adc.json"), ("PANGOLIN_GCP_METADATA", "true")]);
    pairs.extend([("GCE_METADATA_HOST", "127.0.0.1:8000"), ("PANGOLIN_GCP_STS_ENDPOINT", "https://sts.example")]);
    pairs.push(("PANGOLIN_GCP_STORAGE_ENDPOINT", "https://storage.example"));
    let config = with(&pairs).unwrap();
    assert_eq!(config.egress.operator_endpoints.first().map(url::Url::as_str), Some("https://storage.example/"));
    let settings = config.gcp;
    assert_eq!(settings.credentials_file.as_deref(), Some(std::path::Path::new("/etc/adc.json")));
    assert_eq!((settings.metadata, settings.metadata_host.as_deref()), (true, Some("127.0.0.1:8000")));
    assert_eq!(settings.sts_endpoint.unwrap().as_str(), "https://sts.example/");
}

#[test]
fn out_of_range_and_malformed_values_name_their_variable() {
    for (variable, value) in [
        ("PANGOLIN_STS_SESSION_DURATION", "60"),
        ("PANGOLIN_STS_SESSION_DURATION", "43201"),
        ("PANGOLIN_LEASE_GRACE_SECS", "0"),
        ("PANGOLIN_LEASE_SWEEP_SECS", "soon"),
        ("PORT", "70000"),
        ("PANGOLIN_EGRESS_ALLOW", "127.0.0.1/99"),
        ("AWS_ENDPOINT_URL", "ftp://x"),
        ("GCE_METADATA_HOST", "http://169.254.169.254/"),
        ("GCE_METADATA_HOST", "host/path"),
        ("PANGOLIN_GCP_METADATA", "perhaps"),
        ("PANGOLIN_GCP_STS_ENDPOINT", "sts"),
        ("PANGOLIN_AUDIT_SYNC", "sometimes"),
        ("PANGOLIN_ENCRYPTION_KEY", "too-short"),
        ("DATABASE_URL", "mysql://x"),
        ("PANGOLIN_SECRET_REFS", "not-a-uuid/name"),
        ("PANGOLIN_SECRET_REFS", "aws-secret-access-key"),
    ] {
        let mut pairs = GOOD.to_vec();
        pairs.push((variable, value));
        assert!(with(&pairs).unwrap_err().iter().any(|name| name == variable), "{variable}={value}");
    }
}

#[test]
fn secrets_do_not_show_in_debug() {
    let text = format!("{:?}", with(&GOOD).unwrap());
    assert!(!text.contains("ComplexPassword") && !text.contains("kJ8s7dfg6Qw2xZ0"));
}

#[test]
fn the_workload_identity_at_azure_and_its_authority() {
    let mut pairs = GOOD.to_vec();
    assert!(with(&pairs).unwrap().azure.federated_token_file.is_none());
    pairs.extend([
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/tokens/azure-identity-token"),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
    ]);
    let config = with(&pairs).unwrap();
    assert_eq!((config.azure.tenant_id.as_deref(), config.azure.client_id.as_deref()), (Some("t"), Some("c")));
    assert!(config.azure.federated_token_file.is_some());
    // The operator's word: reachable whatever its address.
    assert_eq!(config.egress.operator_endpoints, [config.azure.authority_host.unwrap()]);
    pairs.push(("AZURE_AUTHORITY_HOST", "login"));
    pairs.retain(|(name, value)| *name != "AZURE_AUTHORITY_HOST" || *value == "login");
    assert!(with(&pairs).unwrap_err().contains(&"AZURE_AUTHORITY_HOST".to_owned()));
}

#[test]
fn the_plugin_directory_is_looked_at_every_ten_seconds_or_never() {
    let scan = |seconds: Option<&'static str>| {
        let mut pairs = GOOD.to_vec();
        pairs.extend(seconds.map(|seconds| ("PANGOLIN_PLUGIN_SCAN_SECS", seconds)));
        with(&pairs).map(|config| config.plugins.scan_seconds)
    };
    assert_eq!((scan(None), scan(Some("0")), scan(Some("1"))), (Ok(10), Ok(0), Ok(1)));
    assert_eq!(scan(Some("-1")), Err(vec!["PANGOLIN_PLUGIN_SCAN_SECS".to_owned()]));
}

#[test]
fn a_filter_of_the_log_is_judged() {
    let judged = |text: &'static str| with(&[&GOOD[..], &[("RUST_LOG", text)]].concat());
    for good in ["", "info", "debug,hyper=off", "info,pangolin_runtime[vend]=trace", "pangolin_server"] {
        assert!(judged(good).is_ok(), "{good}");
    }
    for wrong in ["loud=loud", "info,hyper=loud"] {
        assert_eq!(judged(wrong).unwrap_err(), ["RUST_LOG"], "{wrong}");
    }
}
