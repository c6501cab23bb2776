//! The lock of a resource: a row that one holder of all hosts has, until it lapses.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::LeaseId;
use pangolin_core::lease::{ResourceKey, ResourceLock};
use pangolin_core::ports::StoreError;

use crate::db::sql;
use crate::dialect::Dialect;
use crate::error::backend;
use crate::generation::Slot;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    pub(super) async fn lock_resource(
        &self,
        resource: &ResourceKey,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<ResourceLock>, StoreError> {
        let run = self.inner.run.as_str();
        let lock = ResourceLock { resource: resource.clone(), holder: LeaseId::generate().to_string() };
        let mut tx = Tx::begin(self.db()).await?;
        let held = sql("SELECT holder, run, claimed_until FROM lease_locks WHERE resource = $1");
        let left_at = match tx.optional(held.bind(resource.as_str())).await? {
            None => {
                let insert = sql("INSERT INTO lease_locks (resource, holder, run, claimed_until) \
                     VALUES ($1, $2, $3, $4) ON CONFLICT (resource) DO NOTHING")
                .bind(resource.as_str())
                .bind(lock.holder.as_str())
                .bind(run)
                .bind(until.0);
                if tx.execute(insert).await.map_err(backend)? == 0 {
                    return Ok(None);
                }
                now
            }
            Some(old) => {
                let claimed_until = row::instant(&old, "claimed_until")?;
                // A SQLite database has one process: a holder of another run is gone.
                let is_gone = self.db().dialect == Dialect::Sqlite && row::text(&old, "run")? != run;
                if claimed_until > now && !is_gone {
                    return Ok(None);
                }
                let take = sql("UPDATE lease_locks SET holder = $2, run = $3, claimed_until = $4 \
                     WHERE resource = $1 AND holder = $5 AND claimed_until = $6")
                .bind(resource.as_str())
                .bind(lock.holder.as_str())
                .bind(run)
                .bind(until.0)
                .bind(row::text(&old, "holder")?)
                .bind(claimed_until.0);
                if tx.execute(take).await.map_err(backend)? == 0 {
                    return Ok(None);
                }
                claimed_until.min(now)
            }
        };
        let interrupted =
            sql("UPDATE leases SET ended_at = $2 WHERE resource = $1 AND state = 'minting' AND ended_at IS NULL")
                .bind(resource.as_str())
                .bind(left_at.0);
        tx.execute(interrupted).await.map_err(backend)?;
        tx.commit().await?;
        // What the holder before minted is to be found, by a host that did not hear of it yet too.
        // If this fails nobody has the lock, and it lapses.
        self.db().see_others(Slot::of_leases(resource.as_str())).await?;
        Ok(Some(lock))
    }

    pub(super) async fn renew_resource(&self, lock: &ResourceLock, until: UnixMillis) -> Result<bool, StoreError> {
        let update = sql("UPDATE lease_locks SET claimed_until = $3 WHERE resource = $1 AND holder = $2")
            .bind(lock.resource.as_str())
            .bind(lock.holder.as_str())
            .bind(until.0);
        self.db().execute(update).await.map(|changed| changed == 1).map_err(backend)
    }

    pub(super) async fn unlock_resource(&self, lock: &ResourceLock) -> Result<(), StoreError> {
        let delete = sql("DELETE FROM lease_locks WHERE resource = $1 AND holder = $2")
            .bind(lock.resource.as_str())
            .bind(lock.holder.as_str());
        self.db().execute(delete).await.map(drop).map_err(backend)
    }
}
