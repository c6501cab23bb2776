use pangolin_core::namespace::NamespacePath;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::json;

use super::commit::committed;
use super::publish::Identity;
use super::reply::CommittedTable;
use super::request::{CommitTable, check_name};
use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;
use crate::metadata;
use crate::place;
use crate::trail::Deed;

impl Catalogs {
    /// Creates a table that was staged: `create` on the namespace.
    pub(super) async fn commit_new(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
        name: &str,
        request: CommitTable,
    ) -> Result<CommittedTable> {
        let mut deed = Deed::on_table("create_table", snapshot, namespace, name)
            .with(json!({ "staged": true, "committed": true }));
        let result = self.try_commit_new(asker, snapshot, namespace, name, request, &deed).await;
        if let Ok(table) = &result {
            deed = deed.id(table.id.0);
        }
        self.recorded(asker, snapshot, deed, result.map(|table| committed(&table))).await
    }

    async fn try_commit_new(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
        name: &str,
        request: CommitTable,
        deed: &Deed,
    ) -> Result<Table> {
        check_name(name)?;
        self.may_create(asker, snapshot, namespace).await?;
        let document = metadata::from_updates(&request.requirements, request.updates, self.clock.now().0, |id| {
            Ok(place::choose(&snapshot.catalog.base, namespace, name, id)?)
        })?;
        let draft = self.draft(asker, snapshot, Identity { namespace, name, current: None }, document).await?;
        self.create(asker, snapshot, &draft, deed).await?;
        Ok(draft)
    }
}
