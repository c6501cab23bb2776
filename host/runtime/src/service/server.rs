//! A server that a host service talks to on a warehouse's behalf: allowed by the egress policy, and
//! granted to the plugin.

use pangolin_core::egress::{host_granted, wanted_host};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::EgressClient;
use url::Url;

use crate::call::Call;

/// The policy's word on a URL. `what` is the server, for the text of a refusal.
pub(super) fn allowed(egress: &EgressClient, text: &str, what: &str) -> Result<Url, StrategyError> {
    let policy = egress.policy().ok_or_else(|| denied("egress-denied", "this host has no egress policy".to_owned()))?;
    policy.check_url(text).map_err(|refused| denied("egress-denied", format!("{what}: {refused}")))
}

/// Refuses a server that the plugin was not granted, with the lines that would. `field` of the
/// warehouse may name it.
pub(super) fn require_grant(call: &Call, url: &Url, what: &str, field: &str) -> Result<(), StrategyError> {
    if host_granted(&call.hosts, &call.config, url) {
        return Ok(());
    }
    let (plugin, host) = (&call.plugin, wanted_host(url));
    Err(denied(
        "host-not-granted",
        format!(
            "plugin '{plugin}' may not reach {what} at '{host}': its description must ask for it, and the grant file must \
             have\n[plugins.{plugin}]\nhosts = [\"{host}\"]\n(or \"field:{field}\" where the warehouse names the server)"
        ),
    ))
}

fn denied(code: &str, message: String) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Denied, code, message)
}
