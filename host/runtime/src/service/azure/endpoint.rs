//! Where the blob service of an account is.

use pangolin_core::egress::{host_granted, wanted_host};
use pangolin_core::scope_proof::SasResource;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::EgressClient;
use serde_json::Value;
use url::{Host, Url};

use super::denied;
use super::identity::Identity;
use crate::call::Call;

/// Azure's own blob services: the host's identity shows its token to no other server.
const AZURES: [&str; 4] = [
    ".blob.core.windows.net",
    ".blob.storage.azure.net",
    ".blob.core.usgovcloudapi.net",
    ".blob.core.chinacloudapi.cn",
];

/// The blob service: the warehouse's `endpoint`, else the one beside the location's host.
pub(super) fn of(call: &Call, identity: &Identity, host: &str, egress: &EgressClient) -> Result<Url, StrategyError> {
    let policy = egress.policy().ok_or_else(|| denied("egress-denied", "this host has no egress policy"))?;
    let configured = call.config.get("endpoint").and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = configured.map_or_else(|| format!("https://{host}"), str::to_owned);
    let mut url = Url::parse(&text).map_err(|_| malformed())?;
    let blob = url.host_str().unwrap_or_default().replacen(".dfs.", ".blob.", 1);
    if url.query().is_some() || url.set_host(Some(&blob)).is_err() {
        return Err(malformed());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let is_address = !matches!(url.host(), Some(Host::Domain(name)) if name != "localhost");
    if path.is_empty() && is_address {
        // One that is named by its address has the account in its path, as emulators do.
        url.set_path(host.split('.').next().unwrap_or_default());
    } else {
        url.set_path(&path);
    }
    let url = policy
        .check_url(url.as_str())
        .map_err(|refused| denied("egress-denied", format!("blob service: {refused}")))?;
    let is_operators = policy.is_operator_origin(&url);
    let is_azures =
        url.scheme() == "https" && AZURES.iter().any(|suffix| blob.ends_with(suffix)) && url.port().is_none();
    if identity.is_hosts() && !is_operators && !is_azures {
        return Err(denied(
            "endpoint-with-host-identity",
            "an endpoint of the warehouse needs a client_secret of the warehouse: the host's identity is not shown there",
        ));
    }
    let is_hosts_way = identity.is_hosts() && is_operators;
    if !is_hosts_way && !host_granted(&call.hosts, &call.config, &url) {
        let (plugin, host) = (&call.plugin, wanted_host(&url));
        return Err(denied(
            "host-not-granted",
            format!(
                "plugin '{plugin}' may not reach the blob service '{host}': its description must ask for it, and the \
                 grant file must have\n[plugins.{plugin}]\nhosts = [\"{host}\"] (or \"field:endpoint\")"
            ),
        ));
    }
    Ok(url)
}

/// Through the host's identity a tenant has a base of its own, and others have theirs beside it: a
/// container's SAS would open all of them, unless the container is the base.
pub(super) fn require_own_container(
    call: &Call,
    identity: &Identity,
    resource: SasResource,
) -> Result<(), StrategyError> {
    let prefix = call.config.get("prefix").and_then(Value::as_str).unwrap_or_default();
    if identity.is_hosts() && resource == SasResource::Container && !prefix.trim_matches('/').is_empty() {
        return Err(denied(
            "container-not-own",
            "with the host's identity a whole container is opened only to a warehouse without a prefix: give it a \
             client_secret, or use an account with hierarchical namespace",
        ));
    }
    Ok(())
}

fn malformed() -> StrategyError {
    StrategyError::new(
        Kind::InvalidConfig,
        "endpoint-invalid",
        "endpoint must be the URL of the account's blob service, for example https://ACCOUNT.blob.core.windows.net",
    )
}
