//! VastS3Keys: a key pair of a user at VAST's management service (VMS), and its end.
//!
//! VAST's keys open what their user may, and do not expire. So there is a user per level of
//! access, or the caller's own directory user; and the host leases what is minted here.
//!
//! [`config`] reads the warehouse's fields, [`target`] says whose keys serve a request, [`vms`]
//! speaks with the server, [`keys`] makes, lists and deletes keys, [`leases`] is the host's part
//! of the life of one, [`handle`] is by what it ends.

use pangolin_plugin_sdk::{
    Config, Credential, Description, HostPattern, Problem, Scoping, ScopingRule, Strategy, VendError, VendRequest,
};

mod config;
mod fault;
mod handle;
mod instant;
mod keys;
mod leases;
mod target;
#[cfg(test)]
mod tests;
mod vms;

use config::Settings;
use handle::Handle;
use target::Target;
use vms::Vms;

/// Below this the work of making and deleting a key outweighs its use.
const MIN_SECONDS: u32 = 60;
/// As long as a session of other strategies can live. VAST itself has no limit.
const MAX_SECONDS: u32 = 43_200;

const RULES: &[ScopingRule] = &[ScopingRule { field: "identity", equals: "caller", scoping: Scoping::Delegated }];

const DESCRIPTION: Description = Description::new(
    "VastS3Keys",
    env!("CARGO_PKG_VERSION"),
    "S3 keys of a VAST user, deleted when their time is over",
)
.schemes(&["s3", "s3a", "s3n"])
.scoping(Scoping::AccessOnly, RULES)
.fields(config::FIELDS)
.hosts(&[HostPattern::OfField("vms_endpoint")])
.ttl_seconds(MIN_SECONDS, MAX_SECONDS);

/// The strategy.
#[derive(Debug)]
pub struct VastS3Keys;

impl Strategy for VastS3Keys {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        Settings::read(config).map(drop)
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let settings = Settings::read(&request.config)?;
        let target = Target::of(&settings, &request)?;
        let mut vms = Vms::new(&settings, target.login);
        let made = keys::make(&mut vms, &target)?;
        let handle = Handle::of(&settings, &target, made.owner, made.access_key.clone());
        // The target was chosen by a first scope.
        let root = request.scopes.into_iter().next().map(|scope| scope.location).unwrap_or_default();
        let credential = Credential::new(root)
            .plain("s3.access-key-id", made.access_key)
            .plain("s3.secret-access-key", made.secret_key)
            .handle(handle.to_text());
        Ok(vec![credential])
    }
}

pangolin_plugin_sdk::export!(VastS3Keys, leases);
