//! Clients of the SDK: which endpoint and region, whose keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Builder, IdentityCache, Region, StalledStreamProtectionConfig};
use aws_smithy_async::time::TimeSource;
use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::EgressClient;
use pangolin_signing::sigv4::is_region;
use url::Url;

use super::StsSettings;
use super::connector::EgressHttp;

/// Attempts of one AssumeRole, the first among them.
const ATTEMPTS: u32 = 3;
/// One attempt; the deadline of the call bounds them all.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Clients that are kept. Tenants choose regions, so the number must have a bound.
const KEPT: usize = 64;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    region: String,
    /// None: AWS's regional endpoint.
    endpoint: Option<String>,
}

impl Target {
    /// The warehouse's own endpoint, else the operator's, else AWS.
    pub(super) fn choose(
        settings: &StsSettings,
        own: Option<Url>,
        region: Option<&str>,
    ) -> Result<Self, StrategyError> {
        let region = region.filter(|text| !text.is_empty()).or(settings.region.as_deref());
        let endpoint = own.or_else(|| settings.endpoint.clone());
        let region = match (region, &endpoint) {
            (Some(region), _) if is_region(region) => region,
            (Some(region), _) => {
                let message = format!("'{}' is not a region", crate::text::printable(region, 40));
                return Err(StrategyError::new(StrategyErrorKind::InvalidConfig, "region-invalid", message));
            }
            // Stores of one's own have no regions; this is the name that they all take.
            (None, Some(_)) => "us-east-1",
            (None, None) if settings.legacy_global => "us-east-1",
            (None, None) => {
                return Err(StrategyError::new(
                    StrategyErrorKind::InvalidConfig,
                    "region-missing",
                    "STS needs a region: set the warehouse's 'region', or AWS_REGION for the host",
                ));
            }
        };
        if endpoint.is_none() && settings.legacy_global && has_global_endpoint(region) {
            // The global endpoint signs for one region, whatever the warehouse's is.
            return Ok(Self { region: "us-east-1".to_owned(), endpoint: Some("https://sts.amazonaws.com".to_owned()) });
        }
        let endpoint = endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned());
        Ok(Self { region: region.to_owned(), endpoint })
    }
}

impl Target {
    pub(super) fn region(&self) -> &str {
        &self.region
    }
}

/// Regions of other partitions have none.
fn has_global_endpoint(region: &str) -> bool {
    !["cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"].iter().any(|prefix| region.starts_with(prefix))
}

/// Makes clients over one connector. Those of the host's identity are kept, and with them the
/// identity's cached credentials; those of a warehouse's keys are made for one call.
#[derive(Debug)]
pub(super) struct Clients {
    http: EgressHttp,
    clock: Arc<dyn Clock>,
    identity: SharedCredentialsProvider,
    of_host: Mutex<HashMap<Target, Client>>,
}

impl Clients {
    pub(super) fn new(egress: EgressClient, clock: Arc<dyn Clock>, identity: SharedCredentialsProvider) -> Self {
        Self { http: EgressHttp::new(egress), clock, identity, of_host: Mutex::new(HashMap::new()) }
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(super) fn of_host(&self, target: &Target) -> Client {
        let mut kept = self.of_host.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = kept.get(target) {
            return client.clone();
        }
        let config = self.config(target).credentials_provider(self.identity.clone()).build();
        let client = Client::from_conf(config);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(target.clone(), client.clone());
        client
    }

    pub(super) fn of_keys(&self, target: &Target, keys: Credentials) -> Client {
        let config = self.config(target).credentials_provider(keys).identity_cache(IdentityCache::no_cache());
        Client::from_conf(config.build())
    }

    fn config(&self, target: &Target) -> Builder {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).read_timeout(ATTEMPT_TIMEOUT);
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(target.region.clone()))
            .http_client(self.http.clone())
            .time_source(HostClock(self.clock.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts.build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(target.endpoint.clone());
        config
    }
}

/// The host's clock, as the SDK asks for it.
#[derive(Debug)]
struct HostClock(Arc<dyn Clock>);

impl TimeSource for HostClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0.now().0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(settings: &StsSettings, own: Option<&str>, region: Option<&str>) -> (String, Option<String>) {
        let target = Target::choose(settings, own.map(|text| text.parse().unwrap()), region).unwrap();
        (target.region, target.endpoint)
    }

    #[test]
    fn own_endpoint_then_the_operators_then_aws() {
        let operator = StsSettings {
            endpoint: Some("http://op:1/".parse().unwrap()),
            legacy_global: true,
            ..StsSettings::default()
        };
        assert_eq!(
            target(&operator, Some("https://own"), Some("eu-west-1")),
            ("eu-west-1".into(), Some("https://own".into()))
        );
        assert_eq!(target(&operator, None, None), ("us-east-1".into(), Some("http://op:1".into())));
        let plain = StsSettings { region: Some("eu-central-1".into()), ..StsSettings::default() };
        assert_eq!(target(&plain, None, None), ("eu-central-1".into(), None));
        assert_eq!(target(&plain, None, Some("eu-west-1")), ("eu-west-1".into(), None));
        let legacy = StsSettings { legacy_global: true, ..plain };
        assert_eq!(target(&legacy, None, None), ("us-east-1".into(), Some("https://sts.amazonaws.com".into())));
        assert_eq!(target(&legacy, None, Some("cn-north-1")), ("cn-north-1".into(), None));
    }

    #[test]
    fn a_region_is_needed_and_is_a_region() {
        let code = |region| Target::choose(&StsSettings::default(), None, region).unwrap_err().code;
        assert_eq!(code(None), "region-missing");
        assert_eq!(code(Some("")), "region-missing");
        for region in ["eu west", "EU", "evil.com/", "a@b"] {
            assert_eq!(code(Some(region)), "region-invalid");
        }
    }
}
