//! AzureSas: a service SAS for one table's directory, signed by the host with the account's key.
//!
//! [`config`] reads the warehouse's fields, [`reply`] turns what was signed into a credential;
//! letters and times are in `pangolin-azure-rules`. The key never enters the guest, and never
//! goes out.

use pangolin_azure_rules::policy;
use pangolin_plugin_sdk::azure::{self, Signer};
use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Config, Credential, Description, Problem, Scoping, ScopingRule, Strategy, VendError, VendRequest, clock,
};

mod config;
mod reply;
#[cfg(test)]
mod tests;

use config::Settings;

const RULES: &[ScopingRule] = &[ScopingRule { field: "hierarchical", equals: "false", scoping: Scoping::Unscoped }];

const DESCRIPTION: Description = Description::new(
    "AzureSas",
    env!("CARGO_PKG_VERSION"),
    "A service SAS for one table, signed with the account's key",
)
.schemes(&["abfs", "abfss", "wasb", "wasbs"])
.scoping(Scoping::Exact, RULES)
.fields(config::FIELDS)
.ttl_seconds(1, policy::MAX_SECONDS);

/// The strategy.
#[derive(Debug)]
pub struct AzureSas;

impl Strategy for AzureSas {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        Settings::read(config).map(drop)
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let settings = Settings::read(&request.config)?;
        let now_ms = clock::now_ms();
        let one = |scope| {
            let (ttl, id) = (request.ttl_seconds, request.request_id.as_str());
            let asked = policy::of_table(settings.signer(), scope, settings.hierarchical, ttl, id, now_ms)?;
            Ok(reply::credential(&scope.location, azure::sign_sas(asked)?))
        };
        request.scopes.iter().map(one).collect()
    }
}

impl Presign for AzureSas {
    fn presign(request: PresignRequest) -> Result<Presigned, VendError> {
        let settings = Settings::read(&request.config)?;
        pangolin_azure_rules::presign(settings.signer(), settings.endpoint, &request)
    }
}

impl Settings<'_> {
    fn signer(&self) -> Signer {
        Signer::AccountKey(self.account_key.to_owned())
    }
}

pangolin_plugin_sdk::export!(AzureSas, presign);
