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
        let lines = call.lacking.host_identity();
        let lines = lines.unwrap_or_else(|| "the component imports no service that would use it".to_owned());
        return denied(
            "host-identity-not-granted",
            format!("plugin '{plugin}' may not use the host's identity: {lines}"),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::Missing;
    use crate::service::testing;

    #[test]
    fn a_refusal_names_the_line_that_would_grant_it() {
        let lacking =
            Missing { plugin: "Probe".to_owned(), host_identity: true, has_table: true, ..Missing::default() };
        let mut call = testing::call().host_identity().lacking(lacking).build();
        assert!(require(&call).is_ok());
        call.may_use_host_identity = false;
        let denied = require(&call).unwrap_err();
        assert_eq!(denied.code, "host-identity-not-granted");
        let line = "in the table [plugins.Probe] of the grant file (PANGOLIN_PLUGIN_GRANTS) set host_identity = true";
        assert!(denied.message.ends_with(line), "{denied}");
    }
}
