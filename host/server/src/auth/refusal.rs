//! Why somebody was not let in. The caller is told none of it; the audit trail is.

use pangolin_core::id::{TenantId, UserId};
use uuid::Uuid;

/// The reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing was shown, or more than one thing.
    Absent,
    /// Not a credential of any kind that this host knows, or with a wrong signature.
    Malformed,
    /// Of this host, and at its end; or its account is.
    Expired,
    /// Of this host, and revoked or rotated; or never recorded.
    Revoked,
    /// The account is not active, or gone.
    Inactive,
}

impl Refusal {
    /// The word in the audit trail.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Malformed => "malformed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Inactive => "inactive",
        }
    }
}

/// What kind of credential was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    /// A token of this host.
    Token,
    /// A key of a service user.
    ApiKey,
    /// A token of another issuer.
    IssuerToken,
}

impl CredentialKind {
    /// The word in the audit trail.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::ApiKey => "api_key",
            Self::IssuerToken => "issuer_token",
        }
    }
}

/// Whose credential it was: known only where this host made the credential, or knows its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) user_id: UserId,
    pub(crate) tenant_id: Option<TenantId>,
    pub(crate) username: String,
    pub(crate) kind: CredentialKind,
    /// The token or key, by its identifier; for another issuer's token the account.
    pub(crate) credential_id: Uuid,
}

/// Somebody who was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: Refusal,
    pub(crate) whose: Option<Box<Whose>>,
}

impl Refused {
    /// A credential of this host that is good no more.
    pub(crate) fn of(reason: Refusal, whose: Whose) -> Self {
        Self { reason, whose: Some(Box::new(whose)) }
    }
}

impl From<Refusal> for Refused {
    fn from(reason: Refusal) -> Self {
        Self { reason, whose: None }
    }
}
