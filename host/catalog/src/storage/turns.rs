//! Turns at what is large. A document takes many times its length while it is read: a tenant has so
//! many of them in memory at once, and its further requests wait for its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pangolin_core::id::TenantId;
use pangolin_core::record::Table;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Large documents of one tenant at once.
const AT_ONCE: usize = 2;
/// From here on a document is large.
const LARGE: usize = 1024 * 1024;

/// A lane for each tenant that is at work.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<TenantId, Arc<Semaphore>>>);

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// A turn of this tenant.
    pub(crate) async fn enter(&self, tenant: TenantId) -> Turn {
        // A lane that is never closed always has a turn in the end.
        Turn { _permit: self.lane(tenant).acquire_owned().await.ok() }
    }

    /// A turn where the table's document is large.
    pub(crate) async fn enter_for(&self, tenant: TenantId, table: &Table) -> Option<Turn> {
        if table.metadata.len() < LARGE { None } else { Some(self.enter(tenant).await) }
    }

    fn lane(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever is in a lane, or waits for it, holds it.
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        Arc::clone(lanes.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_tenant_waits_for_itself_and_nobody_else_does() {
        let (turns, one, other) = (Turns::default(), TenantId::generate(), TenantId::generate());
        let soon = async |tenant| tokio::time::timeout(Duration::from_millis(20), turns.enter(tenant)).await;
        let held = [turns.enter(one).await, turns.enter(one).await];
        assert!(soon(one).await.is_err());
        assert!(soon(other).await.is_ok());
        drop(held);
        assert!(soon(one).await.is_ok());
        assert!(turns.lane(other).available_permits() == AT_ONCE && turns.0.lock().unwrap().len() == 1);
    }
}
