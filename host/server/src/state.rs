//! What every handler has at hand.

use std::ops::Deref;
use std::sync::Arc;

use pangolin_catalog::Catalogs;
use pangolin_core::clock::Clock;
use pangolin_core::ports::{AuditTrail, Strategies};
use pangolin_core::vend::Vending;
use pangolin_egress::EgressClient;
use pangolin_store::Store;
use prometheus_client::registry::Registry;

use crate::audited::refused::Refusals;
use crate::auth::oidc::Issuers;
use crate::auth::passwords::Passwords;
use crate::auth::throttle::Throttle;
use crate::auth::tokens::TokenIssuer;
use crate::config::Config;

/// Shared by all requests; a clone is a pointer.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Inner>);

/// The parts of the host.
#[derive(Debug)]
pub struct Inner {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Store,
    pub(crate) audit: Arc<dyn AuditTrail>,
    pub(crate) strategies: Arc<dyn Strategies>,
    pub(crate) metrics: Registry,
    pub(crate) vending: Arc<Vending>,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) egress: EgressClient,
    pub(crate) tokens: TokenIssuer,
    pub(crate) issuers: Issuers,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) refusals: Refusals,
    /// Hash of Root's configured password; none in No-Auth mode.
    pub(crate) root_password_hash: Option<String>,
}

impl AppState {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Flushes the audit trail and closes the store.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

impl Deref for AppState {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
