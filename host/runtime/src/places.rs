//! Calls of one plugin at a time: of all tenants half of the host's places, of one tenant half of
//! these. One slow plugin leaves the others room, and a tenant whose servers hang leaves the other
//! tenants room in the same plugin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pangolin_core::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one plugin.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) all: Semaphore,
    of_a_tenant: usize,
    /// Those of tenants with a call that runs or waits.
    tenants: Mutex<HashMap<TenantId, Weak<Semaphore>>>,
}

impl Places {
    /// Places of a plugin, of so many of the host.
    pub(crate) fn of_host(places: u32) -> Self {
        let part = |of: u32| usize::try_from(places / of).unwrap_or(1).max(1);
        Self { all: Semaphore::new(part(2)), of_a_tenant: part(4), tenants: Mutex::default() }
    }

    /// A tenant's own place, to be taken before one of all: who waits for it takes nothing of others.
    pub(crate) async fn of_tenant(&self, tenant: TenantId) -> Option<OwnedSemaphorePermit> {
        let own = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(own) = tenants.get(&tenant).and_then(Weak::upgrade) {
                own
            } else {
                tenants.retain(|_, own| own.strong_count() > 0);
                let own = Arc::new(Semaphore::new(self.of_a_tenant));
                tenants.insert(tenant, Arc::downgrade(&own));
                own
            }
        };
        own.acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_tenant_takes_half_of_a_plugins_places_and_no_more() {
        let places = Places::of_host(16);
        let (one, two) = (TenantId::generate(), TenantId::generate());
        let mut held: Vec<_> = (0..4).map(|_| places.of_tenant(one).now_or_never().unwrap()).collect();
        assert!(places.of_tenant(one).now_or_never().is_none());
        assert!(places.of_tenant(two).now_or_never().is_some());
        held.pop();
        assert!(places.of_tenant(one).now_or_never().is_some());
        assert_eq!(places.all.available_permits(), 8);
    }

    #[test]
    fn tenants_without_a_call_are_forgotten() {
        let places = Places::of_host(1);
        for _ in 0..100 {
            assert!(places.of_tenant(TenantId::generate()).now_or_never().is_some());
        }
        assert_eq!(places.tenants.lock().unwrap().len(), 1);
    }
}
