//! What was minted, as a credential. Pure.

use pangolin_plugin_sdk::Credential;
use pangolin_plugin_sdk::azure::Token;

/// The signature of one scope. The host adds the names that other clients read.
pub(crate) fn sas(location: &str, sas: Token) -> Credential {
    Credential::new(location).plain("adls.sas-token", sas.token).expires_at_ms(sas.expires_at_ms)
}

/// The principal's token, under the scope that was asked for.
pub(crate) fn token(location: &str, token: &Token) -> Credential {
    Credential::new(location).plain("adls.token", token.token.clone()).expires_at_ms(token.expires_at_ms)
}

/// Both: it ends when the first of them does.
pub(crate) fn with_token(sas: Credential, token: &Token) -> Credential {
    let first = sas.expires_at_ms.map_or(token.expires_at_ms, |at| at.min(token.expires_at_ms));
    sas.plain("adls.token", token.token.clone()).expires_at_ms(first)
}
