//! Grants name tables and namespaces, direct ones and those in roles. What they name is moved or dropped.

use std::sync::Arc;

use pangolin_core::id::{CatalogId, TableId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Grant, PermissionScope};
use pangolin_core::ports::StoreError;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use crate::db::{Db, Statement, sql};
use crate::error::backend;
use crate::row;
use crate::tx::Tx;

/// Where grants are.
const HOLDERS: [(&str, &str); 2] = [("grants", "content"), ("roles", "permissions")];

/// What was dropped.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dropped<'a> {
    /// A table. Whoever makes another one may choose the same identifier for it.
    Table(TableId),
    /// A namespace, with what was in it before. Others may make one of the same name.
    Namespace(&'a NamespacePath),
}

impl Dropped<'_> {
    fn is_named_by(self, catalog: CatalogId, scope: &PermissionScope) -> bool {
        match (self, scope) {
            (Self::Table(table), PermissionScope::Asset { asset_id, .. }) => *asset_id == table.0,
            (
                Self::Namespace(path),
                PermissionScope::Namespace { catalog_id, namespace }
                | PermissionScope::Asset { catalog_id, namespace, .. },
            ) => *catalog_id == catalog && path.is_ancestor_or_self_of(namespace),
            _ => false,
        }
    }

    /// A text that is in every grant that names it.
    fn text(self, catalog: CatalogId) -> String {
        match self {
            Self::Table(table) => table.to_string(),
            Self::Namespace(_) => catalog.to_string(),
        }
    }
}

/// A table was moved: the grants on it say where it is now, so that the way to it can be seen. The
/// caller has raised the management revision.
pub(crate) async fn follow(
    tx: &mut Tx,
    catalog: CatalogId,
    table: TableId,
    to: &NamespacePath,
) -> Result<(), StoreError> {
    let moved = |grants: &mut Vec<Grant>| {
        for grant in grants {
            if let PermissionScope::Asset { namespace, asset_id, .. } = &mut grant.scope
                && *asset_id == table.0
            {
                *namespace = to.clone();
            }
        }
    };
    rewrite(tx, catalog, &table.to_string(), moved).await
}

/// Starts the transaction of a drop. Grants are management records: those come first, if there are any.
pub(crate) async fn begin_drop(db: &Arc<Db>, catalog: CatalogId, dropped: Dropped<'_>) -> Result<Tx, StoreError> {
    for (relation, column) in HOLDERS {
        for found in db.all(holding(relation, column, catalog, &dropped.text(catalog))).await? {
            let mut grants = row::json::<OneOrMany>(&found, "content")?.into_grants();
            if grants.any(|grant| dropped.is_named_by(catalog, &grant.scope)) {
                let mut tx = Tx::management(db).await?;
                forget(&mut tx, catalog, dropped).await?;
                return Ok(tx);
            }
        }
    }
    Tx::begin(db).await
}

/// Nobody has a right on what others make in its place.
async fn forget(tx: &mut Tx, catalog: CatalogId, dropped: Dropped<'_>) -> Result<(), StoreError> {
    let rest = |grants: &mut Vec<Grant>| grants.retain(|grant| !dropped.is_named_by(catalog, &grant.scope));
    rewrite(tx, catalog, &dropped.text(catalog), rest).await
}

/// Changes the grants in whose text `text` is. A direct one that is left out is deleted.
async fn rewrite(
    tx: &mut Tx,
    catalog: CatalogId,
    text: &str,
    change: impl Fn(&mut Vec<Grant>),
) -> Result<(), StoreError> {
    for (relation, column) in HOLDERS {
        for found in tx.all(holding(relation, column, catalog, text)).await? {
            let id = row::text(&found, "id")?;
            let content: OneOrMany = row::json(&found, "content")?;
            let single = matches!(content, OneOrMany::One(_));
            let before: Vec<Grant> = content.into_grants().collect();
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                continue;
            }
            let content = if single { after.pop().map(OneOrMany::One) } else { Some(OneOrMany::Many(after)) };
            let statement = match content {
                Some(content) => {
                    let update = format!("UPDATE {relation} SET {column} = $2 WHERE id = $1");
                    sqlx::query(AssertSqlSafe(update)).bind(id).bind(row::to_json(&content)?)
                }
                None => sql("DELETE FROM grants WHERE id = $1").bind(id),
            };
            tx.execute(statement).await.map_err(backend)?;
        }
    }
    Ok(())
}

/// Rows of the catalog's tenant with this text in their grants.
fn holding(relation: &str, column: &str, catalog: CatalogId, text: &str) -> Statement<'static> {
    // Only names of relations enter the text.
    let select = format!(
        "SELECT id, {column} AS content FROM {relation} \
         WHERE tenant_id = (SELECT tenant_id FROM catalogs WHERE id = $1) AND {column} LIKE $2"
    );
    sqlx::query(AssertSqlSafe(select)).bind(catalog.to_string()).bind(format!("%{text}%"))
}

/// What the two relations hold.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Grant>),
    One(Grant),
}

impl OneOrMany {
    fn into_grants(self) -> impl Iterator<Item = Grant> {
        match self {
            Self::Many(grants) => grants,
            Self::One(grant) => vec![grant],
        }
        .into_iter()
    }
}
