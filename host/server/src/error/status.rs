//! The status table: what each error of the domain is in HTTP.

use axum::http::StatusCode;
use pangolin_core::policy::Denied;
use pangolin_core::ports::{AuditUnavailable, StoreError};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_core::vend::VendError;

use super::ApiError;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::AlreadyExists(_) => Self::new(StatusCode::CONFLICT, "already-exists", error.to_string()),
            StoreError::InUse(_) => Self::new(StatusCode::CONFLICT, "in-use", error.to_string()),
            StoreError::Conflict(_) => Self::new(StatusCode::CONFLICT, "changed-meanwhile", error.to_string()),
            StoreError::LocationTaken => Self::new(StatusCode::CONFLICT, "location-taken", error.to_string()),
            StoreError::HostIdentityTaken => {
                Self::new(StatusCode::FORBIDDEN, "host-identity-refused", error.to_string())
            }
            StoreError::SecretRefTaken => Self::new(StatusCode::FORBIDDEN, "secret-ref-refused", error.to_string()),
            StoreError::SecretUnreadable(source) => Self {
                cause: Some(chain(&**source)),
                ..Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "secret-unreadable",
                    format!("{error}: `pangolin secrets status` tells the operator which and why"),
                )
            },
            StoreError::WarehouseAltered { warehouse, source } => Self {
                cause: Some(format!("warehouse {warehouse}: {}", chain(&**source))),
                ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "warehouse-altered", error.to_string())
            },
            StoreError::Backend(source) => Self::internal(chain(&**source)),
        }
    }
}

/// An error and its causes, for the log.
fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

impl From<AuditUnavailable> for ApiError {
    fn from(error: AuditUnavailable) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "audit-unavailable", format!("{error}; nothing was done"))
    }
}

impl From<VendError> for ApiError {
    fn from(error: VendError) -> Self {
        let status = match &error {
            VendError::Denied(Denied::Hidden) => return Self::not_found("table"),
            VendError::Denied(_) | VendError::LocationShared | VendError::TokenTooOld { .. } => StatusCode::FORBIDDEN,
            VendError::TtlTooShort { .. } => StatusCode::BAD_REQUEST,
            VendError::NoHostCredentials => StatusCode::UNPROCESSABLE_ENTITY,
            VendError::StrategyMissing(_) | VendError::Secret { .. } => StatusCode::SERVICE_UNAVAILABLE,
            VendError::Strategy(cause) => strategy_status(cause),
            VendError::Audit(_) => return AuditUnavailable.into(),
            VendError::Store(_) => match error {
                VendError::Store(error) => return error.into(),
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
        };
        let retry_after_seconds = match &error {
            VendError::Strategy(cause) => cause.retry_after_ms.map(|ms| u64::from(ms.div_ceil(1000))),
            _ => None,
        };
        Self { retry_after_seconds, ..Self::new(status, error.code(), error.to_string()) }
    }
}

impl From<StrategyError> for ApiError {
    fn from(error: StrategyError) -> Self {
        VendError::Strategy(error).into()
    }
}

/// Faults of the caller's own set-up are 4xx, of the cloud or of a plugin 5xx.
fn strategy_status(error: &StrategyError) -> StatusCode {
    match error.kind {
        StrategyErrorKind::InvalidConfig | StrategyErrorKind::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
        StrategyErrorKind::Denied => StatusCode::FORBIDDEN,
        StrategyErrorKind::Exhausted => StatusCode::CONFLICT,
        StrategyErrorKind::Upstream | StrategyErrorKind::Plugin => StatusCode::BAD_GATEWAY,
        StrategyErrorKind::Throttled | StrategyErrorKind::Unavailable | StrategyErrorKind::NotReady => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
