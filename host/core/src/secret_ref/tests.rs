use proptest::prelude::*;

use super::*;

#[test]
fn names_follow_the_grammar() {
    for name in ["a", "7", "polaris-client-secret", "My_Key-2", &"x".repeat(253)] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    for name in ["", "-a", "_a", "a.b", "a/b", "../x", "a b", "ä", "a\n", &"x".repeat(254)] {
        assert!(matches!(check_name(name), Err(SecretRefError::Name(_))), "{name}");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let refused = check_name("wJalrXUtnFEMI/K7MDENG").unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("XUtn"));
}

#[test]
fn the_hosts_own_settings_cannot_be_named() {
    for name in [
        "pangolin-jwt-secret",
        "PANGOLIN_ENCRYPTION_KEY",
        "aws_secret_access_key",
        "AWS-session-token",
        "database-url",
        "azure-client-secret",
        "google_application_credentials",
        "pgpassword",
        "aws",
        "Pangolin",
    ] {
        assert!(matches!(check_name(name), Err(SecretRefError::Reserved(_))), "{name}");
        assert!(places(name).is_err(), "{name}");
    }
    for name in OWN_FILES {
        assert!(matches!(check_name(name), Err(SecretRefError::Reserved(_))), "{name}");
    }
    assert_eq!(check_name("awsome-key"), Ok(()));
    assert_eq!(check_name("pg-lake"), Ok(()));
    assert_eq!(check_name("lake-aws-key"), Ok(()));
}

#[test]
fn the_environment_comes_first_then_the_mount() {
    let places = places("polaris-creds").unwrap();
    assert_eq!(places.variable, "POLARIS_CREDS");
    assert_eq!(places.path, "/var/run/secrets/polaris-creds");
    assert_eq!(places.keys, ["/var/run/secrets/polaris-creds/polaris-creds", "/var/run/secrets/polaris-creds/value"]);
    assert_eq!(
        places.not_found().to_string(),
        "secret 'polaris-creds' not found: expected in environment variable 'POLARIS_CREDS' or in \
         '/var/run/secrets/polaris-creds'"
    );
}

#[test]
fn blank_is_no_value_and_blanks_around_it_go() {
    assert!(clean(" \n\t").is_none());
    assert_eq!(clean(" k \n"), Some(Secret::from("k")));
}

proptest! {
    #[test]
    fn no_name_leads_out_of_the_directory(name in "\\PC{0,40}") {
        if let Ok(places) = places(&name) {
            for path in places.keys.iter().chain([&places.path]) {
                prop_assert!(path.starts_with("/var/run/secrets/"));
                prop_assert!(!path.contains("..") && !path.contains("//") && path.split('/').count() <= 6);
            }
        }
    }
}

#[test]
fn the_operators_list_names_references_and_tenants() {
    let (acme, other) = (TenantId::generate(), TenantId::generate());
    let open = SecretRefPolicy::default();
    assert_eq!(open.check(acme, "anything"), Ok(()));
    let policy = SecretRefPolicy::parse(&format!("shared-key, {acme}/acme-key")).unwrap();
    assert_eq!(policy.check(other, "shared_key"), Ok(()));
    assert_eq!(policy.check(acme, "acme-key"), Ok(()));
    for (tenant, name) in [(other, "acme-key"), (acme, "github-token"), (other, "")] {
        assert_eq!(policy.check(tenant, name), Err(SecretRefError::NotAllowed(name.to_owned())));
    }
    assert_eq!(SecretRefPolicy::parse("").unwrap().check(acme, "x"), Err(SecretRefError::NotAllowed("x".to_owned())));
    assert!(SecretRefPolicy::parse("nobody/x").is_err() && SecretRefPolicy::parse("PANGOLIN_JWT_SECRET").is_err());
}

/// What the libraries in the host read, in every spelling that leads to the same variable.
#[test]
fn what_the_hosts_libraries_read_cannot_be_named() {
    for variable in [
        "PGSSLKEY",
        "PGSSLPASSWORD",
        "PGOPTIONS",
        "POSTGRES_PASSWORD",
        "POSTGRESQL_POSTGRES_PASSWORD",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "RUST_LOG",
        "TOKIO_WORKER_THREADS",
        "GCE_METADATA_HOST",
        "IDENTITY_HEADER",
        "MSI_SECRET",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "KUBERNETES_SERVICE_HOST",
        "HOME",
        "PATH",
        "TOKENS",
    ] {
        let dashed = variable.replace('_', "-");
        for name in [variable, &variable.to_lowercase(), &dashed, &dashed.to_lowercase()] {
            assert!(matches!(check_name(name), Err(SecretRefError::Reserved(_))), "{name}");
        }
    }
    for free in ["pg-lake", "http-key", "identity", "home-lake", "port-key", "github-token", "ssl-key", "token"] {
        assert_eq!(check_name(free), Ok(()), "{free}");
    }
}
