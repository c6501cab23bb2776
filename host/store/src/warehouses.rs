//! Warehouses; their secrets are one sealed document per row, and a seal is over the whole row.

mod adopt;
mod as_stored;
mod columns;
pub(crate) mod sealed;

use std::collections::BTreeMap;
use std::sync::Arc;

use pangolin_core::deputy::HostClaim;
use pangolin_core::id::{TenantId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::ports::StoreError;
use pangolin_core::secret::SecretValue;
use pangolin_core::warehouse::Warehouse;
use sqlx::any::AnyRow;

use crate::claims;
use crate::db::sql;
use crate::error::{broken, on_delete, on_write};
use crate::generation::Slot;
use crate::page::OffsetPage;
use crate::revocations::{Gone, cut_off};
use crate::row;
use crate::secret_refs;
use crate::store::{Inner, Store};
use crate::tx::Tx;

pub(crate) use self::adopt::adopt;
pub use self::as_stored::WarehouseAsStored;
pub(crate) use self::columns::{Columns, WarehouseSeals};

/// A warehouse whose row was changed behind the host, or whose secrets cannot be opened.
#[derive(Debug)]
pub struct UnreadableWarehouse {
    /// Identifier.
    pub id: WarehouseId,
    /// Name.
    pub name: String,
    /// Why.
    pub cause: StoreError,
}

impl Store {
    /// Creates a warehouse; the claim says what it uses through the host's own identity.
    ///
    /// # Errors
    /// The name is taken, there is no such tenant, or the claim is not the tenant's to make.
    pub async fn create_warehouse(&self, warehouse: &Warehouse, claim: Option<&HostClaim>) -> Result<(), StoreError> {
        let columns = Columns::of(&self.inner.keys, warehouse, warehouse.revision)?;
        let mut tx = Tx::management(self.db()).await?;
        let insert =
            sql("INSERT INTO warehouses (id, tenant_id, name, kind, base, strategy, config, secrets, identity, \
             allow_unscoped, max_ttl_seconds, revision, created_at, updated_at, mac) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");
        let insert = columns.bind(insert, &self.inner.warehouse_seals);
        tx.execute(insert).await.map_err(on_write("warehouse", "tenant"))?;
        claims::replace(&mut tx, warehouse, claim).await?;
        secret_refs::replace(&mut tx, warehouse).await?;
        tx.commit().await
    }

    /// One warehouse of a tenant by name. Warm: from memory.
    ///
    /// # Errors
    /// The database failed, the row was changed behind the host, or the secrets cannot be opened.
    pub async fn warehouse(&self, tenant: TenantId, name: &str) -> Result<Option<Arc<Warehouse>>, StoreError> {
        let generation = self.db().generation(Slot::Management).await?;
        let key = (tenant, name.to_owned());
        if let Some(known) = self.inner.warehouses.get(&key, generation) {
            return Ok(Some(known));
        }
        let select =
            sql("SELECT * FROM warehouses WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let warehouse = Arc::new(read(&self.inner, &found)?);
        self.inner.warehouses.keep(key, generation, &warehouse);
        Ok(Some(warehouse))
    }

    /// One warehouse of a tenant. Warm: from memory.
    ///
    /// # Errors
    /// The database failed, the row was changed behind the host, or the secrets cannot be opened.
    pub async fn warehouse_by_id(
        &self,
        tenant: TenantId,
        id: WarehouseId,
    ) -> Result<Option<Arc<Warehouse>>, StoreError> {
        let generation = self.db().generation(Slot::Management).await?;
        if let Some(known) = self.inner.warehouses_by_id.get(&(tenant, id), generation) {
            return Ok(Some(known));
        }
        let select = sql("SELECT * FROM warehouses WHERE tenant_id = $1 AND id = $2")
            .bind(tenant.to_string())
            .bind(id.to_string());
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let warehouse = Arc::new(read(&self.inner, &found)?);
        self.inner.warehouses_by_id.keep((tenant, id), generation, &warehouse);
        Ok(Some(warehouse))
    }

    /// Warehouses of a tenant by name. One that is not used, because it was changed behind the host or
    /// its secrets cannot be opened, is named, and hides no other.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_warehouses(
        &self,
        tenant: TenantId,
        page: &OffsetPage,
    ) -> Result<Vec<Result<Warehouse, UnreadableWarehouse>>, StoreError> {
        let select = sql("SELECT * FROM warehouses WHERE tenant_id = $1 ORDER BY name LIMIT $2 OFFSET $3")
            .bind(tenant.to_string())
            .bind(page.sql_limit())
            .bind(page.sql_offset());
        let read = |found| match read(&self.inner, found) {
            Ok(warehouse) => Ok(Ok(warehouse)),
            Err(cause) if cause.unusable_code().is_some() => {
                Ok(Err(UnreadableWarehouse { id: row::parsed(found, "id")?, name: row::text(found, "name")?, cause }))
            }
            Err(error) => Err(error),
        };
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Replaces a warehouse that is still at the revision given, and raises the revision.
    ///
    /// # Errors
    /// There is no such warehouse, it was changed meanwhile, the new name is taken, the new base
    /// leaves a catalog outside, or the claim is not the tenant's to make.
    pub async fn update_warehouse(&self, warehouse: &Warehouse, claim: Option<&HostClaim>) -> Result<(), StoreError> {
        let columns = Columns::of(&self.inner.keys, warehouse, warehouse.revision.saturating_add(1))?;
        let mut tx = Tx::management(self.db()).await?;
        let id = warehouse.id.to_string();
        let current = sql("SELECT revision FROM warehouses WHERE id = $1 AND tenant_id = $2")
            .bind(id.as_str())
            .bind(warehouse.tenant_id.to_string());
        let current = tx.optional(current).await?.ok_or(StoreError::NotFound("warehouse"))?;
        if row::int(&current, "revision")? != warehouse.revision {
            return Err(StoreError::Conflict("warehouse"));
        }
        for found in tx.all(sql("SELECT name, base FROM catalogs WHERE warehouse_id = $1").bind(id.as_str())).await? {
            if !warehouse.base.contains(&location(&found, "base")?) {
                let name = row::text(&found, "name")?;
                return Err(StoreError::InUse(format!("catalog {name} lies outside the new base location")));
            }
        }
        let update =
            sql("UPDATE warehouses SET name = $3, kind = $4, base = $5, strategy = $6, config = $7, secrets = $8, \
             identity = $9, allow_unscoped = $10, max_ttl_seconds = $11, revision = $12, created_at = $13, \
             updated_at = $14, mac = $15 WHERE id = $1 AND tenant_id = $2");
        let update = columns.bind(update, &self.inner.warehouse_seals);
        tx.execute(update).await.map_err(on_write("warehouse", "tenant"))?;
        claims::replace(&mut tx, warehouse, claim).await?;
        secret_refs::replace(&mut tx, warehouse).await?;
        tx.commit().await
    }

    /// Deletes a warehouse; its leases are ended.
    ///
    /// # Errors
    /// There is no such warehouse, or a catalog lies on it.
    pub async fn delete_warehouse(&self, tenant: TenantId, name: &str) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let select =
            sql("SELECT id FROM warehouses WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        let found = tx.optional(select).await?.ok_or(StoreError::NotFound("warehouse"))?;
        let delete =
            sql("DELETE FROM warehouses WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        let deleted = tx.execute(delete).await.map_err(on_delete("the warehouse still has catalogs"))?;
        if deleted == 0 {
            return Err(StoreError::NotFound("warehouse"));
        }
        let gone = Gone::Warehouse(row::parsed(&found, "id")?);
        cut_off(&mut tx, tenant, gone, self.inner.clock.now(), []).await?;
        tx.commit().await
    }
}

/// A location in a column.
pub(crate) fn location(found: &AnyRow, column: &'static str) -> Result<Location, StoreError> {
    Location::parse(&row::text(found, column)?).map_err(broken)
}

/// The row as the host wrote it; one that somebody else changed is refused before it is looked at.
fn read(inner: &Inner, found: &AnyRow) -> Result<Warehouse, StoreError> {
    inner.warehouse_seals.check(found)?;
    let (id, tenant) = (row::text(found, "id")?, row::text(found, "tenant_id")?);
    let secrets = match row::opt_text(found, "secrets")? {
        Some(text) => sealed::open(&inner.keys, &id, &tenant, &text)?,
        None => Default::default(),
    };
    read_with(found, secrets)
}

fn read_with(found: &AnyRow, secrets: BTreeMap<String, SecretValue>) -> Result<Warehouse, StoreError> {
    let max_ttl_seconds = row::opt_int(found, "max_ttl_seconds")?.map(u32::try_from).transpose().map_err(broken)?;
    Ok(Warehouse {
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        name: row::text(found, "name")?,
        kind: row::word(found, "kind")?,
        base: location(found, "base")?,
        strategy: row::opt_text(found, "strategy")?,
        config: row::json(found, "config")?,
        secrets,
        identity: row::word(found, "identity")?,
        allow_unscoped: row::flag(found, "allow_unscoped")?,
        max_ttl_seconds,
        revision: row::int(found, "revision")?,
        created_at: row::instant(found, "created_at")?,
        updated_at: row::instant(found, "updated_at")?,
    })
}
