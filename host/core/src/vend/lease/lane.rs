//! One mint at a time on a resource within this host, and how the last one failed.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::lease::ResourceKey;
use crate::strategy::{StrategyError, StrategyErrorKind};
use crate::vend::VendError;
use crate::vend::mint::is_transient;

const LANES: u64 = 10_000;

/// The lanes of all resources, bounded. One that is forgotten while it is in use costs a wait for
/// the resource's lock, which is what excludes.
#[derive(Debug)]
pub(super) struct Lanes(moka::sync::Cache<ResourceKey, Arc<Mutex<Option<Failure>>>>);

#[derive(Debug)]
struct Failure {
    at: Instant,
    error: StrategyError,
}

/// Held by whoever is in the lane.
#[derive(Debug)]
pub(super) struct Lane(OwnedMutexGuard<Option<Failure>>);

impl Default for Lanes {
    fn default() -> Self {
        Self(moka::sync::Cache::new(LANES))
    }
}

impl Lanes {
    pub(super) async fn enter(&self, resource: &ResourceKey) -> Lane {
        let lane = self.0.get_with_by_ref(resource, Arc::default);
        Lane(lane.lock_owned().await)
    }
}

impl Lane {
    /// How the upstream failed while this caller waited: a crowd asks it once.
    pub(super) fn failed_since(&self, arrived: Instant) -> Option<StrategyError> {
        self.0.as_ref().filter(|failure| failure.at >= arrived).map(|failure| failure.error.clone())
    }

    pub(super) fn note(&mut self, error: &VendError) {
        if let VendError::Strategy(cause) = error
            && (is_transient(cause) || cause.kind == StrategyErrorKind::Exhausted)
        {
            *self.0 = Some(Failure { at: Instant::now(), error: cause.clone() });
        }
    }
}
