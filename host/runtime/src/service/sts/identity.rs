//! The host's own identity: the standard provider chain of AWS.

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::config::Region;
use pangolin_egress::{EgressClient, EgressError};
use tokio::sync::OnceCell;

use super::connector::EgressHttp;

/// The chain, built at the first use: a host that never uses its own identity asks no metadata
/// service for one.
pub(super) fn standard_chain(region: Option<String>) -> Result<SharedCredentialsProvider, EgressError> {
    let http = EgressHttp::new(EgressClient::operator()?);
    Ok(SharedCredentialsProvider::new(LazyChain { http, region, chain: OnceCell::new() }))
}

#[derive(Debug)]
struct LazyChain {
    http: EgressHttp,
    region: Option<String>,
    chain: OnceCell<DefaultCredentialsChain>,
}

impl LazyChain {
    async fn credentials(&self) -> provider::Result {
        let build = async {
            let config = ProviderConfig::without_region()
                .with_region(self.region.clone().map(Region::new))
                .with_http_client(self.http.clone());
            DefaultCredentialsChain::builder().configure(config).build().await
        };
        self.chain.get_or_init(|| build).await.provide_credentials().await
    }
}

impl ProvideCredentials for LazyChain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
