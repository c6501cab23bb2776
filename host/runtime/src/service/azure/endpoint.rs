//! Where the blob service of an account is.

use pangolin_core::scope_proof::SasResource;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_core::warehouse::{blob_service, is_azures};
use pangolin_egress::EgressClient;
use serde_json::Value;
use url::Url;

use super::denied;
use super::identity::Identity;
use crate::call::Call;
use crate::service::server;

/// The blob service: the warehouse's `endpoint`, else the one beside the location's host.
pub(super) fn of(call: &Call, identity: &Identity, host: &str, egress: &EgressClient) -> Result<Url, StrategyError> {
    let configured = call.config.get("endpoint").and_then(Value::as_str).filter(|text| !text.is_empty());
    let url = blob_service(configured, host).ok_or_else(malformed)?;
    let url = server::allowed(egress, url.as_str(), "blob service")?;
    let is_operators = egress.policy().is_some_and(|policy| policy.is_operator_origin(&url));
    if identity.is_hosts() && !is_operators && !is_azures(&url) {
        return Err(denied(
            "endpoint-with-host-identity",
            "an endpoint of the warehouse needs a client_secret of the warehouse: the host's identity is not shown there",
        ));
    }
    let is_hosts_way = identity.is_hosts() && is_operators;
    if !is_hosts_way {
        server::require_grant(call, &url, "the blob service", "endpoint")?;
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
