//! Tables: their current metadata, compare and set on the version, locations in the same
//! transaction.

mod commit;

use std::sync::Arc;

use pangolin_core::id::{CatalogId, TableId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::{NewTable, Page, PageRequest, StoreError};
use pangolin_core::record::Table;
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::grants::named::{self, Dropped};
use crate::locations;
use crate::namespaces::{cut, id_of, path_of};
use crate::page::name_limit;
use crate::revocations::{Gone, cut_off};
use crate::row;
use crate::store::Store;
use crate::tx::Tx;
use crate::warehouses::location;

impl Store {
    pub(crate) async fn find_table(
        &self,
        catalog: CatalogId,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<Option<Arc<Table>>, StoreError> {
        let key = (catalog, namespace.dotted(), name.to_owned());
        let generation = self.db().generation(Slot::of_table(catalog, &key.1, name)).await?;
        if let Some(known) = self.inner.tables.get(&key, generation) {
            return Ok(Some(known));
        }
        let select = sql("SELECT tables.*, namespaces.path FROM tables \
             JOIN namespaces ON namespaces.id = tables.namespace_id \
             WHERE namespaces.catalog_id = $1 AND namespaces.path = $2 AND tables.name = $3")
        .bind(catalog.to_string())
        .bind(key.1.as_str())
        .bind(name);
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let table = Arc::new(read(&found)?);
        self.inner.tables.keep(key, generation, &table);
        Ok(Some(table))
    }

    pub(crate) async fn find_table_by_id(
        &self,
        catalog: CatalogId,
        id: TableId,
    ) -> Result<Option<Arc<Table>>, StoreError> {
        let select = sql("SELECT tables.*, namespaces.path FROM tables \
             JOIN namespaces ON namespaces.id = tables.namespace_id \
             WHERE tables.id = $1 AND tables.catalog_id = $2")
        .bind(id.to_string())
        .bind(catalog.to_string());
        self.db().optional(select).await?.map(|found| read(&found).map(Arc::new)).transpose()
    }

    pub(crate) async fn table_names(
        &self,
        catalog: CatalogId,
        namespace: &NamespacePath,
        page: &PageRequest,
    ) -> Result<Page<(String, TableId)>, StoreError> {
        let parent = self.find_namespace(catalog, namespace).await?.ok_or(StoreError::NotFound("namespace"))?;
        let limit = name_limit(page.limit);
        let select = sql("SELECT name, id FROM tables WHERE namespace_id = $1 AND name > $2 ORDER BY name LIMIT $3")
            .bind(parent.id.to_string())
            .bind(page.after.clone().unwrap_or_default())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
        let found = self.db().all(select).await?;
        let items = found
            .iter()
            .map(|found| Ok((row::text(found, "name")?, row::parsed(found, "id")?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(cut(items, limit, |(name, _)| name.clone()))
    }

    pub(crate) async fn insert_table(&self, new: &NewTable) -> Result<(), StoreError> {
        let table = &new.table;
        let mut tx = Tx::begin(self.db()).await?;
        tx.lock_catalog(table.catalog_id).await?;
        let namespace = id_of(&mut tx, table.catalog_id, &table.namespace).await?;
        let insert = sql(
            "INSERT INTO tables (id, catalog_id, namespace_id, name, location, extra_locations, metadata_location, \
             metadata, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(table.id.to_string())
        .bind(table.catalog_id.to_string())
        .bind(namespace)
        .bind(table.name.as_str())
        .bind(table.location.as_str())
        .bind(row::to_json(&table.extra_locations)?)
        .bind(table.metadata_location.as_str())
        .bind(&*table.metadata)
        .bind(table.version);
        tx.execute(insert).await.map_err(on_write("table", "namespace"))?;
        let canonical = locations::canonical(table.locations());
        locations::check_and_insert(&mut tx, table.catalog_id, table.id, &canonical).await?;
        tx.raise([
            Slot::of_table(table.catalog_id, &table.namespace.dotted(), &table.name),
            Slot::of_locations(table.catalog_id),
        ])
        .await?;
        tx.commit().await
    }

    pub(crate) async fn delete_table(&self, catalog: CatalogId, id: TableId) -> Result<(), StoreError> {
        let mut tx = named::begin_drop(self.db(), catalog, Dropped::Table(id)).await?;
        let (namespace, name) = lock(&mut tx, catalog, id).await?;
        let select = sql("SELECT tenant_id FROM catalogs WHERE id = $1").bind(catalog.to_string());
        let tenant = tx.optional(select).await?.ok_or(StoreError::NotFound("catalog"))?;
        let tenant = row::parsed(&tenant, "tenant_id")?;
        tx.execute(sql("DELETE FROM tables WHERE id = $1").bind(id.to_string())).await.map_err(backend)?;
        let also = [Slot::of_table(catalog, &namespace.dotted(), &name), Slot::of_locations(catalog)];
        cut_off(&mut tx, tenant, Gone::DroppedTable(id), self.inner.clock.now(), also).await?;
        tx.commit().await
    }

    pub(crate) async fn move_table(
        &self,
        catalog: CatalogId,
        id: TableId,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<(), StoreError> {
        let stays = sql(PLACE).bind(id.to_string()).bind(catalog.to_string());
        let stays =
            self.db().optional(stays).await?.as_ref().map(path_of).transpose()?.is_some_and(|at| at == *namespace);
        // Grants on a table say where it lies, and are management records: those come first.
        let mut tx = if stays { Tx::begin(self.db()).await? } else { Tx::management(self.db()).await? };
        let (old_namespace, old_name) = lock(&mut tx, catalog, id).await?;
        if old_namespace != *namespace {
            if stays {
                return Err(StoreError::Conflict("table"));
            }
            named::follow(&mut tx, catalog, id, namespace).await?;
        }
        let new_namespace = id_of(&mut tx, catalog, namespace).await?;
        let update = sql("UPDATE tables SET namespace_id = $2, name = $3 WHERE id = $1")
            .bind(id.to_string())
            .bind(new_namespace)
            .bind(name);
        tx.execute(update).await.map_err(on_write("table", "namespace"))?;
        tx.raise([
            Slot::of_table(catalog, &old_namespace.dotted(), &old_name),
            Slot::of_table(catalog, &namespace.dotted(), name),
        ])
        .await?;
        tx.commit().await
    }
}

/// Where a table is.
const PLACE: &str = "SELECT tables.name, namespaces.path FROM tables \
     JOIN namespaces ON namespaces.id = tables.namespace_id WHERE tables.id = $1 AND tables.catalog_id = $2";

/// Locks the catalog and says where the table is.
async fn lock(tx: &mut Tx, catalog: CatalogId, id: TableId) -> Result<(NamespacePath, String), StoreError> {
    tx.lock_catalog(catalog).await?;
    let select = sql(PLACE).bind(id.to_string()).bind(catalog.to_string());
    let found = tx.optional(select).await?.ok_or(StoreError::NotFound("table"))?;
    Ok((path_of(&found)?, row::text(&found, "name")?))
}

fn read(found: &AnyRow) -> Result<Table, StoreError> {
    Ok(Table {
        id: row::parsed(found, "id")?,
        catalog_id: row::parsed(found, "catalog_id")?,
        namespace: path_of(found)?,
        name: row::text(found, "name")?,
        location: location(found, "location")?,
        extra_locations: row::json(found, "extra_locations")?,
        metadata_location: row::text(found, "metadata_location")?,
        metadata: row::text(found, "metadata")?.into(),
        version: row::int(found, "version")?,
    })
}
