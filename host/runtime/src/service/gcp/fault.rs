//! What the refusals of Google's servers mean, and what to do about them (PRODUCT A18).

mod body;
#[cfg(test)]
mod tests;

use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::{EgressError, Response};

use self::body::Fault;
use crate::service::leak::Needles;

/// The code that says that the token in hand is not taken any more.
pub(super) const SOURCE_REFUSED: &str = "source-token-refused";

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// Assertions for tokens.
    Token,
    /// Wide tokens for narrow ones.
    Sts,
    /// Tokens of another provider for those of a pool.
    Federation,
    /// Tokens of a pool for those of a service account.
    Impersonation,
    /// Signatures of a service account for tokens of a pool.
    Signing,
    /// The operator's URL for the provider's token.
    SubjectToken,
    /// The machine.
    Metadata,
}

impl Server {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "Google's token server",
            Self::Sts | Self::Federation => "Google's STS",
            Self::Impersonation | Self::Signing => "Google's IAM Credentials",
            Self::SubjectToken => "the provider of the workload's token (credential_source.url)",
            Self::Metadata => "the metadata server",
        }
    }
}

/// What was asked, for the texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) server: Server,
    /// For the host's own identity, which is the operator's to mend.
    pub(super) of_host: bool,
}

/// No answer within the time of the call.
pub(super) fn too_slow() -> StrategyError {
    StrategyError::new(
        Kind::Unavailable,
        "google-unreachable",
        "Google did not answer within the time of this call; try again",
    )
}

/// An answer that is not one.
pub(super) fn unreadable(asked: Asked, what: &str) -> StrategyError {
    StrategyError::new(Kind::Upstream, "google-fault", format!("{} answered, but {what}", asked.server.name()))
}

pub(super) fn bad_url(field: &str, text: &str) -> StrategyError {
    let shown = crate::text::printable(text, 100);
    StrategyError::new(Kind::InvalidConfig, "endpoint-invalid", format!("{field} '{shown}' is no URL"))
}

pub(super) fn of_egress(error: &EgressError, server: &str) -> StrategyError {
    match error {
        EgressError::Denied(_) => StrategyError::new(Kind::Denied, "egress-denied", format!("{server}: {error}")),
        EgressError::TooLarge { .. } => StrategyError::new(
            Kind::Upstream,
            "google-fault",
            format!("{server} answered, but its answer is too large"),
        ),
        EgressError::Timeout { .. } => too_slow(),
        _ => {
            StrategyError::new(Kind::Unavailable, "google-unreachable", format!("{server} cannot be reached: {error}"))
        }
    }
}

/// Sorts an answer that is no success. `sent` are secrets that must not be quoted from it.
pub(super) fn of_answer(asked: Asked, response: &Response, sent: Option<&Needles>) -> StrategyError {
    let repeats = sent.is_some_and(|sent| sent.are_in(&response.body));
    let fault = if repeats { Fault::default() } else { Fault::read(&response.body) };
    let status = response.status.as_u16();
    let (kind, code, mut message) = judge(asked, status, &fault);
    if repeats {
        message.push_str(" Its text repeats a secret and is withheld.");
    } else if !fault.message.is_empty() {
        message.push_str(&format!(" {} said: ", asked.server.name()));
        message.push_str(&crate::text::printable(&fault.message, 400));
    }
    let retry_after_ms = response
        .headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok()?.checked_mul(1000));
    StrategyError { kind, code: code.to_owned(), message, retry_after_ms }
}

/// Kind, code, and what to do.
fn judge(asked: Asked, status: u16, fault: &Fault) -> (Kind, &'static str, String) {
    let is = |code: &str| fault.code.eq_ignore_ascii_case(code);
    let throttled = status == 429 || is("RESOURCE_EXHAUSTED") || is("rate_limit_exceeded") || is("slow_down");
    if throttled {
        let advice = "Google limits the rate of requests: try again later, and look at the quotas of the project.";
        return (Kind::Throttled, "throttled", advice.to_owned());
    }
    if fault.reason == "SERVICE_DISABLED" || fault.says("has not been used in project") {
        let advice = "An API that is needed is disabled in the project: gcloud services enable sts.googleapis.com \
                      iamcredentials.googleapis.com storage.googleapis.com";
        return (config_of(asked), "api-disabled", advice.to_owned());
    }
    let found = match (asked.server, status) {
        (_, 500..) => Some((
            Kind::Unavailable,
            "google-unavailable",
            format!("{} failed with status {status}: try again.", asked.server.name()),
        )),
        (Server::Token, _) => of_token(asked, fault),
        (Server::Sts, _) => of_sts(asked, status, fault),
        (Server::Federation, _) => of_federation(fault),
        (Server::Impersonation, 401 | 403 | 404) => Some(impersonation()),
        (Server::Signing, 401 | 403 | 404) => Some(signing()),
        (Server::Metadata, 404) => Some((
            Kind::Unavailable,
            "host-identity-missing",
            "The machine has no service account: attach one with the scope cloud-platform.".to_owned(),
        )),
        (Server::Impersonation | Server::Signing | Server::SubjectToken | Server::Metadata, _) => None,
    };
    found.unwrap_or_else(|| {
        let code = if fault.code.is_empty() { "no code" } else { &fault.code };
        let shown = crate::text::printable(code, 60);
        (Kind::Upstream, "google-fault", format!("{} refused with status {status} ({shown}).", asked.server.name()))
    })
}

/// The warehouse's key is its administrator's to mend, the host's identity the operator's.
fn config_of(asked: Asked) -> Kind {
    if asked.of_host { Kind::Unavailable } else { Kind::InvalidConfig }
}

fn whose(asked: Asked) -> &'static str {
    if asked.of_host { "the host's own identity" } else { "the warehouse's service account" }
}

fn of_token(asked: Asked, fault: &Fault) -> Option<(Kind, &'static str, String)> {
    let (kind, whose) = (config_of(asked), whose(asked));
    // Both spellings of Google for a time that it does not accept.
    if fault.says("short-lived token") || fault.says("reasonable timeframe") || fault.says("iat and exp") {
        let advice = "The host's clock and Google's disagree: check the time (NTP) on the host.".to_owned();
        return Some((Kind::Unavailable, "clock-skew", advice));
    }
    if fault.says("account not found") || fault.says("not a valid email") {
        let advice = format!(
            "Google does not know {whose}: it was deleted, or client_email is misspelt. Look with gcloud iam \
             service-accounts list."
        );
        return Some((kind, "service-account-unknown", advice));
    }
    if fault.says("disabled") || fault.code.eq_ignore_ascii_case("disabled_client") {
        let advice =
            format!("Google says that {whose} is disabled: gcloud iam service-accounts enable, or use another one.");
        return Some((kind, "service-account-disabled", advice));
    }
    if fault.says("audience") {
        let advice = "The token server expects another address in the assertion: set token_uri to the address that it \
                      has itself.";
        return Some((kind, "token-uri-wrong", advice.to_owned()));
    }
    if fault.says("signature") || fault.code.eq_ignore_ascii_case("invalid_grant") {
        let advice = format!(
            "The private key is none of {whose}: the key was deleted or disabled, or belongs to another account. Make a \
             new one with gcloud iam service-accounts keys create, and set it."
        );
        return Some((kind, "service-account-key-wrong", advice));
    }
    None
}

fn of_sts(asked: Asked, status: u16, fault: &Fault) -> Option<(Kind, &'static str, String)> {
    if fault.says("options") || fault.says("boundary") {
        let advice =
            "STS does not accept the access boundary that the strategy wrote: this is a fault of the strategy.";
        return Some((Kind::Upstream, "boundary-malformed", advice.to_owned()));
    }
    if fault.code.eq_ignore_ascii_case("invalid_scope") {
        let advice = format!("The token of {} lacks the scope cloud-platform, which a boundary needs.", whose(asked));
        return Some((config_of(asked), "scope-missing", advice));
    }
    if status == 401
        || ["invalid_grant", "invalid_token", "invalid_client"].iter().any(|code| fault.code.eq_ignore_ascii_case(code))
    {
        let advice = format!(
            "STS does not take the token of {}: it was revoked, or it is of a kind that cannot be downscoped; try again.",
            whose(asked)
        );
        return Some((Kind::Upstream, SOURCE_REFUSED, advice));
    }
    None
}

fn of_federation(fault: &Fault) -> Option<(Kind, &'static str, String)> {
    let advice = match fault.code.as_str() {
        "invalid_target" => "The pool or the provider in 'audience' does not exist, or is disabled.",
        "unauthorized_client" => "The provider's attribute condition, or its mapping, does not let this workload in.",
        _ if fault.says("stale") || fault.says("expired") => {
            "The workload's token has expired: look whether it is renewed, and at the host's clock."
        }
        "invalid_grant" => "The pool does not accept the workload's token: check its issuer, audience and signature.",
        _ => return None,
    };
    Some((Kind::Unavailable, "workload-identity-refused", advice.to_owned()))
}

fn impersonation() -> (Kind, &'static str, String) {
    let advice = "The workload may not act as the service account: grant it roles/iam.workloadIdentityUser (and \
                  roles/iam.serviceAccountTokenCreator) there.";
    (Kind::Unavailable, "impersonation-denied", advice.to_owned())
}

fn signing() -> (Kind, &'static str, String) {
    let advice =
        "The workload may not sign as the service account: grant it roles/iam.serviceAccountTokenCreator there.";
    (Kind::Unavailable, "sign-denied", advice.to_owned())
}
