//! Why a guest's request got no answer. Mirrors `failure` of the WIT.

use pangolin_core::egress::EgressDenied;
use pangolin_egress::EgressError;

use super::super::slot::SlotDenied;

/// What kind. Mirrors `failure-kind` of the WIT, and names what stops a guest beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpFailureKind {
    Denied,
    Invalid,
    Dns,
    Connect,
    Tls,
    Timeout,
    TooLarge,
    Protocol,
    /// A secret is where none can be: the guest is stopped, for an answer would tell it what it guessed.
    Breach,
    /// A dry run: the request was noted, and nothing follows.
    DryRun,
}

/// Why there is no answer. The text holds no secret and nothing of the URL but its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct HttpFailure {
    pub(crate) kind: HttpFailureKind,
    pub(crate) message: String,
}

impl HttpFailure {
    pub(super) fn denied(message: impl Into<String>) -> Self {
        Self { kind: HttpFailureKind::Denied, message: message.into() }
    }

    pub(super) fn breach(what: &'static str) -> Self {
        Self { kind: HttpFailureKind::Breach, message: format!("{what} holds the value of a secret") }
    }

    pub(super) fn dry_run() -> Self {
        Self { kind: HttpFailureKind::DryRun, message: "a dry run sends nothing".to_owned() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { kind: HttpFailureKind::Invalid, message: message.into() }
    }
}

impl From<SlotDenied> for HttpFailure {
    fn from(denied: SlotDenied) -> Self {
        Self::denied(denied.to_string())
    }
}

impl From<EgressDenied> for HttpFailure {
    fn from(denied: EgressDenied) -> Self {
        let kind = match denied {
            EgressDenied::PlainHttp(_) | EgressDenied::Address { .. } => HttpFailureKind::Denied,
            _ => HttpFailureKind::Invalid,
        };
        Self { kind, message: denied.to_string() }
    }
}

impl From<EgressError> for HttpFailure {
    fn from(error: EgressError) -> Self {
        let kind = match &error {
            EgressError::Denied(denied) => return denied.clone().into(),
            EgressError::Dns { .. } => HttpFailureKind::Dns,
            EgressError::Connect { .. } => HttpFailureKind::Connect,
            EgressError::Tls { .. } => HttpFailureKind::Tls,
            EgressError::Timeout { .. } => HttpFailureKind::Timeout,
            EgressError::TooLarge { .. } => HttpFailureKind::TooLarge,
            EgressError::Protocol { .. } | EgressError::Setup(_) => HttpFailureKind::Protocol,
        };
        Self { kind, message: error.to_string() }
    }
}
