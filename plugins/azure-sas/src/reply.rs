//! What was signed, as a credential. Pure.

use pangolin_plugin_sdk::Credential;
use pangolin_plugin_sdk::azure::Token;

/// The credential of one scope. The host adds the names that other clients read.
pub(crate) fn credential(location: &str, sas: Token) -> Credential {
    Credential::new(location).plain("adls.sas-token", sas.token).expires_at_ms(sas.expires_at_ms)
}
