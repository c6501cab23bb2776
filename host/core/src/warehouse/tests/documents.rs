//! The bodies that the documents show, each in its own spelling.

use super::*;

#[test]
fn use_sts_with_plain_names() {
    let made = Host::default()
        .create(&json!({
            "name": "production_warehouse", "use_sts": true,
            "storage_config": { "type": "s3", "bucket": "my-data-bucket", "region": "us-east-1", "role_arn": ROLE }
        }))
        .unwrap();
    assert_eq!(made.strategy.as_deref(), Some("AwsSts"));
    assert_eq!(made.identity, BaseIdentity::Host);
    assert_eq!(made.text("role_arn"), Some(ROLE));
    assert_eq!(made.text("region"), Some("us-east-1"));
    assert_eq!(made.base.as_str(), "s3://my-data-bucket/");
    assert_eq!(made.revision, 1);
}

#[test]
fn the_external_tag_with_dotted_names() {
    let made = Host::default()
        .create(&json!({
            "name": "production_warehouse",
            "storage_config": {
                "type": "s3", "bucket": "my-data-bucket", "region": "us-east-1", "s3.role-arn": ROLE
            },
            "vending_strategy": { "AwsSts": { "role_arn": ROLE } }
        }))
        .unwrap();
    assert_eq!(made.strategy.as_deref(), Some("AwsSts"));
    assert_eq!(made.text("role_arn"), Some(ROLE));
}

#[test]
fn a_bare_name_takes_its_parameters_from_storage_config() {
    let made = Host::default()
        .create(&json!({
            "name": "dev_warehouse",
            "storage_config": {
                "type": "s3", "bucket": "my-dev-bucket", "region": "us-east-1",
                "s3.access-key-id": "AKIA...", "s3.secret-access-key": "..."
            },
            "vending_strategy": "AwsStatic"
        }))
        .unwrap();
    assert_eq!(made.strategy.as_deref(), Some("AwsStatic"));
    assert_eq!(made.identity, BaseIdentity::Own);
    assert_eq!(made.secrets.keys().collect::<Vec<_>>(), ["access_key_id", "secret_access_key"]);
    assert!(!made.config.contains_key("access_key_id"));
}

#[test]
fn azure_and_google_in_both_dialects() {
    let host = Host::default();
    for storage in [
        json!({ "type": "azure", "account_name": "mystorageaccount", "container": "data", "account_key": "k" }),
        json!({
            "type": "azure", "azure.account-name": "mystorageaccount", "azure.container": "data", "adls.account-key": "k"
        }),
    ] {
        let made = host.create(&json!({ "name": "a", "use_sts": false, "storage_config": storage })).unwrap();
        assert_eq!(made.strategy.as_deref(), Some("AzureSas"));
        assert_eq!(made.base.as_str(), "abfss://data@mystorageaccount.dfs.core.windows.net/");
        assert_eq!(made.secrets.len(), 1);
    }
    for storage in [
        json!({ "type": "gcs", "project_id": "p", "bucket": "my-data-bucket", "service_account_key": "{...json key...}" }),
        json!({
            "type": "gcp", "gcp.project-id": "p", "gcp.bucket": "my-data-bucket", "gcp.service-account-key": { "a": 1 }
        }),
        json!({ "type": "gcs", "gcs.bucket": "my-data-bucket", "project_id": "p", "service_account_json": "{}" }),
    ] {
        let made = host.create(&json!({ "name": "g", "use_sts": false, "storage_config": storage })).unwrap();
        assert_eq!(made.strategy.as_deref(), Some("GcpDownscoped"));
        assert_eq!(made.base.as_str(), "gs://my-data-bucket/");
        assert_eq!(made.identity, BaseIdentity::Own);
        assert!(made.secrets.contains_key("service_account_key"));
        assert_eq!(made.text("project_id"), Some("p"));
    }
}

#[test]
fn a_strategy_that_is_not_loaded_names_those_that_are() {
    let problems = Host::default()
        .create(&json!({
            "name": "azure_warehouse", "use_sts": true,
            "storage_config": {
                "type": "azure", "account_name": "mystorageaccount", "container": "data",
                "tenant_id": "t", "client_id": "c", "client_secret": "s"
            }
        }))
        .unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("unknown strategy 'AzureOAuth'"), "{text}");
    assert!(text.contains("AwsStatic, AwsSts, AzureSas, GcpDownscoped"), "{text}");
}

#[test]
fn every_spelling_of_the_strategy() {
    let host = Host::default();
    let keys = json!({ "access-key-id": "a", "secret_access_key": "b" });
    for strategy in [
        json!("AwsStatic"),
        json!({ "AwsStatic": {} }),
        json!({ "AwsStatic": null }),
        json!({ "type": "AwsStatic" }),
        json!({ "type": "AwsStatic", "access_key_id": "a", "secret-access-key": "b" }),
        json!({ "AwsStatic": { "access_key_id": "a", "s3.secret-access-key": "b" } }),
    ] {
        let made = host.create(&s3(&keys, &json!({ "vending_strategy": strategy }))).unwrap();
        assert_eq!(made.strategy.as_deref(), Some("AwsStatic"), "{strategy}");
        assert_eq!(made.secrets.len(), 2);
    }
    for strategy in [json!("None"), json!({ "None": {} }), json!({ "None": null }), json!({ "type": "None" })] {
        let made = host.create(&s3(&keys, &json!({ "vending_strategy": strategy, "use_sts": true }))).unwrap();
        assert_eq!(made.strategy, None, "{strategy}");
        assert_eq!(made.identity, BaseIdentity::None);
        assert_eq!(made.secrets.len(), 2, "the host's own access keeps its keys");
    }
    for strategy in
        [json!(7), json!([]), json!({}), json!({ "A": {}, "B": {} }), json!({ "AwsSts": "x" }), json!({ "type": 1 })]
    {
        assert_eq!(
            host.refused(&s3(&keys, &json!({ "vending_strategy": strategy }))),
            ["vending_strategy"],
            "{strategy}"
        );
    }
}

#[test]
fn an_explicit_strategy_wins_over_use_sts() {
    let keys = json!({ "access_key_id": "a", "secret_access_key": "b" });
    let body = s3(&keys, &json!({ "use_sts": true, "vending_strategy": "AwsStatic" }));
    assert_eq!(Host::default().create(&body).unwrap().strategy.as_deref(), Some("AwsStatic"));
    let kebab = json!({
        "name": "w", "use-sts": "true", "allow-unscoped": "true", "max-ttl-seconds": "3600",
        "storage-config": { "s3.bucket": "my-data-bucket", "s3.role-arn": ROLE, "s3.path-style-access": "true" }
    });
    let made = Host::default().create(&kebab).unwrap();
    assert_eq!(
        (made.strategy.as_deref(), made.allow_unscoped, made.max_ttl_seconds),
        (Some("AwsSts"), true, Some(3600))
    );
    assert!(made.flag("path_style_access"));
}
