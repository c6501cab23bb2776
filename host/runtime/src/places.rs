//! Calls at a time: of one plugin for all tenants half of the host's places, of one tenant half of
//! these. One slow plugin leaves the others room, and a tenant whose servers hang leaves the other
//! tenants room in the same plugin. A quarter of the host's places is for plugins that have none yet,
//! so that several slow ones together leave room as well.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pangolin_core::id::TenantId;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The places of the host.
#[derive(Debug)]
pub(crate) struct HostPlaces {
    common: Semaphore,
    /// At most one for each plugin.
    first: Semaphore,
}

/// A place of the host, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(#[expect(dead_code, reason = "held, not read")] Vec<SemaphorePermit<'a>>);

impl HostPlaces {
    /// So many places.
    pub(crate) fn new(places: u32) -> Self {
        let first = places / 4;
        let sized = |places: u32| Semaphore::new(usize::try_from(places).unwrap_or(usize::MAX));
        Self { common: sized(places - first), first: sized(first) }
    }

    /// A place for a call of a plugin.
    pub(crate) async fn of<'a>(&'a self, plugin: &'a Places) -> Result<Place<'a>, AcquireError> {
        if let Ok(place) = self.common.try_acquire() {
            return Ok(Place(vec![place]));
        }
        tokio::select! {
            place = self.common.acquire() => Ok(Place(vec![place?])),
            places = async { Ok([plugin.first.acquire().await?, self.first.acquire().await?]) } => {
                places.map(|places| Place(places.into()))
            }
        }
    }

    /// A place for a component that is no plugin yet.
    pub(crate) async fn of_new(&self) -> Result<Place<'_>, AcquireError> {
        tokio::select! {
            place = self.common.acquire() => Ok(Place(vec![place?])),
            place = self.first.acquire() => Ok(Place(vec![place?])),
        }
    }
}

/// The places of one plugin.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) all: Semaphore,
    /// Its one place of those for plugins that have none.
    first: Semaphore,
    of_a_tenant: usize,
    /// Those of tenants with a call that runs or waits.
    tenants: Mutex<HashMap<TenantId, Weak<Semaphore>>>,
}

impl Places {
    /// Places of a plugin, of so many of the host.
    pub(crate) fn of_host(places: u32) -> Self {
        let part = |of: u32| usize::try_from(places / of).unwrap_or(1).max(1);
        let (all, first) = (Semaphore::new(part(2)), Semaphore::new(1));
        Self { all, first, of_a_tenant: part(4), tenants: Mutex::default() }
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
    fn slow_plugins_leave_a_place_for_one_that_has_none() {
        let host = HostPlaces::new(8);
        let (one, two, honest) = (Places::of_host(8), Places::of_host(8), Places::of_host(8));
        let mut held = Vec::new();
        for plugin in [&one, &two].into_iter().cycle().take(20) {
            held.extend(host.of(plugin).now_or_never());
        }
        assert_eq!(held.len(), 8, "six in common, and the first of each");
        held.pop();
        assert!(host.of(&one).now_or_never().is_none());
        let place = host.of(&honest).now_or_never().unwrap().unwrap();
        assert!(host.of(&honest).now_or_never().is_none());
        drop(place);
        assert!(host.of_new().now_or_never().is_some());
    }

    #[test]
    fn a_single_place_is_for_all() {
        let (host, plugin) = (HostPlaces::new(1), Places::of_host(1));
        let place = host.of(&plugin).now_or_never().unwrap().unwrap();
        assert!(host.of(&plugin).now_or_never().is_none() && host.of_new().now_or_never().is_none());
        drop(place);
        assert!(host.of_new().now_or_never().is_some());
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
