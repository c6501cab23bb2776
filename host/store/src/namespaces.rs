//! Namespaces of catalogs. The reference from child to parent and from table to namespace is
//! what keeps a namespace in use from being dropped.

use pangolin_core::id::CatalogId;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::{Page, PageRequest, StoreError};
use pangolin_core::record::{Namespace, Properties};
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, broken, on_delete, on_write};
use crate::grants::named::{self, Dropped};
use crate::page::name_limit;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    pub(crate) async fn insert_namespace(&self, namespace: &Namespace) -> Result<(), StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        let parent = match namespace.path.parent() {
            Some(parent) => Some(id_of(&mut tx, namespace.catalog_id, &parent).await?),
            None => None,
        };
        let insert =
            sql("INSERT INTO namespaces (id, catalog_id, parent_id, path, properties) VALUES ($1, $2, $3, $4, $5)")
                .bind(namespace.id.to_string())
                .bind(namespace.catalog_id.to_string())
                .bind(parent)
                .bind(namespace.path.dotted())
                .bind(row::to_json(&namespace.properties)?);
        tx.execute(insert).await.map_err(on_write("namespace", "catalog"))?;
        tx.commit().await
    }

    pub(crate) async fn find_namespace(
        &self,
        catalog: CatalogId,
        path: &NamespacePath,
    ) -> Result<Option<Namespace>, StoreError> {
        let select = sql("SELECT * FROM namespaces WHERE catalog_id = $1 AND path = $2")
            .bind(catalog.to_string())
            .bind(path.dotted());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    pub(crate) async fn child_namespaces(
        &self,
        catalog: CatalogId,
        parent: Option<&NamespacePath>,
        page: &PageRequest,
    ) -> Result<Page<NamespacePath>, StoreError> {
        let limit = name_limit(page.limit);
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let after = page.after.clone().unwrap_or_default();
        let found = match parent {
            Some(parent) => {
                let parent = self.find_namespace(catalog, parent).await?.ok_or(StoreError::NotFound("namespace"))?;
                let select =
                    sql("SELECT path FROM namespaces WHERE parent_id = $1 AND path > $2 ORDER BY path LIMIT $3")
                        .bind(parent.id.to_string())
                        .bind(after)
                        .bind(fetched);
                self.db().all(select).await?
            }
            None => {
                let select = sql("SELECT path FROM namespaces WHERE catalog_id = $1 AND parent_id IS NULL \
                                  AND path > $2 ORDER BY path LIMIT $3")
                .bind(catalog.to_string())
                .bind(after)
                .bind(fetched);
                self.db().all(select).await?
            }
        };
        let items = found.iter().map(path_of).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, NamespacePath::dotted))
    }

    pub(crate) async fn replace_namespace_properties(
        &self,
        catalog: CatalogId,
        path: &NamespacePath,
        properties: &Properties,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        let update = sql("UPDATE namespaces SET properties = $3 WHERE catalog_id = $1 AND path = $2")
            .bind(catalog.to_string())
            .bind(path.dotted())
            .bind(row::to_json(properties)?);
        if tx.execute(update).await.map_err(backend)? == 0 {
            return Err(StoreError::NotFound("namespace"));
        }
        tx.commit().await
    }

    pub(crate) async fn delete_namespace(&self, catalog: CatalogId, path: &NamespacePath) -> Result<(), StoreError> {
        let mut tx = named::begin_drop(self.db(), catalog, Dropped::Namespace(path)).await?;
        let delete = sql("DELETE FROM namespaces WHERE catalog_id = $1 AND path = $2")
            .bind(catalog.to_string())
            .bind(path.dotted());
        let deleted = tx.execute(delete).await.map_err(on_delete("the namespace is not empty"))?;
        if deleted == 0 {
            return Err(StoreError::NotFound("namespace"));
        }
        tx.commit().await
    }
}

/// The identifier of a namespace, within a transaction.
pub(crate) async fn id_of(tx: &mut Tx, catalog: CatalogId, path: &NamespacePath) -> Result<String, StoreError> {
    let select = sql("SELECT id FROM namespaces WHERE catalog_id = $1 AND path = $2")
        .bind(catalog.to_string())
        .bind(path.dotted());
    row::text(&tx.optional(select).await?.ok_or(StoreError::NotFound("namespace"))?, "id")
}

/// The path in a column called `path`.
pub(crate) fn path_of(found: &AnyRow) -> Result<NamespacePath, StoreError> {
    NamespacePath::parse_dotted(&row::text(found, "path")?).map_err(broken)
}

/// Cuts what was fetched, one more than asked for, to a page.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(name) } else { None };
    Page { items, next }
}

fn read(found: &AnyRow) -> Result<Namespace, StoreError> {
    Ok(Namespace {
        id: row::parsed(found, "id")?,
        catalog_id: row::parsed(found, "catalog_id")?,
        path: path_of(found)?,
        properties: row::json(found, "properties")?,
    })
}
