use crate::policy::Denied;
use crate::ports::{AuditUnavailable, StoreError};
use crate::secret_ref::SecretRefError;
use crate::strategy::{StrategyError, StrategyErrorKind};

/// Why nothing was vended.
#[derive(Debug, thiserror::Error)]
pub enum VendError {
    /// The policy refuses.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Another table's location overlaps this one's.
    #[error("the table's location overlaps another table's; nothing is vended until that is mended")]
    LocationShared,
    /// The warehouse names a strategy that is not loaded.
    #[error("the strategy '{0}' is not loaded; see GET /api/v1/plugins")]
    StrategyMissing(String),
    /// The life asked for is shorter than the strategy can mint.
    #[error("a life of {asked} seconds was asked for, the shortest that this strategy can mint is {least} seconds")]
    TtlTooShort {
        /// Seconds asked for.
        asked: u32,
        /// Seconds possible.
        least: u32,
    },
    /// The caller's token ends before the shortest credential would.
    #[error("your token ends in {rest} seconds, before the shortest credential ({least} seconds) would: log in again")]
    TokenTooOld {
        /// Seconds left of the token.
        rest: u32,
        /// Seconds possible.
        least: u32,
    },
    /// The strategy failed.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// A `secret_ref` of the warehouse does not resolve.
    #[error("secret of field '{field}': {source}")]
    Secret {
        /// The field.
        field: String,
        /// Why.
        source: SecretRefError,
    },
    /// The host has nothing to read or write the table's metadata with.
    #[error(
        "the host cannot write this table's metadata: the warehouse vends nothing and its storage_config has no \
         keys; add access_key_id and secret_access_key (s3), account_key (azure) or service_account_key (gcs), or choose a vending strategy"
    )]
    NoHostCredentials,
    /// The audit trail cannot be written.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VendError {
    /// The task of a vend ended before its time.
    pub(super) fn interrupted() -> Self {
        let text = "the vend was interrupted; try again";
        Self::Strategy(StrategyError::new(StrategyErrorKind::Plugin, "vend-interrupted", text))
    }

    /// Stable code of the error, for replies and audit rows.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::LocationShared => "location-shared",
            Self::StrategyMissing(_) => "strategy-missing",
            Self::TtlTooShort { .. } => "ttl-too-short",
            Self::TokenTooOld { .. } => "token-ends-too-soon",
            Self::Strategy(error) => &error.code,
            Self::Secret { .. } => "secret-missing",
            Self::NoHostCredentials => "no-host-credentials",
            Self::Audit(_) => "audit-unavailable",
            Self::Store(_) => "store-failed",
        }
    }

    /// Whether the policy refused, as against something having failed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::LocationShared | Self::TtlTooShort { .. } | Self::TokenTooOld { .. })
    }
}
