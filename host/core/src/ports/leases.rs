use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::clock::UnixMillis;
use crate::id::{LeaseId, TenantId};
use crate::lease::{ActiveLease, Lease, LeaseGrant, LeaseIntent, LeasePapers, LeaseState, ResourceKey, ResourceLock};
use crate::secret::Secret;

/// Keeps leases, and lets one holder at a time, of all hosts, work on a resource.
///
/// Whoever calls [`LeaseBook::begin`], [`LeaseBook::minted`], [`LeaseBook::mint_ended`],
/// [`LeaseBook::found`], [`LeaseBook::settle`] or [`LeaseBook::failed`] holds the resource's lock.
#[async_trait]
pub trait LeaseBook: Send + Sync + std::fmt::Debug {
    /// The active leases of a resource, the newest first. Warm: from memory.
    async fn active(&self, resource: &ResourceKey) -> Result<Arc<Vec<ActiveLease>>, StoreError>;

    /// Takes the lock of a resource until `until`, if nobody holds it. A mint that the last holder
    /// left without an end gets one: when that holder's lock would have lapsed. From then on
    /// [`LeaseBook::active`] has what holders before did, whichever host they were.
    async fn lock(
        &self,
        resource: &ResourceKey,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<ResourceLock>, StoreError>;
    /// Holds the lock longer; `false`: it is another's by now.
    async fn renew(&self, lock: &ResourceLock, until: UnixMillis) -> Result<bool, StoreError>;
    /// Gives the lock back.
    async fn unlock(&self, lock: &ResourceLock) -> Result<(), StoreError>;

    /// The leases of a resource that are not settled, the newest first. Never from memory.
    async fn open(&self, resource: &ResourceKey) -> Result<Vec<Lease>, StoreError>;
    /// Handles of all of these.
    async fn handles(&self, resource: &ResourceKey) -> Result<Vec<Secret<String>>, StoreError>;
    /// What ending or recovering one needs; none once it is settled.
    async fn papers(&self, id: LeaseId) -> Result<Option<LeasePapers>, StoreError>;
    /// One lease of a tenant.
    async fn lease(&self, tenant: TenantId, id: LeaseId) -> Result<Option<Lease>, StoreError>;

    /// Records an intent.
    async fn begin(&self, intent: &LeaseIntent) -> Result<(), StoreError>;
    /// Records what was minted. [`LeaseState::Revoking`]: its end was asked for meanwhile.
    async fn minted(&self, id: LeaseId, grant: &LeaseGrant) -> Result<LeaseState, StoreError>;
    /// Records that a mint is over and its outcome is not known; `next`: when to find out.
    async fn mint_ended(&self, id: LeaseId, at: UnixMillis, next: UnixMillis) -> Result<(), StoreError>;
    /// Records what an interrupted mint left; it is to be ended.
    async fn found(
        &self,
        id: LeaseId,
        handles: &[Secret<String>],
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError>;
    /// Stops handing out a lease: it is to be ended. Says what is there then. A lease that is being
    /// minted is to be ended as soon as it is there.
    async fn ask_end(&self, tenant: TenantId, id: LeaseId, at: UnixMillis) -> Result<Option<Lease>, StoreError>;
    /// Nothing is left to do; everything secret of the lease is forgotten.
    async fn settle(
        &self,
        id: LeaseId,
        state: LeaseState,
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError>;
    /// An attempt failed.
    async fn failed(&self, id: LeaseId, error: &str, next: UnixMillis) -> Result<(), StoreError>;

    /// Resources with a lease that is due, so many of a tenant at most: the first of every tenant,
    /// then the second of every tenant, and so on.
    async fn due(&self, now: UnixMillis, of_a_tenant: usize, limit: usize) -> Result<Vec<ResourceKey>, StoreError>;
    /// Forgets leases that were settled before.
    async fn forget(&self, before: UnixMillis) -> Result<u64, StoreError>;
}
