//! Which properties a strategy may set. Clients take the whole map as their configuration: among
//! its names are some that choose code to load or servers to talk to.

use pangolin_core::strategy::StrategyError;

use super::bad;
use crate::text;

/// First words of the names under which clients look for credentials.
const FAMILIES: [&str; 7] = ["s3.", "adls.", "azure-", "gcs.", "gcp-", "abfs.", "wasb."];

/// Words that would lead a client to another server or other code; the host sets those itself.
const HOST_OWNED: [&str; 7] = ["endpoint", "uri", "url", "host", "proxy", "impl", "signer"];

/// Refuses a name that a strategy may not set.
pub(super) fn check(key: &str) -> Result<(), StrategyError> {
    let has_form = (1..=128).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let rule = if !has_form {
        "a name is 1 to 128 of [a-z0-9.-]"
    } else if !FAMILIES.iter().any(|family| key.starts_with(family)) {
        "a credential's names begin with s3., adls., azure-, gcs., gcp-, abfs. or wasb."
    } else if key.split(['.', '-']).any(|word| HOST_OWNED.contains(&word)) {
        "names that choose a server or code are the host's"
    } else {
        return Ok(());
    };
    Err(bad(
        "plugin-bad-answer",
        format!("the plugin answered with the property '{}': {rule}", text::printable(key, 128)),
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_iceberg_clients_read_pass() {
        for key in [
            "s3.access-key-id",
            "s3.session-token-expires-at-ms",
            "adls.sas-token.account.dfs.core.windows.net",
            "azure-sas-token",
            "gcs.oauth2.token",
            "gcp-project-id",
        ] {
            assert!(check(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_or_have_no_form_do_not() {
        for key in [
            "",
            "S3.KEY",
            "s3.a b",
            "s3.ключ",
            "py-io-impl",
            "io-impl",
            "uri",
            "token",
            "s3.endpoint",
            "s3.proxy-uri",
            "s3.signer.uri",
            "gcs.service.host",
            "header.authorization",
        ] {
            assert!(check(key).is_err(), "{key}");
        }
        assert!(check(&format!("s3.{}", "a".repeat(126))).is_err());
    }
}
