use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::json;

use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::Deed;

impl Catalogs {
    /// Drops a table: `delete` on it. With `purge` its files are removed as well.
    ///
    /// # Errors
    /// It is missing, the right is, or the files cannot be removed (the table is dropped then).
    pub async fn drop_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        purge: bool,
    ) -> Result<()> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let table = self.find_table(asker, &snapshot, namespace, name).await?;
        let deed = Deed::of_table("drop_table", &snapshot, &table).with(json!({ "purge": purge }));
        let result = self.try_drop_table(asker, &snapshot, &table, purge, &deed).await;
        self.recorded(asker, &snapshot, deed, result).await
    }

    async fn try_drop_table(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        table: &Table,
        purge: bool,
        deed: &Deed,
    ) -> Result<()> {
        let catalog = snapshot.catalog.id;
        asker.require(Action::Delete, Target::Table(catalog, &table.namespace, table.id))?;
        // Opened before the table is forgotten: the rules for a stored table apply.
        let files = if purge { Some(self.files(asker, snapshot, table).await?) } else { None };
        self.begin(asker, snapshot, deed).await?;
        match self.store.drop_table(catalog, table.id).await {
            Err(StoreError::NotFound(_)) => return Err(CatalogError::no_table(&table.namespace, &table.name)),
            other => other?,
        }
        if let Some(files) = files {
            for location in table.locations() {
                files.purge(location).await?;
            }
        }
        Ok(())
    }
}
