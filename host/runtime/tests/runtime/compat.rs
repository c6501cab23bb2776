//! Components that were built against a frozen version of the contract run on this host, through every interface.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::lease::{Claim, Revoked};
use pangolin_core::location::Location;
use pangolin_core::policy::Authorised;
use pangolin_core::ports::{PresignAsk, SlotValues, Strategies, StrategyCall, UpkeepCall};
use pangolin_core::secret::Secret;
use pangolin_core::warehouse::{StorageKind, Warehouse};
use pangolin_egress::{EgressClient, EgressError, Request, Response, Upstream};
use pangolin_runtime::{Runtime, RuntimeConfig, ServiceSettings, Services};

use crate::guest::NOW_MS;
use crate::host::{authorised_in, config, home, warehouse};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat");

const GRANTS: &str = "[plugins.Compat]\nhosts = [\"field:server_url\", \"oauth2.googleapis.com\", \"sts.googleapis.com\"]\nhost_identity = true\n";

/// Answers as the clouds do; keeps what it was asked.
#[derive(Debug, Default)]
struct Clouds {
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Upstream for Clouds {
    async fn answer(&self, request: Request) -> Result<Response, EgressError> {
        let body = match request.url.host_str().unwrap_or_default() {
            "server.example.com" if request.url.path() == "/token" => "a-token".to_owned(),
            "server.example.com" => SESSION.to_owned(),
            "oauth2.googleapis.com" => r#"{"access_token":"wide","token_type":"Bearer","expires_in":3600}"#.to_owned(),
            "sts.googleapis.com" => {
                r#"{"access_token":"narrow","token_type":"Bearer","expires_in":900,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}"#
                    .to_owned()
            }
            host => panic!("nobody may ask {host}"),
        };
        self.asked.lock().unwrap().push(request.url.to_string());
        Ok(Response { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body: body.into() })
    }
}

const SESSION: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>session-secret</SecretAccessKey><SessionToken>session-token</SessionToken>
<Expiration>2023-11-14T22:28:20Z</Expiration></Credentials><AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>id</AssumedRoleId>
</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"#;

fn kept() -> Vec<PathBuf> {
    let files = std::fs::read_dir(Path::new(KEPT)).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).collect()
}

struct World {
    runtime: Runtime,
    _home: tempfile::TempDir,
    clouds: Arc<Clouds>,
    slots: SlotValues,
}

async fn world(component: &Path) -> World {
    let home = home(&[("compat.wasm", &std::fs::read(component).unwrap())]);
    let clouds = Arc::new(Clouds::default());
    let clock = Arc::new(ManualClock::at(UnixMillis(i64::try_from(NOW_MS).unwrap())));
    let policy = Arc::new(EgressPolicy::new(Vec::new(), &[], false));
    let egress = EgressClient::answered_by(policy, clouds.clone()).unwrap();
    let services = Services::new(egress, ServiceSettings::default(), clock.clone()).unwrap();
    let runtime = Runtime::open(RuntimeConfig { services, ..config(&home, GRANTS) }, clock).await.unwrap();
    assert_eq!(runtime.rejected(), []);
    let accounts = include_str!("../../../../tests/fixtures/signing/google_account.json");
    let accounts: serde_json::Value = serde_json::from_str(accounts).unwrap();
    let account = accounts[0].to_string();
    let slots = [
        ("access_key_id", "AKIAEXAMPLE"),
        ("secret_access_key", "base-secret"),
        ("api_key", "key-of-the-server"),
        ("account_key", "YWNjb3VudC1rZXktb2YtdGhlLXN0b3JhZ2U="),
        ("service_account_key", account.as_str()),
    ];
    let slots = slots.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
    World { runtime, _home: home, clouds, slots }
}

/// A warehouse of this kind, and leave to read and write one table in it.
fn leave(kind: StorageKind, base: &str, way: &str, server: &str) -> (Warehouse, Authorised) {
    let mut warehouse = Warehouse { kind, base: Location::parse(base).unwrap(), ..warehouse("Compat") };
    let place = match kind {
        StorageKind::Azure => [("account_name", "acct"), ("container", "lake")],
        _ => [("bucket", "lake"), ("region", "eu-central-1")],
    };
    let config = place.into_iter().chain([("way", way), ("server_url", server)]);
    warehouse.config = config.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let authorised = authorised_in(&warehouse);
    (warehouse, authorised)
}

const S3: (StorageKind, &str) = (StorageKind::S3, "s3://lake/base");
const AZURE: (StorageKind, &str) = (StorageKind::Azure, "abfss://lake@acct.dfs.core.windows.net/base");
const GCS: (StorageKind, &str) = (StorageKind::Gcs, "gs://lake/base");

impl World {
    /// What one way of minting gives, by the name of its property.
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was minted")]
    async fn mint(&self, (kind, base): (StorageKind, &str), way: &str, server: &str, property: &str) -> String {
        let (warehouse, authorised) = leave(kind, base, way, server);
        let call = self.call(&warehouse, &authorised);
        let minted = self.runtime.vend(call).await.unwrap_or_else(|error| panic!("{way}: {} {error}", error.code));
        assert!(minted.credentials[0].handle.is_some());
        let entry = minted.credentials[0].entries.iter().find(|(name, _)| name == property);
        entry.unwrap_or_else(|| panic!("{way} gives no {property}")).1.expose().clone()
    }

    fn call<'a>(&'a self, warehouse: &'a Warehouse, authorised: &'a Authorised) -> StrategyCall<'a> {
        StrategyCall { authorised, warehouse, slots: &self.slots, ttl_seconds: 900, request_id: "request-1" }
    }
}

#[tokio::test]
async fn every_way_to_mint_of_a_frozen_version_works() {
    for component in kept() {
        let world = world(&component).await;
        assert_eq!(world.mint(S3, "plain", "", "s3.session-token").await.len(), 64);
        assert_eq!(world.mint(S3, "http", "https://server.example.com/token", "s3.session-token").await, "a-token");
        assert_eq!(world.mint(S3, "sts", "https://server.example.com", "s3.session-token").await, "session-token");
        assert!(world.mint(AZURE, "azure", "", "adls.sas-token").await.contains("sig="));
        assert_eq!(world.mint(GCS, "gcp", "", "gcs.oauth2.token").await, "narrow");
        assert_eq!(world.clouds.asked.lock().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn the_optional_exports_of_a_frozen_version_work() {
    for component in kept() {
        let world = world(&component).await;
        let (warehouse, authorised) = leave(S3.0, S3.1, "plain", "");
        let call = || world.call(&warehouse, &authorised);
        let object = Location::parse("s3://lake/base/sales/orders/data/a.parquet").unwrap();
        let ask = PresignAsk { location: &object, method: "GET" };
        let presigned = world.runtime.presign(call(), ask).await.unwrap();
        assert_eq!(presigned.expires_at, UnixMillis(i64::try_from(NOW_MS + 900_000).unwrap()));
        let Claim { capacity, .. } = world.runtime.claim(call()).await.unwrap();
        assert_eq!(capacity, 2);
        let handles = [Secret::new("one".to_owned()), Secret::new("two".to_owned())];
        assert_eq!(world.runtime.survey(call(), &handles).await.unwrap(), "one,two");
        let upkeep = UpkeepCall { warehouse: &warehouse, slots: &world.slots, request_id: "request-2" };
        let revoke = async |handle: &str| world.runtime.revoke(upkeep, &Secret::new(handle.to_owned())).await.unwrap();
        assert_eq!(revoke("handle-1").await, Revoked::Revoked);
        assert_eq!(revoke("another").await, Revoked::Gone);
        let mut bad = warehouse.clone();
        bad.config.insert("way".to_owned(), "http".into());
        bad.config.remove("server_url");
        assert_eq!(world.runtime.check_config(&bad).await.unwrap()[0].field, "server_url");
    }
}
