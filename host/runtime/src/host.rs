//! The guests' imports: one file per WIT interface. Each counts the call, converts types, and
//! leaves the work to `service`.

mod azure;
mod clock;
mod crypto;
mod gcp;
mod http;
mod log;
mod signing;
mod sts;

use std::sync::Arc;

use pangolin_core::clock::Clock;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::{EgressClient, EgressError};

use crate::bindings::types::{ErrorKind, VendError};
use crate::call::Call;
use crate::guest::Phase;
use crate::service::azure::Azure;
use crate::service::gcp::Gcp;
use crate::service::{AzureSettings, GcpSettings, Http, Sts, StsSettings};

/// What the guests' imports reach.
#[derive(Debug)]
pub struct Services {
    pub(crate) http: Http,
    pub(crate) sts: Sts,
    pub(crate) azure: Azure,
    pub(crate) gcp: Gcp,
}

/// What the operator set for the clouds.
#[derive(Debug, Clone, Default)]
pub struct ServiceSettings {
    /// For STS.
    pub sts: StsSettings,
    /// For Azure.
    pub azure: AzureSettings,
    /// For Google Cloud.
    pub gcp: GcpSettings,
}

impl Services {
    /// Services whose requests pass `egress`.
    ///
    /// # Errors
    /// No client for the host's own identity can be made.
    pub fn new(egress: EgressClient, settings: ServiceSettings, clock: Arc<dyn Clock>) -> Result<Self, EgressError> {
        Ok(Self {
            http: Http::new(egress.clone(), Arc::clone(&clock)),
            azure: Azure::new(egress.clone(), settings.azure, Arc::clone(&clock)),
            gcp: Gcp::new(egress.clone(), settings.gcp, Arc::clone(&clock)),
            sts: Sts::new(egress, settings.sts, clock)?,
        })
    }
}

/// A service's error as the guest gets it.
fn vend_error(error: StrategyError) -> VendError {
    let kind = match error.kind {
        StrategyErrorKind::InvalidConfig => ErrorKind::InvalidConfig,
        StrategyErrorKind::Denied => ErrorKind::Denied,
        StrategyErrorKind::Unsupported => ErrorKind::Unsupported,
        StrategyErrorKind::Upstream => ErrorKind::Upstream,
        StrategyErrorKind::Throttled => ErrorKind::Throttled,
        StrategyErrorKind::Exhausted => ErrorKind::Exhausted,
        StrategyErrorKind::Unavailable | StrategyErrorKind::NotReady => ErrorKind::Unavailable,
        StrategyErrorKind::Plugin => ErrorKind::Internal,
    };
    VendError { kind, code: error.code, message: error.message, retry_after_ms: error.retry_after_ms }
}

/// Takes a request that a service sends for the guest off the call's bound; the refusal, if none is left.
fn spend_request(call: &mut Call) -> Result<(), VendError> {
    call.http_calls_left = call.http_calls_left.checked_sub(1).ok_or_else(|| {
        vend_error(StrategyError::new(
            StrategyErrorKind::Denied,
            "too-many-requests",
            "this call has sent as many requests as it may (http_calls)",
        ))
    })?;
    Ok(())
}

/// The answer to a service that is called from an export that may not use it.
fn wrong_phase(interface: &str, phase: Phase) -> VendError {
    vend_error(StrategyError::new(
        StrategyErrorKind::Denied,
        "not-in-this-phase",
        format!("'{interface}' cannot be used in {}", phase.name()),
    ))
}
