//! What each client finds in the answer, by the names that its source reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::id::{TenantId, WarehouseId};
use crate::secret::Secret;
use crate::warehouse::{BaseIdentity, StorageKind};

const EXPIRY: UnixMillis = UnixMillis(1_700_000_000_000);
const REFRESH: &str = "v1/lake/namespaces/sales/tables/orders/credentials";

fn warehouse(kind: StorageKind, config: &Value) -> Warehouse {
    let config: BTreeMap<String, Value> = serde_json::from_value(config.clone()).unwrap();
    Warehouse {
        id: WarehouseId(uuid::Uuid::from_u128(7)),
        tenant_id: TenantId::DEFAULT,
        name: "w".to_owned(),
        kind,
        base: Location::parse("s3://lake/").unwrap(),
        strategy: None,
        config,
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Host,
        allow_unscoped: false,
        max_ttl_seconds: None,
        revision: 1,
        created_at: EXPIRY,
        updated_at: EXPIRY,
    }
}

fn minted(prefix: &str, entries: &[(&str, &str)], expires_at: Option<UnixMillis>) -> MintedCredential {
    let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect();
    MintedCredential { prefix: prefix.to_owned(), entries, expires_at, handle: None }
}

fn session() -> MintedCredential {
    let entries = [("s3.access-key-id", "ID"), ("s3.secret-access-key", "planted"), ("s3.session-token", "TOKEN")];
    minted("s3://lake/sales/orders/", &entries, Some(EXPIRY))
}

struct Case {
    warehouse: Warehouse,
    credentials: Vec<MintedCredential>,
    strategy: &'static str,
    unscoped: bool,
    root: Location,
    defaults: StorageDefaults<'static>,
    client: Client,
}

impl Case {
    fn new(kind: StorageKind, config: &Value, root: &str, credential: MintedCredential) -> Self {
        Self {
            warehouse: warehouse(kind, config),
            credentials: vec![credential],
            strategy: "AwsSts",
            unscoped: false,
            root: Location::parse(root).unwrap(),
            defaults: StorageDefaults::default(),
            client: Client::default(),
        }
    }

    fn emission(&self) -> Emission<'_> {
        Emission {
            warehouse: &self.warehouse,
            credentials: &self.credentials,
            strategy: self.strategy,
            unscoped: self.unscoped,
            table_root: &self.root,
            refresh_endpoint: REFRESH,
            defaults: self.defaults,
            client: self.client,
        }
    }

    fn config(&self) -> Value {
        let reply = serde_json::to_value(emit(&self.emission()).unwrap()).unwrap();
        assert_eq!(reply["storage-credentials"].as_array().unwrap().len(), 1);
        reply["storage-credentials"][0]["config"].clone()
    }
}

fn s3(config: &Value) -> Case {
    Case::new(StorageKind::S3, config, "s3://lake/sales/orders", session())
}

fn azure(credential: MintedCredential) -> Case {
    let config = json!({ "account_name": "acct", "container": "data" });
    let root = "abfss://data@acct.dfs.core.windows.net/sales/orders";
    Case { strategy: "AzureSas", ..Case::new(StorageKind::Azure, &config, root, credential) }
}

fn sas() -> MintedCredential {
    let prefix = "abfss://data@acct.dfs.core.windows.net/sales/orders/";
    minted(prefix, &[("adls.sas-token", "sv=1&sig=planted")], Some(EXPIRY))
}

#[test]
fn s3_has_all_that_java_duckdb_and_pyiceberg_read() {
    let config = json!({ "region": "eu-central-1", "endpoint": "http://127.0.0.1:9000" });
    assert_eq!(
        s3(&config).config(),
        json!({
            "s3.access-key-id": "ID", "s3.secret-access-key": "planted", "s3.session-token": "TOKEN",
            "s3.session-token-expires-at-ms": "1700000000000",
            "s3.region": "eu-central-1", "client.region": "eu-central-1", "region": "eu-central-1",
            "s3.endpoint": "http://127.0.0.1:9000",
            "s3.path-style-access": "true", "s3.force-virtual-addressing": "false",
            "client.refresh-credentials-endpoint": REFRESH, "client.refresh-credentials-enabled": "true",
            "credential-type": "aws-sts", "credential-scope": "table",
            "credential-expires-at": "2023-11-14T22:13:20.000Z",
        })
    );
}

#[test]
fn the_prefix_is_the_tables_root_in_its_own_scheme() {
    for (root, prefix) in [
        ("s3a://lake/sales/orders", "s3a://lake/sales/orders/"),
        ("s3://lake/sales/orders/", "s3://lake/sales/orders/"),
    ] {
        let case = Case { root: Location::parse(root).unwrap(), ..s3(&json!({})) };
        let [only] = emit(&case.emission()).unwrap().storage_credentials;
        assert_eq!(only.prefix, prefix);
    }
    let mut case = s3(&json!({}));
    case.credentials.insert(0, minted("s3://lake/other/", &[("s3.access-key-id", "X")], None));
    let [only] = emit(&case.emission()).unwrap().storage_credentials;
    assert_eq!(only.prefix, "s3://lake/sales/orders/", "the one that covers the root");
    case.credentials = vec![MintedCredential { prefix: "s3://lake/sales/orders/data".to_owned(), ..session() }];
    let [only] = emit(&case.emission()).unwrap().storage_credentials;
    assert_eq!(only.prefix, "s3://lake/sales/orders/data/", "no wider than what was minted");
}

#[test]
fn endpoint_region_and_style_follow_the_warehouse_then_the_operator() {
    let defaults = StorageDefaults { region: Some("us-west-2"), endpoint: Some("http://store:8333") };
    let config = Case { defaults, ..s3(&json!({})) }.config();
    assert_eq!((&config["s3.region"], &config["s3.endpoint"]), (&json!("us-west-2"), &json!("http://store:8333")));
    let own = json!({ "region": "eu", "endpoint": "https://s3.eu.amazonaws.com" });
    let config = Case { defaults, ..s3(&own) }.config();
    assert_eq!((&config["region"], &config["s3.endpoint"]), (&json!("eu"), &json!("https://s3.eu.amazonaws.com")));
    assert_eq!(config["s3.path-style-access"], json!("false"));
    let config = s3(&json!({})).config();
    for key in
        ["s3.endpoint", "s3.region", "region", "client.region", "s3.path-style-access", "s3.force-virtual-addressing"]
    {
        assert!(config.get(key).is_none(), "{key} is not made up for AWS");
    }
    let config = s3(&json!({ "endpoint": "http://store:8333" })).config();
    assert_eq!(config["region"], json!("us-east-1"), "DuckDB fails without one");
    let config = s3(&json!({ "endpoint": "http://store:8333", "path_style_access": false })).config();
    assert_eq!(
        (&config["s3.path-style-access"], &config["s3.force-virtual-addressing"]),
        (&json!("false"), &json!("true"))
    );
}

#[test]
fn static_keys_are_marked_and_never_refreshed() {
    let entries = [("s3.access-key-id", "ID"), ("s3.secret-access-key", "planted")];
    let case = Case { strategy: "AwsStatic", unscoped: true, ..s3(&json!({ "region": "eu" })) };
    let case = Case { credentials: vec![minted("s3://lake/sales/orders/", &entries, None)], ..case };
    let config = case.config();
    assert_eq!(config["credential-type"], json!("aws-static"));
    assert_eq!(config["credential-scope"], json!("unscoped"));
    assert_eq!(config["credential-expires-at"], json!("never"));
    for key in [
        "s3.session-token",
        "s3.session-token-expires-at-ms",
        "client.refresh-credentials-endpoint",
        "client.refresh-credentials-enabled",
    ] {
        assert!(config.get(key).is_none(), "{key}");
    }
    let body = serde_json::to_value(flat(&case.emission()).unwrap()).unwrap();
    assert_eq!(
        body,
        json!({
            "access_key_id": "ID", "secret_access_key": "planted", "session_token": null, "expiration": null,
            "scoped": false,
        })
    );
}

#[test]
fn nothing_goes_out_without_credentials() {
    let endpoint = json!({ "endpoint": "http://store:8333", "region": "eu" });
    let none = Case { credentials: Vec::new(), ..s3(&endpoint) };
    assert_eq!(emit(&none.emission()).unwrap_err(), EmitError::Nothing);
    assert_eq!(flat(&none.emission()).unwrap_err(), EmitError::Nothing);
    let half = minted("s3://lake/sales/orders/", &[("s3.access-key-id", "ID")], Some(EXPIRY));
    let half = Case { credentials: vec![half], ..s3(&endpoint) };
    assert!(matches!(emit(&half.emission()), Err(EmitError::Incomplete { .. })));
    assert!(matches!(flat(&half.emission()), Err(EmitError::Incomplete { .. })));
    let local = Case { warehouse: warehouse(StorageKind::Local, &json!({})), ..s3(&json!({})) };
    assert_eq!(emit(&local.emission()).unwrap_err(), EmitError::Nothing);
}

#[test]
fn a_strategy_cannot_lead_clients_elsewhere() {
    let mut credential = session();
    for key in [
        "s3.endpoint",
        "s3.signer.uri",
        "client.refresh-credentials-endpoint",
        "uri",
        "token",
        "s3.proxy-uri",
        "s3.access-points.lake",
        "s3.acl",
        "s3.profile-name",
        "s3.sse.type",
    ] {
        credential.entries.push((key.to_owned(), Secret::from("minted")));
    }
    let config = Case { credentials: vec![credential], ..s3(&json!({})) }.config();
    let minted: Vec<&String> =
        config.as_object().unwrap().iter().filter(|(_, v)| **v == json!("minted")).map(|(k, _)| k).collect();
    assert_eq!(minted, ["s3.sse.type"]);
}

#[test]
fn azure_has_both_forms_of_the_sas() {
    let config = azure(sas()).config();
    assert_eq!(
        config,
        json!({
            "adls.sas-token": "sv=1&sig=planted",
            "adls.sas-token.acct.dfs.core.windows.net": "sv=1&sig=planted",
            "adls.sas-token-expires-at-ms.acct.dfs.core.windows.net": "1700000000000",
            "adls.account-name": "acct", "adls.account-host": "acct.blob.core.windows.net", "adls.container": "data",
            "adls.refresh-credentials-endpoint": REFRESH, "adls.refresh-credentials-enabled": "true",
            "credential-type": "azure-sas", "credential-scope": "table",
            "credential-expires-at": "2023-11-14T22:13:20.000Z",
        })
    );
    let body = serde_json::to_value(flat(&azure(sas()).emission()).unwrap()).unwrap();
    assert_eq!(
        body,
        json!({
            "sas_token": "sv=1&sig=planted", "account_name": "acct", "container": "data",
            "expiration": "2023-11-14T22:13:20.000Z", "scoped": true,
        })
    );
}

#[test]
fn pyiceberg_is_led_to_the_blob_service() {
    let config = json!({ "account_name": "acct", "container": "data", "endpoint": "https://127.0.0.1:10000/acct/" });
    let root = "abfss://data@acct.dfs.core.windows.net/sales/orders";
    let config = Case::new(StorageKind::Azure, &config, root, sas()).config();
    assert_eq!(config["adls.account-host"], "127.0.0.1:10000/acct");
    assert_eq!(config["adls.sas-token.acct.dfs.core.windows.net"], "sv=1&sig=planted", "by the location's host");
}

#[test]
fn both_an_azure_token_and_a_sas_go_out_where_both_were_minted() {
    let entries = [("adls.sas-token", "sv=1&sig=planted"), ("adls.token", "eyJ")];
    let both = minted("abfss://data@acct.dfs.core.windows.net/sales/orders/", &entries, Some(EXPIRY));
    let case = Case { strategy: "AzureOAuth", unscoped: true, ..azure(both) };
    let config = case.config();
    assert_eq!((&config["adls.token"], &config["adls.sas-token"]), (&json!("eyJ"), &json!("sv=1&sig=planted")));
    assert_eq!(config["credential-scope"], "unscoped");
    let body = serde_json::to_value(flat(&case.emission()).unwrap()).unwrap();
    assert_eq!((&body["access_token"], &body["sas_token"]), (&json!("eyJ"), &json!("sv=1&sig=planted")));
}

#[test]
fn an_azure_token_has_no_sas_keys() {
    let token = minted("abfss://data@acct.dfs.core.windows.net/", &[("adls.token", "planted")], Some(EXPIRY));
    let config = Case { strategy: "AzureOAuth", unscoped: true, ..azure(token) }.config();
    assert_eq!((&config["adls.token"], &config["credential-type"]), (&json!("planted"), &json!("azure-oauth")));
    assert!(config.as_object().unwrap().keys().all(|key| !key.starts_with("adls.sas-token")));
}

#[test]
fn old_pyiceberg_gets_no_key_that_it_takes_for_a_token() {
    let key = "adls.sas-token-expires-at-ms.acct.dfs.core.windows.net";
    for (agent, there) in [
        ("PyIceberg/0.10.0", false),
        ("PyIceberg/0.9.1", false),
        ("pyiceberg/0.10.1rc1 python/3.12", false),
        ("PyIceberg/0.11.0", true),
        ("PyIceberg/1.0.0", true),
        ("PyIceberg", true),
        ("duckdb/v1.5.5", true),
        ("", true),
    ] {
        let config = Case { client: Client::from_user_agent(agent), ..azure(sas()) }.config();
        assert_eq!(config.get(key).is_some(), there, "{agent}");
        assert!(config.get("adls.sas-token").is_some(), "{agent}");
    }
}

#[test]
fn google_has_the_token_its_expiry_and_the_documented_names() {
    let token = minted("gs://lake/sales/orders/", &[("gcs.oauth2.token", "planted")], Some(EXPIRY));
    let config = json!({ "project_id": "p", "bucket": "lake" });
    let case = Case::new(StorageKind::Gcs, &config, "gs://lake/sales/orders", token);
    let case = Case {
        strategy: "GcpDownscoped",
        defaults: StorageDefaults { region: None, endpoint: Some("http://s3") },
        ..case
    };
    assert_eq!(
        case.config(),
        json!({
            "gcs.oauth2.token": "planted", "gcs.oauth2.token-expires-at": "1700000000000",
            "gcs.oauth2.refresh-credentials-endpoint": REFRESH, "gcs.oauth2.refresh-credentials-enabled": "true",
            "gcs.project-id": "p", "gcp-oauth-token": "planted", "gcp-project-id": "p", "gcp-bucket": "lake",
            "credential-type": "gcp-downscoped", "credential-scope": "table",
            "credential-expires-at": "2023-11-14T22:13:20.000Z",
        })
    );
    let body = serde_json::to_value(flat(&case.emission()).unwrap()).unwrap();
    assert_eq!(body, json!({ "access_token": "planted", "expiration": "2023-11-14T22:13:20.000Z", "scoped": true }));
}

#[test]
fn no_other_name_leads_azures_clients_elsewhere() {
    let mut sas = vec![("adls.sas-token", "sv=1&sig=planted")];
    let keys = [
        "adls.connection-string",
        "adls.connection-string.acct",
        "adls.blob-storage-authority",
        "adls.dfs-storage-scheme",
        "adls.account-name",
    ];
    sas.extend(keys.map(|key| (key, "evil")));
    let minted = minted("abfss://data@acct.dfs.core.windows.net/t/", &sas, Some(EXPIRY));
    let config = json!({ "account_name": "acct", "container": "data" });
    let emitted = Case::new(StorageKind::Azure, &config, "abfss://data@acct.dfs.core.windows.net/t", minted).config();
    assert!(!emitted.to_string().contains("evil"), "{emitted}");
}

#[test]
fn googles_clients_are_led_to_the_warehouses_endpoint_and_no_other() {
    let token = || {
        let entries = [
            ("gcs.oauth2.token", "planted"),
            ("gcs.service.host", "http://evil"),
            ("gcs.service.path", "http://evil"),
            ("gcs.session-kwargs", "{}"),
            ("gcs.user-project", "p2"),
        ];
        minted("gs://lake/sales/orders/", &entries, Some(EXPIRY))
    };
    let config = json!({ "bucket": "lake", "endpoint": "http://127.0.0.1:4443" });
    let emitted = Case::new(StorageKind::Gcs, &config, "gs://lake/sales/orders", token()).config();
    for key in ["gcs.service.host", "gcs.service.path"] {
        assert_eq!(emitted[key], "http://127.0.0.1:4443", "{key}");
    }
    assert_eq!(emitted["gcs.user-project"], "p2");
    let emitted = Case::new(StorageKind::Gcs, &json!({ "bucket": "lake" }), "gs://lake/sales/orders", token()).config();
    for key in ["gcs.service.host", "gcs.service.path", "gcs.session-kwargs"] {
        assert!(emitted.get(key).is_none(), "{key}");
    }
    // Without a project there is no name of one.
    assert!(emitted.get("gcs.project-id").is_none() && emitted.get("gcp-project-id").is_none());
}

#[test]
fn debug_never_shows_what_serialise_sends() {
    let case = s3(&json!({}));
    let emitted = emit(&case.emission()).unwrap();
    let text = format!("{emitted:?} {:?} {:?}", emitted.config(), flat(&case.emission()).unwrap());
    assert!(!text.contains("planted") && !text.contains("TOKEN"), "{text}");
    assert!(serde_json::to_string(emitted.config()).unwrap().contains("planted"));
}
