//! A server that a host service talks to on a warehouse's behalf: allowed by the egress policy, and
//! granted to the plugin.

use pangolin_core::egress::{host_granted, wanted_host};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::EgressClient;
use url::Url;

use crate::call::Call;
use crate::text;

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
    let nor = format!(" (nor for \"field:{field}\", where the warehouse names the server)");
    Err(denied("host-not-granted", not_granted(call, url, &format!("{what} at "), &nor)))
}

/// Why no granted host covers the URL, and what would. `what` and `nor` are parts of the text.
pub(super) fn not_granted(call: &Call, url: &Url, what: &str, nor: &str) -> String {
    let (plugin, host) = (&call.plugin, text::printable(&wanted_host(url), 253));
    let port = url.port().map(|port| format!(" on port {port}")).unwrap_or_default();
    let why = match call.lacking.host(&call.config, url) {
        Some(lines) => lines,
        None if is_asked_for_elsewhere(call, url) => {
            "its description asks for this host by https on the usual port; another port, or plain http, is opened by \
             \"field:<name>\" of a field whose URL has it"
                .to_owned()
        }
        None => format!("its description does not ask for this host{nor}, so no line of the grant file opens it"),
    };
    format!("plugin '{plugin}' may not reach {what}'{host}'{port}: {why}")
}

/// Whether the plugin asks for the same host by https on the usual port.
fn is_asked_for_elsewhere(call: &Call, url: &Url) -> bool {
    let mut usual = url.clone();
    let changed = usual.set_scheme("https").is_ok() && usual.set_port(None).is_ok();
    changed && (host_granted(&call.hosts, &call.config, &usual) || call.lacking.host(&call.config, &usual).is_some())
}

fn denied(code: &str, message: String) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Denied, code, message)
}
