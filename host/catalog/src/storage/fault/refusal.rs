//! What a store means when it refuses the host, and what to do about it (PRODUCT A18).

/// Why a store does not let the host in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The key is known, and may not do this.
    Rights,
    /// The store takes no requests from where the host is.
    Network,
    /// The clocks disagree.
    Clock,
    /// Nobody has this key.
    UnknownKey,
    /// The secret is not the key's.
    WrongSecret,
    /// The session is over.
    Expired,
}

impl Refusal {
    /// By the store's code, and for Azure by its text: it has one code for several things.
    pub(super) fn of(code: &str, text: &str) -> Self {
        match code {
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Self::Clock,
            "AuthenticationFailed" if text.contains("specified time frame") => Self::Clock,
            "InvalidAccessKeyId" | "InvalidClientTokenId" => Self::UnknownKey,
            "SignatureDoesNotMatch" => Self::WrongSecret,
            "AuthenticationFailed" if text.contains("ignature did not match") => Self::WrongSecret,
            "ExpiredToken" | "TokenRefreshRequired" => Self::Expired,
            "AuthorizationFailure" | "IpAuthorizationError" => Self::Network,
            _ => Self::Rights,
        }
    }

    /// As everywhere where this is wrong.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Rights => "storage-access-denied",
            Self::Network => "storage-firewall",
            Self::Clock => "clock-skew",
            Self::UnknownKey => "base-key-unknown",
            Self::WrongSecret => "base-secret-wrong",
            Self::Expired => "base-credentials-expired",
        }
    }

    /// What to do.
    pub(super) fn advice(self, file: &str) -> String {
        match self {
            Self::Rights => format!("check {}", base_rights(file)),
            Self::Network => "allow the host's address or network on the account".to_owned(),
            Self::Clock => "the host's clock and the storage's disagree, check the time (NTP) on the host".to_owned(),
            Self::UnknownKey => {
                "it does not know the access key, check the warehouse's access_key_id and that the key is active"
                    .to_owned()
            }
            Self::WrongSecret => {
                "the warehouse's secret does not belong to its key or account, set both again".to_owned()
            }
            Self::Expired => "the session has expired, renew the warehouse's keys and token".to_owned(),
        }
    }
}

/// What to look at when a store refuses what the warehouse's strategy minted.
fn base_rights(file: &str) -> &'static str {
    match file.split_once(':').map(|(scheme, _)| scheme) {
        Some("abfss" | "abfs" | "wasbs" | "wasb") => {
            "the principal's role on the container (Storage Blob Data Contributor) or the account's key, the account's \
             firewall, and `hierarchical`, which is false for an account without hierarchical namespace"
        }
        Some("gs") => "the service account's role on the bucket (roles/storage.objectUser)",
        _ => "the rights of the warehouse's base credentials",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies as the stores send them.
    #[test]
    fn each_refusal_has_its_code_and_says_what_to_do() {
        let s3 = |code: &str, message: &str| format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let azure = |detail: &str| {
            format!(
                "<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message>\
                 <AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail></Error>"
            )
        };
        for (file, store, text, code, says) in [
            (
                "s3://b/t/f",
                "AccessDenied",
                s3("AccessDenied", "Access Denied"),
                "storage-access-denied",
                "base credentials",
            ),
            (
                "s3://b/t/f",
                "RequestTimeTooSkewed",
                s3(
                    "RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.",
                ),
                "clock-skew",
                "NTP",
            ),
            (
                "s3://b/t/f",
                "InvalidAccessKeyId",
                s3("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
                "base-key-unknown",
                "active",
            ),
            ("s3://b/t/f", "SignatureDoesNotMatch", s3("SignatureDoesNotMatch", ""), "base-secret-wrong", "set both"),
            (
                "s3://b/t/f",
                "ExpiredToken",
                s3("ExpiredToken", "The provided token has expired."),
                "base-credentials-expired",
                "renew",
            ),
            (
                "abfss://c@a.dfs.core.windows.net/f",
                "AuthenticationFailed",
                azure(
                    "Signature not valid in the specified time frame: Start [Thu, 01 Jan 2026 00:20:00 GMT] - Expiry [x]",
                ),
                "clock-skew",
                "NTP",
            ),
            (
                "abfss://c@a.dfs.core.windows.net/f",
                "AuthenticationFailed",
                azure("Signature did not match. String to sign used was r"),
                "base-secret-wrong",
                "account",
            ),
            (
                "abfss://c@a.dfs.core.windows.net/f",
                "AuthorizationFailure",
                s3("AuthorizationFailure", "This request is not authorized to perform this operation."),
                "storage-firewall",
                "network",
            ),
            (
                "abfss://c@a.dfs.core.windows.net/f",
                "AuthorizationPermissionMismatch",
                s3("AuthorizationPermissionMismatch", ""),
                "storage-access-denied",
                "Storage Blob Data Contributor",
            ),
            (
                "gs://b/f",
                "AccessDenied",
                s3("AccessDenied", "Access denied."),
                "storage-access-denied",
                "roles/storage.objectUser",
            ),
        ] {
            let why = Refusal::of(store, &text);
            assert_eq!(why.code(), code, "{store} {text}");
            assert!(why.advice(file).contains(says), "{}", why.advice(file));
        }
    }
}
