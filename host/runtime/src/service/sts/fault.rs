//! What STS's refusals mean, and what to do about them (PRODUCT A18).

mod body;
#[cfg(test)]
mod tests;

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId as _;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::EgressError;

use super::request::Base;

/// What was asked, for the texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) role: &'a str,
    pub(super) base: &'a Base,
    pub(super) duration_seconds: u32,
    pub(super) has_external_id: bool,
}

/// A refusal as STS worded it.
#[derive(Debug, Default)]
struct Refusal {
    status: u16,
    code: String,
    message: String,
    request_id: Option<String>,
    retry_after_ms: Option<u32>,
}

/// No answer within the time of the call.
pub(super) fn too_slow() -> StrategyError {
    StrategyError::new(
        Kind::Unavailable,
        "sts-unreachable",
        "STS did not answer within the time of this call; try again",
    )
}

/// An answer that is not one.
pub(super) fn unreadable(what: &str) -> StrategyError {
    StrategyError::new(Kind::Upstream, "sts-fault", format!("STS answered, but {what}"))
}

/// Sorts an error of the SDK.
pub(super) fn of_sdk(error: &SdkError<AssumeRoleError>, asked: &Asked<'_>) -> StrategyError {
    if let Some(response) = error.raw_response() {
        let body = body::Fault::read(response.body().bytes().unwrap_or_default());
        let known = error.as_service_error();
        let text =
            |of_sdk: Option<&str>, of_body: Option<String>| of_sdk.map(str::to_owned).or(of_body).unwrap_or_default();
        let refusal = Refusal {
            status: response.status().as_u16(),
            code: text(known.and_then(ProvideErrorMetadata::code), body.code),
            message: text(known.and_then(ProvideErrorMetadata::message), body.message),
            request_id: error.request_id().map(str::to_owned).or(body.request_id),
            retry_after_ms: retry_after(response.headers().get("retry-after")),
        };
        return of_refusal(&refusal, asked);
    }
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(current) = next {
        if let Some(egress) = current.downcast_ref::<EgressError>() {
            return of_egress(egress);
        }
        if current.downcast_ref::<CredentialsError>().is_some() {
            return StrategyError::new(
                Kind::Unavailable,
                "host-identity-missing",
                "the host has no AWS identity of its own, or it cannot be read: set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, a profile, a web identity or an instance role for the host, or give the \
                 warehouse keys of its own",
            );
        }
        next = current.source();
    }
    match error {
        SdkError::TimeoutError(_) => too_slow(),
        _ => StrategyError::new(Kind::Upstream, "sts-fault", "the request to STS could not be made"),
    }
}

fn of_egress(error: &EgressError) -> StrategyError {
    match error {
        EgressError::Denied(_) => StrategyError::new(Kind::Denied, "egress-denied", format!("STS: {error}")),
        EgressError::TooLarge { .. } => unreadable("its answer is too large"),
        _ => StrategyError::new(Kind::Unavailable, "sts-unreachable", format!("STS cannot be reached: {error}")),
    }
}

fn of_refusal(refusal: &Refusal, asked: &Asked<'_>) -> StrategyError {
    let (kind, code, advice) = judge(refusal, asked);
    let mut message = advice;
    if !refusal.message.is_empty() {
        message.push_str(" STS said: ");
        message.push_str(&crate::text::printable(&refusal.message, 400));
    }
    if let Some(id) = &refusal.request_id {
        message.push_str(" (request id ");
        message.push_str(&crate::text::printable(id, 64));
        message.push(')');
    }
    StrategyError { kind, code: code.to_owned(), message, retry_after_ms: refusal.retry_after_ms }
}

/// Kind, code, and what to do.
fn judge(refusal: &Refusal, asked: &Asked<'_>) -> (Kind, &'static str, String) {
    let says = |part: &str| refusal.message.to_ascii_lowercase().contains(part);
    // The warehouse's keys are its administrator's to mend, the host's are the operator's.
    let (base, base_kind) = match asked.base {
        Base::Host => ("the host's own identity", Kind::Unavailable),
        Base::Slots(_) => ("the warehouse's keys", Kind::InvalidConfig),
    };
    let skewed = || {
        let advice = "The host's clock and that of STS disagree: check the time (NTP) on the host.".to_owned();
        (Kind::Unavailable, "clock-skew", advice)
    };
    match refusal.code.trim_end_matches("Exception") {
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => skewed(),
        "SignatureDoesNotMatch" if says("signature expired") || says("not yet current") => skewed(),
        "AccessDenied" | "AccessDeniedError" | "UnauthorizedAccess" => {
            (Kind::Denied, "role-not-assumable", not_assumable(base, asked))
        }
        "ExpiredToken" => (
            base_kind,
            "base-credentials-expired",
            format!("The session of {base} has expired: renew its keys and token."),
        ),
        "InvalidClientTokenId" | "InvalidAccessKeyId" | "UnrecognizedClient" => (
            base_kind,
            "base-key-unknown",
            format!("STS does not know the access key of {base}: check the access key id, and that the key is active."),
        ),
        "SignatureDoesNotMatch" | "InvalidSignature" => (
            base_kind,
            "base-secret-wrong",
            format!("The secret access key of {base} does not belong to its access key id: set both again."),
        ),
        "Throttling" | "Throttled" | "RequestLimitExceeded" | "TooManyRequests" | "SlowDown" => throttled(),
        _ if refusal.status == 429 => throttled(),
        "PackedPolicyTooLarge" => (Kind::Unsupported, "policy-too-large", too_large(&refusal.message)),
        "MalformedPolicyDocument" => (
            Kind::Upstream,
            "policy-malformed",
            "STS does not accept the session policy that the strategy wrote: this is a fault of the strategy."
                .to_owned(),
        ),
        "ValidationError" | "Validation" | "InvalidParameterValue"
            if says("durationseconds") || says("maxsessionduration") =>
        {
            (Kind::InvalidConfig, "session-duration-too-long", too_long(asked))
        }
        "RegionDisabled" => (
            Kind::InvalidConfig,
            "region-disabled",
            "STS is not active in this region for the role's account: activate it in IAM's account settings, or use \
             another region."
                .to_owned(),
        ),
        _ if refusal.status >= 500 => (
            Kind::Unavailable,
            "sts-unavailable",
            format!("STS fails with status {}: try again later.", refusal.status),
        ),
        code => {
            let code = if code.is_empty() { "no code" } else { code };
            let shown = crate::text::printable(code, 60);
            (Kind::Upstream, "sts-fault", format!("STS refused with status {} ({shown}).", refusal.status))
        }
    }
}

fn throttled() -> (Kind, &'static str, String) {
    (Kind::Throttled, "throttled", "STS limits the rate of requests: try again later.".to_owned())
}

fn not_assumable(base: &str, asked: &Asked<'_>) -> String {
    let role = crate::text::printable(asked.role, 200);
    let external = if asked.has_external_id {
        ", and that a condition on sts:ExternalId there names the external id of the warehouse"
    } else {
        ", and that it has no condition on sts:ExternalId (this request sends none)"
    };
    format!(
        "{base} may not assume {role}: check that the role exists, that its trust policy names this identity as principal \
         for sts:AssumeRole{external}, and that the identity's own policy allows sts:AssumeRole on the role. With session \
         tags both need sts:TagSession. To try by hand: aws sts assume-role --role-arn {role} --role-session-name test"
    )
}

fn too_large(message: &str) -> String {
    let percent = message.split('%').next().and_then(|before| before.rsplit(|c: char| !c.is_ascii_digit()).next());
    let share = percent.filter(|digits| !digits.is_empty()).map(|digits| format!(" ({digits}% of what it takes)"));
    format!(
        "Session policy and tags are too large once packed by STS{}: shorten the table's location, or switch session tags off.",
        share.unwrap_or_default()
    )
}

fn too_long(asked: &Asked<'_>) -> String {
    format!(
        "A session of {} seconds is longer than the role allows: raise the role's MaxSessionDuration, or lower \
         session_duration. Where the base identity is itself an assumed role (instance role, web identity, another \
         AssumeRole), AWS calls it role chaining and caps the session at 3600 seconds whatever the role says.",
        asked.duration_seconds
    )
}

fn retry_after(header: Option<&str>) -> Option<u32> {
    header?.trim().parse::<u32>().ok()?.checked_mul(1000)
}
