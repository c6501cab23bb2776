//! Catalogs, and the snapshot of a catalog that each request needs.

use std::sync::Arc;

use pangolin_core::id::{CatalogId, TenantId, WarehouseId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{Catalog, CatalogSnapshot};
use sqlx::any::AnyRow;

use crate::claims;
use crate::db::sql;
use crate::error::{on_delete, on_write};
use crate::generation::Slot;
use crate::page::OffsetPage;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;
use crate::warehouses::location;

const IN_USE: &str = "the catalog still has tables or nested namespaces";

impl Store {
    /// Creates a catalog on a warehouse of the tenant.
    ///
    /// # Errors
    /// The name is taken, there is no such warehouse, its base no longer contains the catalog's,
    /// another catalog of the tenant overlaps, or the warehouse may not use the host's identity.
    pub async fn create_catalog(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        self.check_warehouse(&mut tx, catalog).await?;
        check_name(&mut tx, catalog).await?;
        check_base(&mut tx, catalog).await?;
        let insert = sql("INSERT INTO catalogs (id, tenant_id, name, warehouse_id, base, properties, revision) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(catalog.id.to_string())
        .bind(catalog.tenant_id.to_string())
        .bind(catalog.name.as_str())
        .bind(catalog.warehouse_id.to_string())
        .bind(catalog.base.as_str())
        .bind(row::to_json(&catalog.properties)?)
        .bind(catalog.revision);
        tx.execute(insert).await.map_err(on_write("catalog", "tenant"))?;
        tx.commit().await
    }

    /// Catalogs of a tenant by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_catalogs(&self, tenant: TenantId, page: &OffsetPage) -> Result<Vec<Catalog>, StoreError> {
        let select = sql("SELECT * FROM catalogs WHERE tenant_id = $1 ORDER BY name LIMIT $2 OFFSET $3")
            .bind(tenant.to_string())
            .bind(page.sql_limit())
            .bind(page.sql_offset());
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Replaces name, base and properties of a catalog that is still at the revision given, and
    /// raises the revision.
    ///
    /// # Errors
    /// As [`Store::create_catalog`]; and there is no such catalog, it was changed meanwhile, it
    /// is on another warehouse, or the new base leaves a table outside.
    pub async fn update_catalog(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let select = sql("SELECT * FROM catalogs WHERE id = $1 AND tenant_id = $2")
            .bind(catalog.id.to_string())
            .bind(catalog.tenant_id.to_string());
        let current = read(&tx.optional(select).await?.ok_or(StoreError::NotFound("catalog"))?)?;
        if current.revision != catalog.revision {
            return Err(StoreError::Conflict("catalog"));
        }
        if current.warehouse_id != catalog.warehouse_id {
            return Err(StoreError::InUse("a catalog stays on its warehouse".to_owned()));
        }
        if current.base != catalog.base {
            self.check_warehouse(&mut tx, catalog).await?;
            check_base(&mut tx, catalog).await?;
            check_tables(&mut tx, catalog).await?;
        }
        let update =
            sql("UPDATE catalogs SET name = $2, base = $3, properties = $4, revision = revision + 1 WHERE id = $1")
                .bind(catalog.id.to_string())
                .bind(catalog.name.as_str())
                .bind(catalog.base.as_str())
                .bind(row::to_json(&catalog.properties)?);
        tx.execute(update).await.map_err(on_write("catalog", "tenant"))?;
        tx.commit().await
    }

    /// Deletes a catalog; outermost namespaces without tables and children go with it.
    ///
    /// # Errors
    /// There is no such catalog, or it has tables or nested namespaces.
    pub async fn delete_catalog(&self, tenant: TenantId, name: &str) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let select =
            sql("SELECT id FROM catalogs WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        let found = tx.optional(select).await?.ok_or(StoreError::NotFound("catalog"))?;
        let id: CatalogId = row::parsed(&found, "id")?;
        tx.lock_catalog(id).await?;
        let nested = sql("SELECT id FROM namespaces WHERE catalog_id = $1 AND parent_id IS NOT NULL LIMIT 1");
        if tx.exists(nested.bind(id.to_string())).await? {
            return Err(StoreError::InUse(IN_USE.to_owned()));
        }
        for delete in ["DELETE FROM namespaces WHERE catalog_id = $1", "DELETE FROM catalogs WHERE id = $1"] {
            tx.execute(sql(delete).bind(id.to_string())).await.map_err(on_delete(IN_USE))?;
        }
        tx.commit().await
    }

    /// A catalog with its warehouse. Warm: from memory.
    pub(crate) async fn catalog_snapshot(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<Arc<CatalogSnapshot>>, StoreError> {
        let generation = self.db().generation(Slot::Management).await?;
        let key = (tenant, name.to_owned());
        if let Some(known) = self.inner.catalogs.get(&key, generation) {
            return Ok(Some(known));
        }
        let select =
            sql("SELECT * FROM catalogs WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let catalog = Arc::new(read(&found)?);
        // Deleted between the two questions: like one that never was.
        let Some(warehouse) = self.warehouse_by_id(tenant, catalog.warehouse_id).await? else { return Ok(None) };
        let snapshot = Arc::new(CatalogSnapshot {
            host_identity_allowed: claims::stands(self.db(), &warehouse).await?,
            warehouse_catalogs: self.catalogs_on(warehouse.id).await?,
            warehouse,
            catalog,
        });
        self.inner.catalogs.keep(key, generation, &snapshot);
        Ok(Some(snapshot))
    }

    pub(crate) async fn find_catalog_id(&self, tenant: TenantId, name: &str) -> Result<Option<CatalogId>, StoreError> {
        let select =
            sql("SELECT id FROM catalogs WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        self.db().optional(select).await?.map(|found| row::parsed(&found, "id")).transpose()
    }

    async fn catalogs_on(&self, warehouse: WarehouseId) -> Result<Arc<[CatalogId]>, StoreError> {
        let select = sql("SELECT id FROM catalogs WHERE warehouse_id = $1 ORDER BY id").bind(warehouse.to_string());
        self.db().all(select).await?.iter().map(|found| row::parsed(found, "id")).collect()
    }

    /// The warehouse is the tenant's, as the host wrote it, contains the base, and may be used.
    async fn check_warehouse(&self, tx: &mut Tx, catalog: &Catalog) -> Result<(), StoreError> {
        let select = sql("SELECT * FROM warehouses WHERE id = $1 AND tenant_id = $2")
            .bind(catalog.warehouse_id.to_string())
            .bind(catalog.tenant_id.to_string());
        let found = tx.optional(select).await?.ok_or(StoreError::NotFound("warehouse"))?;
        self.inner.warehouse_seals.check(&found)?;
        // The caller has checked this against the warehouse that it read; it has changed since.
        if !location(&found, "base")?.contains(&catalog.base) {
            return Err(StoreError::Conflict("warehouse"));
        }
        let stands = claims::stands_in(tx, catalog.warehouse_id, row::word(&found, "identity")?).await?;
        if stands { Ok(()) } else { Err(StoreError::HostIdentityTaken) }
    }
}

/// Asked before the base: of one name there is mostly one base too, and the name is what to change.
async fn check_name(tx: &mut Tx, catalog: &Catalog) -> Result<(), StoreError> {
    let select = sql("SELECT id FROM catalogs WHERE tenant_id = $1 AND name = $2")
        .bind(catalog.tenant_id.to_string())
        .bind(catalog.name.as_str());
    if tx.exists(select).await? { Err(StoreError::AlreadyExists("catalog")) } else { Ok(()) }
}

/// No other catalog of the tenant overlaps.
async fn check_base(tx: &mut Tx, catalog: &Catalog) -> Result<(), StoreError> {
    let select = sql("SELECT base FROM catalogs WHERE tenant_id = $1 AND id <> $2")
        .bind(catalog.tenant_id.to_string())
        .bind(catalog.id.to_string());
    for found in tx.all(select).await? {
        if location(&found, "base")?.overlaps(&catalog.base) {
            return Err(StoreError::LocationTaken);
        }
    }
    Ok(())
}

/// No table is left outside the base. Nobody creates or moves one meanwhile.
async fn check_tables(tx: &mut Tx, catalog: &Catalog) -> Result<(), StoreError> {
    tx.lock_catalog(catalog.id).await?;
    let select = sql("SELECT canonical FROM table_locations WHERE catalog_id = $1").bind(catalog.id.to_string());
    let base = catalog.base.canonical();
    for found in tx.all(select).await? {
        if !row::text(&found, "canonical")?.starts_with(&base) {
            return Err(StoreError::InUse("a table lies outside the new base location".to_owned()));
        }
    }
    Ok(())
}

fn read(found: &AnyRow) -> Result<Catalog, StoreError> {
    Ok(Catalog {
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        name: row::text(found, "name")?,
        warehouse_id: row::parsed(found, "warehouse_id")?,
        base: location(found, "base")?,
        properties: row::json(found, "properties")?,
        revision: row::int(found, "revision")?,
    })
}
