//! The metadata server of the machine that the host runs on. Only the operator switches it on.

use http::{HeaderName, HeaderValue};
use pangolin_core::clock::Clock;
use pangolin_core::strategy::StrategyError;
use url::Url;

use super::super::fault::{self, Asked, Server};
use super::super::wire::{self, Wire};
use super::super::{SCOPE, WideToken};
use super::missing;

const HOST: &str = "metadata.google.internal";
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const GOOGLE: HeaderValue = HeaderValue::from_static("Google");
const ASKED: Asked = Asked { server: Server::Metadata, of_host: true };

/// Where it is.
pub(in super::super) struct Metadata {
    token_url: Url,
}

impl Metadata {
    /// At a host, with a port if need be; none: where Google puts it.
    pub(super) fn at(host: Option<&str>) -> Result<Self, StrategyError> {
        let text = format!(
            "http://{}/computeMetadata/v1/instance/service-accounts/default/token?scopes={SCOPE}",
            host.unwrap_or(HOST)
        );
        let token_url = Url::parse(&text).map_err(|_| missing("GCE_METADATA_HOST is no host"))?;
        Ok(Self { token_url })
    }

    pub(super) fn url(&self) -> &Url {
        &self.token_url
    }

    pub(super) async fn token(&self, wire: &Wire<'_>, clock: &dyn Clock) -> Result<WideToken, StrategyError> {
        let at = clock.now();
        let answer = wire.get(ASKED, self.token_url.clone(), [(FLAVOR, GOOGLE)]).await?;
        // Anything else that answers at this name is not the machine's.
        if answer.headers.get(FLAVOR) != Some(&GOOGLE) {
            return Err(fault::unreadable(ASKED, "it is not Google's metadata server"));
        }
        wire::wide_token(ASKED, wire::object(ASKED, &answer.body)?, at)
    }
}
