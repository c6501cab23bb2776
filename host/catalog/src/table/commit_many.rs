use std::collections::HashSet;

use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde::Deserialize;

use super::commit::{creates, summary};
use super::publish::{Identity, change};
use super::request::CommitTable;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::metadata;
use crate::storage::{Files, MAX_METADATA_BYTES, StorageError, Turn};
use crate::trail::Deed;

/// Tables of one transaction: each is read whole, and has its row in the trail.
const MOST: usize = 500;

/// A commit to one of several tables.
#[derive(Debug, Clone, Deserialize)]
pub struct TableChange {
    /// Which.
    pub identifier: TableIdentifier,
    /// What.
    #[serde(flatten)]
    pub commit: CommitTable,
}

/// Names a table within its catalog.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TableIdentifier {
    /// Its namespace.
    pub namespace: NamespacePath,
    /// Its name.
    pub name: String,
}

/// A change whose file is written.
struct Written {
    draft: Table,
    files: Files,
    file: Location,
}

impl Catalogs {
    /// Commits to several tables, all or none: `write` on each.
    ///
    /// # Errors
    /// As [`Catalogs::commit_table`], for any of them.
    pub async fn commit_tables(&self, asker: Asker<'_>, catalog: &str, changes: Vec<TableChange>) -> Result<()> {
        if let [only] = changes.as_slice() {
            let TableChange { identifier, commit } = only.clone();
            self.commit_table(asker, catalog, &identifier.namespace, &identifier.name, commit).await?;
            return Ok(());
        }
        let snapshot = self.find_catalog(asker, catalog).await?;
        if changes.len() > MOST {
            return Err(CatalogError::Invalid(format!("at most {MOST} tables in one transaction")));
        }
        let mut deeds = Vec::with_capacity(changes.len());
        for change in &changes {
            let TableIdentifier { namespace, name } = &change.identifier;
            let deed = Deed::on_table("commit_table", &snapshot, namespace, name).with(summary(&change.commit.updates));
            deeds.push(deed);
        }
        let result = self.try_commit_all(asker, &snapshot, changes, &deeds).await;
        let mut failure = result.err();
        for deed in deeds {
            // The same outcome for each: the first row carries the error, the others repeat it.
            let outcome = match failure.take() {
                None => Ok(()),
                Some(error) => Err(error),
            };
            failure = self.recorded(asker, &snapshot, deed, outcome).await.err();
        }
        failure.map_or(Ok(()), Err)
    }

    async fn try_commit_all(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        changes: Vec<TableChange>,
        deeds: &[Deed],
    ) -> Result<()> {
        let (drafts, _turn) = self.drafts(asker, snapshot, changes).await?;
        futures::future::try_join_all(deeds.iter().map(|deed| self.begin(asker, snapshot, deed))).await?;
        let mut written: Vec<Written> = Vec::with_capacity(drafts.len());
        for draft in drafts {
            match self.write(asker, snapshot, draft).await {
                Ok(one) => written.push(one),
                Err(error) => {
                    discard(&written).await;
                    return Err(error);
                }
            }
        }
        let commits: Vec<_> = written.iter().map(|one| change(&one.draft)).collect();
        match self.store.commit_tables(&commits).await {
            Ok(()) => Ok(()),
            // The store may point to the files: they have to stay.
            Err(error @ StoreError::Backend(_)) => Err(CatalogError::CommitUnknown(error)),
            Err(error) => {
                discard(&written).await;
                Err(error.into())
            }
        }
    }

    /// Everything that is judged before anything is written.
    async fn drafts(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        changes: Vec<TableChange>,
    ) -> Result<(Vec<Table>, Option<Turn>)> {
        let mut drafts: Vec<Table> = Vec::with_capacity(changes.len());
        let (mut turn, mut bytes) = (None, 0);
        let mut named = HashSet::with_capacity(changes.len());
        for TableChange { identifier, commit } in changes {
            if creates(&commit.requirements) {
                return Err(CatalogError::Invalid(
                    "a transaction over several tables cannot create one: commit the new tables first".to_owned(),
                ));
            }
            let table = self.find_table(asker, snapshot, &identifier.namespace, &identifier.name).await?;
            asker.require(Action::Write, Target::Table(table.catalog_id, &table.namespace, table.id))?;
            if !named.insert(table.id) {
                return Err(CatalogError::Invalid(format!("table {} is named twice", table.name)));
            }
            if turn.is_none() {
                turn = self.storage.turns.enter_for(snapshot.catalog.tenant_id, &table).await;
            }
            if let Some(document) = metadata::apply(&table, &commit.requirements, commit.updates)? {
                // All of them are in memory at once.
                bytes += document.text.len() as u64;
                if bytes > MAX_METADATA_BYTES {
                    return Err(StorageError::TooLarge(table.location.to_string()).into());
                }
                let identity = Identity { namespace: &table.namespace, name: &table.name, current: Some(&table) };
                drafts.push(self.draft(asker, snapshot, identity, document).await?);
            }
        }
        Ok((drafts, turn))
    }

    async fn write(&self, asker: Asker<'_>, snapshot: &CatalogSnapshot, draft: Table) -> Result<Written> {
        let files = self.files(asker, snapshot, &draft).await?;
        let file = Location::parse(&draft.metadata_location)?;
        files.write(&file, draft.metadata.clone()).await?;
        Ok(Written { draft, files, file })
    }
}

async fn discard(written: &[Written]) {
    for one in written {
        one.files.discard(&one.file).await;
    }
}
