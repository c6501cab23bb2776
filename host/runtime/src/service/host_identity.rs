//! The host's own identity: for warehouses without keys, and plugins that the operator let use it.

use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_core::warehouse::BaseIdentity;

use crate::call::Call;

/// Refuses a call that may not use it.
pub(super) fn require(call: &Call) -> Result<(), StrategyError> {
    let denied = |code, message: String| Err(StrategyError::new(StrategyErrorKind::Denied, code, message));
    if call.identity != BaseIdentity::Host {
        let message = "the warehouse has keys of its own and does not use the host's identity";
        return denied("host-identity-not-used", message.to_owned());
    }
    if !call.may_use_host_identity {
        let plugin = &call.plugin;
        return denied(
            "host-identity-not-granted",
            format!(
                "plugin '{plugin}' may not use the host's identity: the grant file must have\n[plugins.{plugin}]\n\
                 host_identity = true"
            ),
        );
    }
    Ok(())
}
