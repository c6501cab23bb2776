use std::sync::Arc;

use iceberg::{TableRequirement, TableUpdate};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::{Value, json};

use super::publish::{Identity, change};
use super::reply::CommittedTable;
use super::request::CommitTable;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::metadata;
use crate::trail::{Deed, LISTED};

/// How often a commit is tried again when another one was first. The requirements are checked
/// anew each time, so only commits that do not contradict each other get through.
const ATTEMPTS: usize = 4;

impl Catalogs {
    /// Commits to a table: `write` on it. With `assert-create` it creates a staged one.
    ///
    /// # Errors
    /// A requirement is not met, an update makes no sense, the table or the right is missing.
    pub async fn commit_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        request: CommitTable,
    ) -> Result<CommittedTable> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let table = match self.find_table(asker, &snapshot, namespace, name).await {
            Err(CatalogError::NoSuchTable(_)) if creates(&request.requirements) => {
                return self.commit_new(asker, &snapshot, namespace, name, request).await;
            }
            other => other?,
        };
        let deed = Deed::of_table("commit_table", &snapshot, &table).with(summary(&request.updates));
        let result = self.try_commit(asker, &snapshot, table, request, &deed).await;
        self.recorded(asker, &snapshot, deed, result).await
    }

    async fn try_commit(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        mut table: Arc<Table>,
        request: CommitTable,
        deed: &Deed,
    ) -> Result<CommittedTable> {
        let CommitTable { requirements, updates } = request;
        asker.require(Action::Write, Target::Table(table.catalog_id, &table.namespace, table.id))?;
        let _turn = self.storage.turns.enter_for(snapshot.catalog.tenant_id, &table).await;
        for _ in 0..ATTEMPTS {
            let Some(document) = metadata::apply(&table, &requirements, updates.clone())? else {
                return Ok(committed(&table));
            };
            let identity = Identity { namespace: &table.namespace, name: &table.name, current: Some(&table) };
            let draft = self.draft(asker, snapshot, identity, document).await?;
            let commit = change(&draft);
            match self.publish(asker, snapshot, &draft, deed, self.store.commit_table(&commit)).await {
                Ok(()) => return Ok(committed(&draft)),
                Err(CatalogError::CommitConflict(_)) => table = self.again(snapshot, &table).await?,
                Err(CatalogError::Store(StoreError::NotFound(_))) => return Err(gone(&table)),
                Err(error) => return Err(error),
            }
        }
        Err(CatalogError::CommitConflict("the table was changed by other requests: load it again and retry".to_owned()))
    }

    /// The same table as it is now.
    async fn again(&self, snapshot: &CatalogSnapshot, table: &Table) -> Result<Arc<Table>> {
        let found = self.store.table_by_id(snapshot.catalog.id, table.id).await?;
        found.ok_or_else(|| gone(table))
    }
}

pub(super) fn creates(requirements: &[TableRequirement]) -> bool {
    requirements.iter().any(|requirement| matches!(requirement, TableRequirement::NotExist))
}

pub(super) fn committed(table: &Table) -> CommittedTable {
    CommittedTable { metadata_location: table.metadata_location.clone(), metadata: table.metadata.clone() }
}

pub(super) fn gone(table: &Table) -> CatalogError {
    CatalogError::no_table(&table.namespace, &table.name)
}

/// What the audit row says of the updates: their kinds.
pub(super) fn summary(updates: &[TableUpdate]) -> Value {
    let kind = |update: &TableUpdate| serde_json::to_value(update).ok()?.get("action").cloned();
    json!({ "updates": updates.iter().take(LISTED).filter_map(kind).collect::<Vec<_>>() })
}
