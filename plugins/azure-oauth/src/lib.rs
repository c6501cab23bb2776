//! AzureOAuth: a user-delegation SAS for one table's directory, by a service principal.
//!
//! [`config`] reads the warehouse's fields, [`reply`] turns what was minted into a credential;
//! letters and times are in `pangolin-azure-rules`. The principal's token and the delegation key
//! stay in the host. Only where the warehouse says so does the token itself go out.

use pangolin_azure_rules::policy;
use pangolin_plugin_sdk::azure::{self, Signer};
use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Config, Credential, Description, HostPattern, Problem, Scope, Scoping, ScopingRule, Strategy, VendError,
    VendRequest, clock,
};

mod config;
mod reply;
#[cfg(test)]
mod tests;

use config::{Settings, Vend};

const RULES: &[ScopingRule] = &[
    ScopingRule { field: "hierarchical", equals: "false", scoping: Scoping::Unscoped },
    ScopingRule { field: "vend", equals: "token", scoping: Scoping::Unscoped },
    ScopingRule { field: "vend", equals: "both", scoping: Scoping::Unscoped },
];

/// Authorities that give tokens, and accounts that give delegation keys: of the public cloud, of
/// the sovereign ones, and the warehouse's own.
const HOSTS: &[HostPattern] = &[
    HostPattern::Literal("login.microsoftonline.com"),
    HostPattern::Literal("login.microsoftonline.us"),
    HostPattern::Literal("login.partner.microsoftonline.cn"),
    HostPattern::Literal("login.chinacloudapi.cn"),
    HostPattern::Literal("*.blob.core.windows.net"),
    HostPattern::Literal("*.blob.storage.azure.net"),
    HostPattern::Literal("*.blob.core.usgovcloudapi.net"),
    HostPattern::Literal("*.blob.core.chinacloudapi.cn"),
    HostPattern::OfField("authority_host"),
    HostPattern::OfField("endpoint"),
];

const DESCRIPTION: Description = Description::new(
    "AzureOAuth",
    env!("CARGO_PKG_VERSION"),
    "A user-delegation SAS for one table, by a service principal or the host's workload identity",
)
.schemes(&["abfs", "abfss", "wasb", "wasbs"])
.scoping(Scoping::Exact, RULES)
.fields(config::FIELDS)
.hosts(HOSTS)
.ttl_seconds(1, policy::MAX_SECONDS);

/// The strategy.
#[derive(Debug)]
pub struct AzureOAuth;

impl Strategy for AzureOAuth {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        Settings::read(config).map(drop)
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let settings = Settings::read(&request.config)?;
        let now_ms = clock::now_ms();
        let sign = |scope: &Scope| {
            let (ttl, id) = (request.ttl_seconds, request.request_id.as_str());
            let asked = policy::of_table(settings.signer(), scope, settings.hierarchical, ttl, id, now_ms)?;
            azure::sign_sas(asked).map(|sas| reply::sas(&scope.location, sas))
        };
        match settings.vend {
            Vend::DelegationSas => request.scopes.iter().map(sign).collect(),
            Vend::Token => {
                let token = azure::access_token(settings.principal.clone())?;
                Ok(request.scopes.iter().map(|scope| reply::token(&scope.location, &token)).collect())
            }
            Vend::Both => {
                let token = azure::access_token(settings.principal.clone())?;
                request.scopes.iter().map(|scope| sign(scope).map(|sas| reply::with_token(sas, &token))).collect()
            }
        }
    }
}

impl Presign for AzureOAuth {
    fn presign(request: PresignRequest) -> Result<Presigned, VendError> {
        let settings = Settings::read(&request.config)?;
        pangolin_azure_rules::presign(settings.signer(), settings.endpoint, &request)
    }
}

impl Settings<'_> {
    fn signer(&self) -> Signer {
        Signer::Delegation(self.principal.clone())
    }
}

pangolin_plugin_sdk::export!(AzureOAuth, presign);
