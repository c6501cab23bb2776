//! Changes of a lease that make memory stale, and its first row.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{LeaseId, TenantId};
use pangolin_core::lease::{Lease, LeaseGrant, LeaseIntent, LeaseState};
use pangolin_core::ports::StoreError;

use super::{read, sealed};
use crate::db::sql;
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    pub(super) async fn insert_lease(&self, intent: &LeaseIntent) -> Result<(), StoreError> {
        let lease = &intent.lease;
        let document = sealed::seal_intent(&self.inner.keys, intent)?;
        let insert = sql("INSERT INTO leases (id, tenant_id, warehouse_id, warehouse, strategy, resource, share, \
             state, access, user_id, principal, table_id, table_name, request_id, started_at, attempts, \
             next_attempt_at, revoke_asked, undecided, intent) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'minting', $8, $9, $10, $11, $12, $13, $14, 0, $15, 0, '[]', $16)")
        .bind(lease.id.to_string())
        .bind(lease.tenant_id.to_string())
        .bind(lease.warehouse_id.to_string())
        .bind(lease.warehouse.as_str())
        .bind(lease.strategy.as_str())
        .bind(lease.resource.as_str())
        .bind(lease.share.as_str())
        .bind(row::to_json(&lease.access)?)
        .bind(lease.user_id.to_string())
        .bind(lease.principal.as_str())
        .bind(lease.table_id.to_string())
        .bind(lease.table.as_str())
        .bind(lease.request_id.as_str())
        .bind(lease.started_at.0)
        .bind(lease.next_attempt_at.map(|at| at.0))
        .bind(document);
        self.db().execute(insert).await.map(drop).map_err(on_write("lease", "tenant"))
    }

    /// The row of a mint that somebody settled meanwhile does not become active again.
    pub(super) async fn grant_lease(&self, id: LeaseId, grant: &LeaseGrant) -> Result<LeaseState, StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        let select = sql("SELECT tenant_id FROM leases WHERE id = $1").bind(id.to_string());
        let found = tx.optional(select).await?.ok_or(StoreError::Conflict("lease"))?;
        let tenant = row::text(&found, "tenant_id")?;
        let minted = sealed::seal_grant(&self.inner.keys, &id.to_string(), &tenant, grant)?;
        let update = sql("UPDATE leases SET minted = $2, issued_at = $3, expires_at = $4, next_attempt_at = $4, \
             state = CASE WHEN revoke_asked = 1 OR NOT EXISTS \
             (SELECT 1 FROM warehouses WHERE warehouses.id = leases.warehouse_id) THEN 'revoking' ELSE 'active' END \
             WHERE id = $1 AND state = 'minting' RETURNING state, resource")
        .bind(id.to_string())
        .bind(minted)
        .bind(grant.issued_at.0)
        .bind(grant.expires_at.0);
        let changed = tx.returning(update).await.map_err(backend)?.ok_or(StoreError::Conflict("lease"))?;
        tx.raise([Slot::of_leases(&row::text(&changed, "resource")?)]).await?;
        tx.commit().await?;
        row::word(&changed, "state")
    }

    pub(super) async fn ask_end_of_lease(
        &self,
        tenant: TenantId,
        id: LeaseId,
        at: UnixMillis,
    ) -> Result<Option<Lease>, StoreError> {
        let (id, tenant) = (id.to_string(), tenant.to_string());
        let mut tx = Tx::begin(self.db()).await?;
        let end = sql("UPDATE leases SET state = CASE WHEN state = 'active' THEN 'revoking' ELSE state END, \
             next_attempt_at = CASE WHEN state = 'minting' THEN next_attempt_at ELSE $3 END, revoke_asked = 1 \
             WHERE id = $1 AND tenant_id = $2 AND state IN ('minting', 'active', 'revoking')")
        .bind(id.as_str())
        .bind(tenant.as_str())
        .bind(at.0);
        tx.execute(end).await.map_err(backend)?;
        let select = sql("SELECT * FROM leases WHERE id = $1 AND tenant_id = $2").bind(id).bind(tenant);
        let Some(found) = tx.optional(select).await? else { return Ok(None) };
        let lease = read(&found)?;
        tx.raise([Slot::of_leases(lease.resource.as_str())]).await?;
        tx.commit().await?;
        Ok(Some(lease))
    }

    pub(super) async fn settle_lease(
        &self,
        id: LeaseId,
        state: LeaseState,
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let revoked_at = (state == LeaseState::Revoked).then_some(at.0);
        let mut tx = Tx::begin(self.db()).await?;
        let update = sql("UPDATE leases SET state = $2, undecided = $3, revoked_at = $4, next_attempt_at = NULL, \
             intent = NULL, minted = NULL WHERE id = $1 AND state IN ('minting', 'active', 'revoking') \
             RETURNING resource")
        .bind(id.to_string())
        .bind(state.as_str())
        .bind(row::to_json(undecided)?)
        .bind(revoked_at);
        let Some(changed) = tx.returning(update).await.map_err(backend)? else { return Ok(()) };
        tx.raise([Slot::of_leases(&row::text(&changed, "resource")?)]).await?;
        tx.commit().await
    }
}
