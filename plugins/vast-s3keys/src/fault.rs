//! What VMS's refusals and faults mean, and what to do about them.

use pangolin_plugin_sdk::http::{Failure, FailureKind, Response};
use pangolin_plugin_sdk::{ErrorKind, VendError};

use crate::config::{Login, Proof};
use crate::vms::Reply;

/// The answer, or why there is none.
pub(crate) fn sent(answer: Result<Response, Failure>) -> Result<Reply, VendError> {
    answer.map(Reply::of).map_err(|failure| {
        let why = &failure.message;
        let of = |kind, code, message| VendError::new(kind, code, message);
        match failure.kind {
            FailureKind::Tls => of(
                ErrorKind::Upstream,
                "vms-tls",
                format!("{why}. VMS's certificate is not trusted: put the certificate of the authority that signed it into ca_certificate"),
            ),
            FailureKind::Timeout => of(
                ErrorKind::Unavailable,
                "vms-timeout",
                format!("VMS did not answer in time: {why}"),
            ),
            FailureKind::Dns | FailureKind::Connect => of(
                ErrorKind::Unavailable,
                "vms-unreachable",
                format!("VMS cannot be reached: {why}. Check vms_endpoint; it is not the address of S3"),
            ),
            // What is sent has a form of its own; the rest is the configuration's.
            FailureKind::Invalid => of(ErrorKind::InvalidConfig, "invalid-config", why.clone()),
            _ => failure.into(),
        }
    })
}

/// The answer, unless it means the same to every call.
pub(crate) fn pass(reply: Reply) -> Result<Reply, VendError> {
    let (kind, code, message) = match reply.status {
        429 => (ErrorKind::Throttled, "vms-throttled", "VMS asks for patience."),
        502..=504 => (ErrorKind::Unavailable, "vms-unavailable", "VMS is not available at the moment."),
        500..=599 => (ErrorKind::Upstream, "vms-fault", "VMS failed."),
        200..=299 | 400..=499 => return Ok(reply),
        _ => (ErrorKind::Upstream, "vms-unreadable", "VMS answered with a redirect: check vms_endpoint."),
    };
    let message = format!("{message} It answered {}.{}", reply.status, reply.said());
    Err(VendError { retry_after_ms: reply.retry_after_ms, ..VendError::new(kind, code, message) })
}

/// Whether a token has ended, or was never one.
pub(crate) fn is_token_over(reply: &Reply) -> bool {
    reply.status == 401
        || (reply.status == 403 && (reply.says("token is invalid or expired") || reply.says("token_not_valid")))
}

/// The user is not who they say.
pub(crate) fn not_let_in(reply: &Reply, login: &Login<'_>) -> VendError {
    let user = login.user;
    let (code, message) = match login.proof {
        Proof::ApiToken(slot) => (
            "wrong-token",
            format!(
                "VMS does not accept the API token in {slot}: it is wrong, revoked or over; make one for '{user}'."
            ),
        ),
        Proof::Basic(slot) | Proof::Jwt(slot) => (
            "wrong-password",
            format!("VMS does not accept '{user}' with the password in {slot}: check both, and vms_tenant."),
        ),
    };
    VendError::new(ErrorKind::InvalidConfig, code, format!("{message}{}", reply.said()))
}

/// A call for a user's keys was refused.
pub(crate) fn refused(reply: &Reply, user: &str, by_manager: bool) -> VendError {
    let said = reply.said();
    let (kind, code, message) = match reply.status {
        400..=499 if reply.says("more than two access keys") => return key_limit(user, None),
        403 if reply.says("tenant") => (
            ErrorKind::InvalidConfig,
            "unknown-tenant",
            "VMS does not know the tenant, or the user is not of it: check vms_tenant.".to_owned(),
        ),
        // An error document of S3.
        403 if reply.says("<error>") => (
            ErrorKind::InvalidConfig,
            "vms-call-unknown",
            "VMS did not answer, S3 did: check vms_endpoint; it is not the address of S3.".to_owned(),
        ),
        403 if by_manager => (
            ErrorKind::Denied,
            "not-a-manager",
            "VMS does not let the user in username look after keys of others: identity 'caller' needs a manager."
                .to_owned(),
        ),
        403 => (
            ErrorKind::Denied,
            "not-a-directory-user",
            format!(
                "VMS makes no S3 keys for '{user}': it makes them for users of the joined Active Directory or LDAP, and \
                 not for local users of VAST."
            ),
        ),
        404 | 405 => (
            ErrorKind::InvalidConfig,
            "vms-call-unknown",
            "VMS does not know this call: check vms_endpoint and api_version.".to_owned(),
        ),
        status => {
            (ErrorKind::Upstream, "vms-refused", format!("VMS refused a call for keys of '{user}' with {status}."))
        }
    };
    VendError::new(kind, code, format!("{message}{said}"))
}

/// VAST's own rule. `others`: how many of the keys are not the host's.
pub(crate) fn key_limit(user: &str, others: Option<usize>) -> VendError {
    let whose = match others {
        Some(0) => {
            "both were minted by this host and are still in use: wait until one ends, or revoke a lease".to_owned()
        }
        Some(1) => "one of them was not minted by this host: delete it at VAST to make room".to_owned(),
        Some(_) => "neither was minted by this host: delete one at VAST to make room".to_owned(),
        None => "somebody else made one just now, or one is not listed: delete a key at VAST to make room".to_owned(),
    };
    let message = format!("'{user}' has two keys at VAST, which allows no third; {whose}");
    VendError::new(ErrorKind::Exhausted, "key-limit", message)
}

/// An answer that is not one.
pub(crate) fn unreadable(what: &str) -> VendError {
    VendError::new(ErrorKind::Upstream, "vms-unreadable", format!("VMS answered, but {what}"))
}
