//! The port of leases, and its reads.

use std::sync::Arc;

use async_trait::async_trait;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{LeaseId, TenantId};
use pangolin_core::lease::{
    ActiveLease, Lease, LeaseGrant, LeaseIntent, LeasePapers, LeaseState, ResourceKey, ResourceLock,
};
use pangolin_core::ports::{LeaseBook, StoreError};
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::secret_ref;
use pangolin_core::warehouse::Warehouse;

use super::{read, sealed};
use crate::db::sql;
use crate::error::broken;
use crate::generation::Slot;
use crate::row;
use crate::store::Store;

#[async_trait]
impl LeaseBook for Store {
    async fn active(&self, resource: &ResourceKey) -> Result<Arc<Vec<ActiveLease>>, StoreError> {
        let generation = self.db().generation(Slot::of_leases(resource.as_str())).await?;
        if let Some(known) = self.inner.leases.get(resource, generation) {
            return Ok(known);
        }
        let select =
            sql("SELECT * FROM leases WHERE resource = $1 AND state = 'active' ORDER BY started_at DESC, id DESC");
        let mut active = Vec::new();
        for found in self.db().all(select.bind(resource.as_str())).await? {
            let lease = read(&found)?;
            let minted = row::text(&found, "minted")?;
            let grant = sealed::open_grant(&self.inner.keys, &lease, &minted)?;
            active.push(ActiveLease { lease, grant });
        }
        let active = Arc::new(active);
        self.inner.leases.keep(resource.clone(), generation, &active);
        Ok(active)
    }

    async fn lock(
        &self,
        resource: &ResourceKey,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<ResourceLock>, StoreError> {
        self.lock_resource(resource, now, until).await
    }

    async fn renew(&self, lock: &ResourceLock, until: UnixMillis) -> Result<bool, StoreError> {
        self.renew_resource(lock, until).await
    }

    async fn unlock(&self, lock: &ResourceLock) -> Result<(), StoreError> {
        self.unlock_resource(lock).await
    }

    async fn open(&self, resource: &ResourceKey) -> Result<Vec<Lease>, StoreError> {
        let select = sql("SELECT * FROM leases WHERE resource = $1 AND state IN ('minting', 'active', 'revoking') \
             ORDER BY started_at DESC, id DESC");
        self.db().all(select.bind(resource.as_str())).await?.iter().map(read).collect()
    }

    async fn handles(&self, resource: &ResourceKey) -> Result<Vec<Secret<String>>, StoreError> {
        let select =
            sql("SELECT id, tenant_id, minted FROM leases WHERE resource = $1 AND state IN ('active', 'revoking') \
             AND minted IS NOT NULL");
        let mut handles = Vec::new();
        for found in self.db().all(select.bind(resource.as_str())).await? {
            let (id, tenant) = (row::text(&found, "id")?, row::text(&found, "tenant_id")?);
            let minted = row::text(&found, "minted")?;
            handles.extend(sealed::open_handles(&self.inner.keys, &id, &tenant, &minted)?);
        }
        Ok(handles)
    }

    async fn papers(&self, id: LeaseId) -> Result<Option<LeasePapers>, StoreError> {
        let id = id.to_string();
        let select = sql("SELECT tenant_id, intent, minted FROM leases WHERE id = $1 AND intent IS NOT NULL");
        let Some(found) = self.db().optional(select.bind(id.as_str())).await? else { return Ok(None) };
        let tenant: TenantId = row::parsed(&found, "tenant_id")?;
        let of = tenant.to_string();
        let intent = sealed::open_intent(&self.inner.keys, &id, &of, &row::text(&found, "intent")?)?;
        if intent.warehouse.tenant_id != tenant {
            return Err(broken("the sealed warehouse is another tenant's"));
        }
        let handles = match row::opt_text(&found, "minted")? {
            Some(minted) => sealed::open_handles(&self.inner.keys, &id, &of, &minted)?,
            None => Vec::new(),
        };
        let current = match self.warehouse_by_id(tenant, intent.warehouse.id).await {
            // The lease ends with its own papers, which are sealed: nothing goes where the row leads.
            Err(StoreError::WarehouseAltered { .. }) => None,
            found => found?,
        };
        let snapshot = self.without_foreign_references(intent.warehouse).await?;
        Ok(Some(LeasePapers { request: intent.request, survey: intent.survey, snapshot, current, handles }))
    }

    async fn lease(&self, tenant: TenantId, id: LeaseId) -> Result<Option<Lease>, StoreError> {
        let select =
            sql("SELECT * FROM leases WHERE id = $1 AND tenant_id = $2").bind(id.to_string()).bind(tenant.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    async fn begin(&self, intent: &LeaseIntent) -> Result<(), StoreError> {
        self.insert_lease(intent).await
    }

    async fn minted(&self, id: LeaseId, grant: &LeaseGrant) -> Result<LeaseState, StoreError> {
        self.grant_lease(id, grant).await
    }

    async fn mint_ended(&self, id: LeaseId, at: UnixMillis, next: UnixMillis) -> Result<(), StoreError> {
        let update = sql("UPDATE leases SET ended_at = $2, next_attempt_at = $3 WHERE id = $1 AND state = 'minting'")
            .bind(id.to_string())
            .bind(at.0)
            .bind(next.0);
        self.db().execute(update).await.map(drop).map_err(crate::error::backend)
    }

    async fn found(
        &self,
        id: LeaseId,
        handles: &[Secret<String>],
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let select = sql("SELECT tenant_id FROM leases WHERE id = $1").bind(id.to_string());
        let Some(lease) = self.db().optional(select).await? else { return Ok(()) };
        let tenant = row::text(&lease, "tenant_id")?;
        let minted = sealed::seal_handles(&self.inner.keys, &id.to_string(), &tenant, handles)?;
        let update = sql("UPDATE leases SET state = 'revoking', minted = $2, undecided = $3, next_attempt_at = $4 \
             WHERE id = $1 AND state = 'minting'")
        .bind(id.to_string())
        .bind(minted)
        .bind(row::to_json(undecided)?)
        .bind(at.0);
        self.db().execute(update).await.map(drop).map_err(crate::error::backend)
    }

    async fn ask_end(&self, tenant: TenantId, id: LeaseId, at: UnixMillis) -> Result<Option<Lease>, StoreError> {
        self.ask_end_of_lease(tenant, id, at).await
    }

    async fn settle(
        &self,
        id: LeaseId,
        state: LeaseState,
        undecided: &[String],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.settle_lease(id, state, undecided, at).await
    }

    async fn failed(&self, id: LeaseId, error: &str, next: UnixMillis) -> Result<(), StoreError> {
        let update = sql("UPDATE leases SET attempts = attempts + 1, last_error = $2, next_attempt_at = $3 \
             WHERE id = $1 AND state IN ('minting', 'active', 'revoking')")
        .bind(id.to_string())
        .bind(error)
        .bind(next.0);
        self.db().execute(update).await.map(drop).map_err(crate::error::backend)
    }

    async fn due(&self, now: UnixMillis, of_a_tenant: usize, limit: usize) -> Result<Vec<ResourceKey>, StoreError> {
        let select = sql("SELECT resource FROM (SELECT resource, since, \
             ROW_NUMBER() OVER (PARTITION BY tenant_id ORDER BY since, resource) AS turn FROM \
             (SELECT tenant_id, resource, MIN(next_attempt_at) AS since FROM leases WHERE next_attempt_at <= $1 \
             GROUP BY tenant_id, resource) AS due) AS turns \
             WHERE turn <= $2 ORDER BY turn, since LIMIT $3")
        .bind(now.0)
        .bind(i64::try_from(of_a_tenant).unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let found = self.db().all(select).await?;
        found.iter().map(|found| Ok(ResourceKey::stored(row::text(found, "resource")?))).collect()
    }

    async fn forget(&self, before: UnixMillis) -> Result<u64, StoreError> {
        let delete = sql("DELETE FROM leases WHERE started_at < $1 AND state IN ('revoked', 'lost')").bind(before.0);
        self.db().execute(delete).await.map_err(crate::error::backend)
    }
}

impl Store {
    /// A snapshot may name a secret that belongs to another tenant since; that one is left out.
    async fn without_foreign_references(&self, mut warehouse: Warehouse) -> Result<Warehouse, StoreError> {
        let tenant = warehouse.tenant_id.to_string();
        let mut foreign = Vec::new();
        for (field, secret) in &warehouse.secrets {
            let SecretValue::Reference(name) = secret else { continue };
            let taken = sql("SELECT name FROM secret_ref_claims WHERE name = $1 AND tenant_id <> $2 LIMIT 1")
                .bind(secret_ref::variable(name))
                .bind(tenant.as_str());
            if self.db().optional(taken).await?.is_some() {
                foreign.push(field.clone());
            }
        }
        warehouse.secrets.retain(|field, _| !foreign.contains(field));
        Ok(warehouse)
    }
}
