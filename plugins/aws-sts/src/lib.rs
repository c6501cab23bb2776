//! AwsSts: `AssumeRole` with a session policy that opens one table and nothing beyond.
//!
//! [`config`] reads the warehouse's fields, [`policy`] writes the session policy, [`session`]
//! names the session and bounds its life, [`reply`] turns the answer into a credential. The
//! call itself is the host's: it holds the keys, and checks the policy again before it sends it.

use pangolin_plugin_sdk::sts::{self, AssumeRole, Base};
use pangolin_plugin_sdk::{Config, Credential, Description, HostPattern, Problem, Strategy, VendError, VendRequest};

mod config;
mod policy;
mod reply;
mod session;

use config::Settings;

const HOSTS: &[HostPattern] = &[
    HostPattern::Literal("sts.amazonaws.com"),
    HostPattern::Literal("*.amazonaws.com"),
    HostPattern::Literal("*.amazonaws.com.cn"),
    HostPattern::OfField("sts_endpoint"),
];

const DESCRIPTION: Description =
    Description::new("AwsSts", env!("CARGO_PKG_VERSION"), "AssumeRole with a session policy scoped to one table")
        .schemes(&["s3", "s3a", "s3n"])
        .exact()
        .fields(config::FIELDS)
        .hosts(HOSTS)
        .ttl_seconds(session::MIN_SECONDS, session::MAX_SECONDS);

/// The strategy.
#[derive(Debug)]
pub struct AwsSts;

impl Strategy for AwsSts {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        Settings::read(config).map(drop)
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let settings = Settings::read(&request.config)?;
        let policy = policy::build(settings.partition, &request.scopes, &settings.kms)?;
        let tags = if settings.session_tags { session::tags(&request) } else { Vec::new() };
        policy::budget::check(&policy, &tags)?;
        let session = sts::assume_role(AssumeRole {
            base: settings.keys.map_or(Base::Host, Base::Slots),
            role_arn: settings.role_arn.to_owned(),
            session_name: session::name(&request.principal),
            external_id: settings.external_id.map(str::to_owned),
            duration_seconds: session::duration(request.ttl_seconds, settings.session_duration),
            policy,
            tags,
            region: settings.region.map(str::to_owned),
            endpoint: settings.sts_endpoint.map(str::to_owned),
        })?;
        // The policy was built, so there is a first scope.
        let root = request.scopes.into_iter().next().map(|scope| scope.location).unwrap_or_default();
        reply::credential(root, session).map(|credential| vec![credential])
    }
}

pangolin_plugin_sdk::export!(AwsSts);

#[cfg(test)]
mod tests;
