//! A book in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;

use super::bench::Trouble;
use crate::clock::UnixMillis;
use crate::id::{LeaseId, TenantId};
use crate::lease::{ActiveLease, Lease, LeaseGrant, LeaseIntent, LeasePapers, LeaseState, ResourceKey, ResourceLock};
use crate::ports::{LeaseBook, StoreError};
use crate::secret::Secret;
use crate::warehouse::Warehouse;

#[derive(Debug)]
struct Row {
    lease: Lease,
    intent: Option<LeaseIntent>,
    grant: Option<LeaseGrant>,
    handles: Vec<Secret<String>>,
    asked: bool,
}

#[derive(Debug)]
pub(super) struct Book {
    rows: Mutex<Vec<Row>>,
    locks: Mutex<HashMap<ResourceKey, (String, UnixMillis)>>,
    /// The warehouse as it is now.
    pub(super) current: Mutex<Option<Arc<Warehouse>>>,
    pub(super) trouble: Trouble,
}

impl Book {
    pub(super) fn new(trouble: Trouble) -> Arc<Self> {
        Arc::new(Self { rows: Mutex::default(), locks: Mutex::default(), current: Mutex::default(), trouble })
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap()
    }

    pub(super) fn leases(&self) -> Vec<Lease> {
        self.rows().iter().map(|row| row.lease.clone()).collect()
    }

    pub(super) fn states(&self) -> Vec<LeaseState> {
        self.leases().iter().map(|lease| lease.state).collect()
    }

    fn change(&self, id: LeaseId, change: impl FnOnce(&mut Row)) {
        change(self.rows().iter_mut().find(|row| row.lease.id == id).unwrap());
    }
}

fn on<'a>(resource: &'a ResourceKey, states: &'a [LeaseState]) -> impl Fn(&&Row) -> bool + 'a {
    move |row| row.lease.resource == *resource && states.contains(&row.lease.state)
}

#[async_trait]
impl LeaseBook for Book {
    async fn active(&self, resource: &ResourceKey) -> Result<Arc<Vec<ActiveLease>>, StoreError> {
        let rows = self.rows();
        let active = rows.iter().rev().filter(on(resource, &[LeaseState::Active]));
        let grant = |row: &Row| ActiveLease { lease: row.lease.clone(), grant: row.grant.clone().unwrap() };
        Ok(Arc::new(active.map(grant).collect()))
    }

    async fn lock(
        &self,
        resource: &ResourceKey,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<ResourceLock>, StoreError> {
        let mut locks = self.locks.lock().unwrap();
        let left_at = match locks.get(resource) {
            Some((_, claimed_until)) if *claimed_until > now => return Ok(None),
            Some((_, claimed_until)) => *claimed_until,
            None => now,
        };
        let holder = LeaseId::generate().to_string();
        locks.insert(resource.clone(), (holder.clone(), until));
        for row in self.rows().iter_mut().filter(|row| row.lease.resource == *resource) {
            if row.lease.state == LeaseState::Minting && row.lease.ended_at.is_none() {
                row.lease.ended_at = Some(left_at);
            }
        }
        Ok(Some(ResourceLock { resource: resource.clone(), holder }))
    }

    async fn renew(&self, lock: &ResourceLock, until: UnixMillis) -> Result<bool, StoreError> {
        match self.locks.lock().unwrap().get_mut(&lock.resource) {
            Some((holder, claimed_until)) if *holder == lock.holder => {
                *claimed_until = until;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn unlock(&self, lock: &ResourceLock) -> Result<(), StoreError> {
        let mut locks = self.locks.lock().unwrap();
        if locks.get(&lock.resource).is_some_and(|(holder, _)| *holder == lock.holder) {
            locks.remove(&lock.resource);
        }
        Ok(())
    }

    async fn open(&self, resource: &ResourceKey) -> Result<Vec<Lease>, StoreError> {
        let rows = self.rows();
        let open = rows.iter().rev().filter(|row| row.lease.resource == *resource && row.lease.state.is_open());
        Ok(open.map(|row| row.lease.clone()).collect())
    }

    async fn handles(&self, resource: &ResourceKey) -> Result<Vec<Secret<String>>, StoreError> {
        let rows = self.rows();
        let live = rows.iter().filter(on(resource, &[LeaseState::Active, LeaseState::Revoking]));
        Ok(live.flat_map(|row| row.handles.clone()).collect())
    }

    async fn papers(&self, id: LeaseId) -> Result<Option<LeasePapers>, StoreError> {
        self.trouble.hit_store("papers")?;
        let rows = self.rows();
        let row = rows.iter().find(|row| row.lease.id == id);
        Ok(row.and_then(|row| {
            let intent = row.intent.clone()?;
            Some(LeasePapers {
                request: intent.request,
                survey: intent.survey,
                snapshot: intent.warehouse,
                current: self.current.lock().unwrap().clone(),
                handles: row.handles.clone(),
            })
        }))
    }

    async fn lease(&self, tenant: TenantId, id: LeaseId) -> Result<Option<Lease>, StoreError> {
        Ok(self.leases().into_iter().find(|lease| lease.id == id && lease.tenant_id == tenant))
    }

    async fn begin(&self, intent: &LeaseIntent) -> Result<(), StoreError> {
        self.trouble.hit_store("begin-before")?;
        let (lease, intent) = (intent.lease.clone(), Some(intent.clone()));
        self.rows().push(Row { lease, intent, grant: None, handles: Vec::new(), asked: false });
        self.trouble.hit_store("begin-after")
    }

    async fn minted(&self, id: LeaseId, grant: &LeaseGrant) -> Result<LeaseState, StoreError> {
        self.trouble.hit_store("grant-before")?;
        if self.trouble.hit_store("settled-meanwhile").is_err() {
            self.settle(id, LeaseState::Lost, &[], UnixMillis(0)).await?;
            return Err(StoreError::Conflict("lease"));
        }
        let mut state = LeaseState::Active;
        self.change(id, |row| {
            state = if row.asked { LeaseState::Revoking } else { LeaseState::Active };
            row.handles = grant.handles.clone();
            row.grant = Some(grant.clone());
            row.lease.state = state;
            row.lease.issued_at = Some(grant.issued_at);
            row.lease.expires_at = Some(grant.expires_at);
            row.lease.next_attempt_at = Some(grant.expires_at);
        });
        self.trouble.hit_store("grant-after")?;
        Ok(state)
    }

    async fn mint_ended(&self, id: LeaseId, at: UnixMillis, next: UnixMillis) -> Result<(), StoreError> {
        self.trouble.hit_store("mint-ended")?;
        self.change(id, |row| {
            row.lease.ended_at = Some(at);
            row.lease.next_attempt_at = Some(next);
        });
        Ok(())
    }

    async fn found(
        &self,
        id: LeaseId,
        handles: &[Secret<String>],
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.change(id, |row| {
            if row.lease.state != LeaseState::Minting {
                return;
            }
            row.lease.state = LeaseState::Revoking;
            row.lease.undecided = undecided.to_vec();
            row.lease.next_attempt_at = Some(at);
            row.handles = handles.to_vec();
        });
        self.trouble.hit_store("found-after")
    }

    async fn ask_end(&self, tenant: TenantId, id: LeaseId, at: UnixMillis) -> Result<Option<Lease>, StoreError> {
        if self.lease(tenant, id).await?.is_none() {
            return Ok(None);
        }
        self.change(id, |row| {
            row.asked = true;
            if matches!(row.lease.state, LeaseState::Active | LeaseState::Revoking) {
                row.lease.state = LeaseState::Revoking;
                row.lease.next_attempt_at = Some(at);
            }
        });
        self.lease(tenant, id).await
    }

    async fn settle(
        &self,
        id: LeaseId,
        state: LeaseState,
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.trouble.hit_store("settle-before")?;
        self.change(id, |row| {
            row.lease.state = state;
            row.lease.undecided = undecided.to_vec();
            row.lease.revoked_at = (state == LeaseState::Revoked).then_some(at);
            row.lease.next_attempt_at = None;
            row.intent = None;
            row.grant = None;
            row.handles.clear();
        });
        Ok(())
    }

    async fn failed(&self, id: LeaseId, error: &str, next: UnixMillis) -> Result<(), StoreError> {
        self.change(id, |row| {
            row.lease.attempts += 1;
            row.lease.last_error = Some(error.to_owned());
            row.lease.next_attempt_at = Some(next);
        });
        Ok(())
    }

    async fn due(&self, now: UnixMillis, of_a_tenant: usize, limit: usize) -> Result<Vec<ResourceKey>, StoreError> {
        let is_due = |row: &&Row| row.lease.next_attempt_at.is_some_and(|at| at <= now);
        let mut due: HashMap<TenantId, Vec<ResourceKey>> = HashMap::new();
        for row in self.rows().iter().filter(is_due) {
            let of_tenant = due.entry(row.lease.tenant_id).or_default();
            if of_tenant.len() < of_a_tenant && !of_tenant.contains(&row.lease.resource) {
                of_tenant.push(row.lease.resource.clone());
            }
        }
        let turns = (0..of_a_tenant).flat_map(|turn| due.values().filter_map(move |of_tenant| of_tenant.get(turn)));
        Ok(turns.take(limit).cloned().collect())
    }

    async fn forget(&self, before: UnixMillis) -> Result<u64, StoreError> {
        self.rows().retain(|row| row.lease.state.is_open() || row.lease.started_at >= before);
        Ok(0)
    }
}
