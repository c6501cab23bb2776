//! Commits of tables: compare and set, all or none.

use std::collections::BTreeSet;

use pangolin_core::id::CatalogId;
use pangolin_core::ports::{StoreError, TableCommit};

use crate::db::sql;
use crate::error::backend;
use crate::generation::Slot;
use crate::namespaces::path_of;
use crate::store::Store;
use crate::tx::Tx;
use crate::{locations, row};

/// A commit with what was found about its table.
struct Prepared<'a> {
    commit: &'a TableCommit,
    catalog: CatalogId,
    /// Locations to be checked and stored; none if they stay what they are.
    moved_to: Option<BTreeSet<String>>,
}

impl Store {
    /// Commits several tables, all or none.
    pub(crate) async fn commit_all(&self, commits: &[TableCommit]) -> Result<(), StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        let mut prepared = Vec::with_capacity(commits.len());
        for commit in commits {
            prepared.push(prepare(&mut tx, commit).await?);
        }
        // One order of locks for all: catalogs, tables, revisions.
        prepared.sort_by_key(|one| one.commit.table_id);
        let moved: BTreeSet<CatalogId> =
            prepared.iter().filter(|one| one.moved_to.is_some()).map(|one| one.catalog).collect();
        for catalog in moved {
            tx.lock_catalog(catalog).await?;
        }
        let mut slots = Vec::with_capacity(prepared.len());
        for one in &prepared {
            slots.push(compare_and_set(&mut tx, one.commit).await?);
        }
        for one in &prepared {
            // Tables of one transaction may swap locations: all of the old ones go first.
            if one.moved_to.is_some() {
                let delete =
                    sql("DELETE FROM table_locations WHERE table_id = $1").bind(one.commit.table_id.to_string());
                tx.execute(delete).await.map_err(backend)?;
            }
        }
        for one in &prepared {
            if let Some(canonical) = &one.moved_to {
                locations::check_and_insert(&mut tx, one.catalog, one.commit.table_id, canonical).await?;
                slots.push(Slot::of_locations(one.catalog));
            }
        }
        tx.raise(slots).await?;
        tx.commit().await
    }
}

async fn prepare<'a>(tx: &mut Tx, commit: &'a TableCommit) -> Result<Prepared<'a>, StoreError> {
    let select = sql("SELECT catalog_id, version FROM tables WHERE id = $1").bind(commit.table_id.to_string());
    let found = tx.optional(select).await?.ok_or(StoreError::NotFound("table"))?;
    if row::int(&found, "version")? != commit.expected_version {
        return Err(StoreError::Conflict("table"));
    }
    let wanted = locations::canonical(std::iter::once(&commit.location).chain(&commit.extra_locations));
    let current = locations::of_table(tx, commit.table_id).await?;
    Ok(Prepared {
        commit,
        catalog: row::parsed(&found, "catalog_id")?,
        moved_to: (wanted != current).then_some(wanted),
    })
}

/// Writes the new metadata if the version still stands. What was read before holds as well
/// then, since locations change only with the version. Answers the table's slot.
async fn compare_and_set(tx: &mut Tx, commit: &TableCommit) -> Result<Slot, StoreError> {
    let update = sql("UPDATE tables SET location = $3, extra_locations = $4, metadata_location = $5, metadata = $6, \
         version = version + 1 WHERE id = $1 AND version = $2 RETURNING catalog_id, namespace_id, name")
    .bind(commit.table_id.to_string())
    .bind(commit.expected_version)
    .bind(commit.location.as_str())
    .bind(row::to_json(&commit.extra_locations)?)
    .bind(commit.metadata_location.as_str())
    .bind(&*commit.metadata);
    let won = tx.returning(update).await.map_err(backend)?.ok_or(StoreError::Conflict("table"))?;
    let select = sql("SELECT path FROM namespaces WHERE id = $1").bind(row::text(&won, "namespace_id")?);
    let namespace = tx.optional(select).await?.ok_or(StoreError::NotFound("namespace"))?;
    let catalog: CatalogId = row::parsed(&won, "catalog_id")?;
    Ok(Slot::of_table(catalog, &path_of(&namespace)?.dotted(), &row::text(&won, "name")?))
}
