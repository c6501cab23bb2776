//! GcpDownscoped: an access token of a service account behind a Credential Access Boundary that
//! opens one table and nothing beyond.
//!
//! [`config`] reads the warehouse's fields, [`policy`] writes the boundary, [`reply`] turns the
//! answer into a credential. The exchange itself is the host's: it holds the keys and the wide
//! tokens, and checks the boundary again before it sends it.

use pangolin_plugin_sdk::gcp::{self, Downscope, SignUrl};
use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Config, Credential, Description, HostPattern, Problem, Strategy, VendError, VendRequest, clock,
};

mod config;
mod policy;
mod reply;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;

use config::Settings;

const HOSTS: &[HostPattern] = &[
    HostPattern::Literal("oauth2.googleapis.com"),
    HostPattern::Literal("sts.googleapis.com"),
    HostPattern::OfField("token_uri"),
    HostPattern::OfField("sts_endpoint"),
];

/// A service account's token lives an hour, and a downscoped one as long as what is left of it.
const LIFE_SECONDS: u32 = 3_600;

const DESCRIPTION: Description = Description::new(
    "GcpDownscoped",
    env!("CARGO_PKG_VERSION"),
    "Google access token behind an access boundary of one table",
)
.schemes(&["gs"])
.exact()
.fields(config::FIELDS)
.hosts(HOSTS)
.ttl_seconds(LIFE_SECONDS, LIFE_SECONDS);

/// The strategy.
#[derive(Debug)]
pub struct GcpDownscoped;

impl Strategy for GcpDownscoped {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        Settings::read(config).map(drop)
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let settings = Settings::read(&request.config)?;
        let boundary = policy::build(&request.scopes)?;
        let token =
            gcp::downscope(Downscope { principal: settings.principal, endpoints: settings.endpoints, boundary })?;
        // The boundary was built, so there is a first scope.
        let root = request.scopes.into_iter().next().map(|scope| scope.location).unwrap_or_default();
        reply::credential(root, token).map(|credential| vec![credential])
    }
}

impl Presign for GcpDownscoped {
    fn presign(request: PresignRequest) -> Result<Presigned, VendError> {
        let settings = Settings::read(&request.config)?;
        // Asked before the signature is made, so that the URL never ends before what is said.
        let signed_at_seconds = clock::now_ms() / 1000;
        let url = gcp::sign_url(SignUrl {
            principal: settings.principal,
            method: request.method,
            location: request.location,
            expires_in_seconds: request.expires_in_seconds,
        })?;
        let expires_at_ms = (signed_at_seconds + u64::from(request.expires_in_seconds)) * 1000;
        Ok(Presigned { url, headers: Vec::new(), expires_at_ms })
    }
}

pangolin_plugin_sdk::export!(GcpDownscoped, presign);
