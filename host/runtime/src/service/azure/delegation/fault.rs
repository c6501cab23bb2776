//! What a storage account's refusals mean, and what to do about them (PRODUCT A18).

use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::EgressError;

use super::super::exchange::{Answer, skewed};
use super::super::xml;

/// An answer that is not one.
pub(super) fn unreadable(what: &str) -> StrategyError {
    StrategyError::new(Kind::Upstream, "storage-fault", format!("The storage account answered, but {what}."))
}

/// No answer.
pub(super) fn of_egress(error: &EgressError) -> StrategyError {
    match error {
        EgressError::Denied(_) => StrategyError::new(Kind::Denied, "egress-denied", format!("Blob service: {error}")),
        EgressError::TooLarge { .. } => unreadable("its answer is too large"),
        EgressError::Dns { .. } => StrategyError::new(
            Kind::InvalidConfig,
            "unknown-account",
            format!(
                "There is no such storage account: {error}. Check account_name, and endpoint for a sovereign cloud."
            ),
        ),
        _ => StrategyError::new(
            Kind::Unavailable,
            "storage-unreachable",
            format!("The storage account cannot be reached: {error}. Check endpoint, and the host's way out."),
        ),
    }
}

/// Sorts a refusal.
pub(super) fn of_answer(answer: &Answer) -> StrategyError {
    let texts = xml::elements(&answer.body).unwrap_or_default();
    let code = answer.header("x-ms-error-code").or(texts.get("Code").map(String::as_str)).unwrap_or_default();
    let (kind, name, mut message) = judge(answer, code);
    // The lines after the first name the request and its time.
    let said = texts.get("Message").and_then(|text| text.lines().next()).unwrap_or_default();
    if !said.is_empty() {
        message.push_str(" Azure said: ");
        message.push_str(&crate::text::printable(said, 400));
    }
    if let Some(id) = answer.header("x-ms-request-id") {
        message.push_str(" (request id ");
        message.push_str(&crate::text::printable(id, 64));
        message.push(')');
    }
    StrategyError { kind, code: name.to_owned(), message, retry_after_ms: answer.retry_after_ms() }
}

/// Kind, code, and what to do.
fn judge(answer: &Answer, code: &str) -> (Kind, &'static str, String) {
    if let (Some(seconds), 400 | 401 | 403) = (answer.skew_seconds, answer.status) {
        let error = skewed(seconds);
        return (error.kind, "clock-skew", error.message);
    }
    match code {
        "AuthorizationPermissionMismatch" => (
            Kind::Denied,
            "delegation-not-allowed",
            "The principal may not ask for user-delegation keys of this account: assign it the role Storage Blob \
             Delegator on the account (az role assignment create --role \"Storage Blob Delegator\" …). A new assignment \
             works after some minutes."
                .to_owned(),
        ),
        "AuthorizationFailure" | "PublicAccessNotPermitted" | "IpAuthorizationError" => (
            Kind::Denied,
            "storage-firewall",
            "The account's network rules refuse the host: allow its address or its network on the account.".to_owned(),
        ),
        "InvalidAuthenticationInfo" | "AuthenticationFailed" | "NoAuthenticationInformation" => (
            Kind::Upstream,
            "token-refused",
            "The account does not take the principal's token: check that the account is of the principal's directory \
             (tenant_id)."
                .to_owned(),
        ),
        "AccountIsDisabled" => (Kind::InvalidConfig, "account-disabled", "The storage account is disabled.".to_owned()),
        "ResourceNotFound" | "AccountNotFound" => {
            (Kind::InvalidConfig, "unknown-account", "There is no such storage account: check account_name.".to_owned())
        }
        "ServerBusy" | "TooManyRequests" => throttled(),
        _ if answer.status == 429 => throttled(),
        _ if answer.status >= 500 => (
            Kind::Unavailable,
            "storage-unavailable",
            format!("The storage account fails with status {}: try again later.", answer.status),
        ),
        code => {
            let shown = crate::text::printable(if code.is_empty() { "no code" } else { code }, 60);
            (Kind::Upstream, "storage-fault", format!("The storage account refused with status {} ({shown}).", answer.status))
        }
    }
}

fn throttled() -> (Kind, &'static str, String) {
    (Kind::Throttled, "throttled", "The storage account limits the rate of requests: try again later.".to_owned())
}
