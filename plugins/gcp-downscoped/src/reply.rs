//! From Google's answer to a credential. Pure.

use pangolin_plugin_sdk::azure::Token;
use pangolin_plugin_sdk::{Credential, ErrorKind, VendError};

/// One credential for all scopes, at the table's root, that ends when Google says so. Project,
/// bucket and expiry go out by the host's own rules.
pub(crate) fn credential(root: String, token: Token) -> Result<Credential, VendError> {
    if token.token.is_empty() || token.expires_at_ms == 0 {
        return Err(VendError::new(
            ErrorKind::Upstream,
            "token-incomplete",
            "Google answered without a token or without its expiry",
        ));
    }
    Ok(Credential::new(root).plain("gcs.oauth2.token", token.token).expires_at_ms(token.expires_at_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pangolin_plugin_sdk::Value;

    fn token(token: &str, expires_at_ms: u64) -> Token {
        Token { token: token.to_owned(), expires_at_ms }
    }

    #[test]
    fn the_credential_has_what_google_said() {
        let credential = credential("gs://b/t/".to_owned(), token("ya29.planted", 1_700_000_000_000)).unwrap();
        assert_eq!(credential.prefix, "gs://b/t/");
        assert_eq!(credential.expires_at_ms, Some(1_700_000_000_000));
        assert_eq!(credential.get("gcs.oauth2.token"), Some(&Value::Plain("ya29.planted".to_owned())));
        assert_eq!(credential.entries.len(), 1);
    }

    #[test]
    fn an_answer_without_a_part_mints_nothing() {
        for broken in [token("", 1), token("t", 0)] {
            assert_eq!(credential("gs://b/t/".to_owned(), broken).unwrap_err().code, "token-incomplete");
        }
    }
}
