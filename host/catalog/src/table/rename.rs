use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::json;

use super::request::check_name;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::{Deed, short};

impl Catalogs {
    /// Renames a table or moves it to another namespace: `write` on it and `create` there;
    /// to move it also `delete`.
    ///
    /// # Errors
    /// The table or the namespace is missing, the name is taken, or a right is missing.
    pub async fn rename_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        from: (&NamespacePath, &str),
        to: (&NamespacePath, &str),
    ) -> Result<()> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let table = self.find_table(asker, &snapshot, from.0, from.1).await?;
        let target = format!("{}.{}.{}", snapshot.catalog.name, to.0, to.1);
        let deed = Deed::of_table("rename_table", &snapshot, &table).with(json!({ "to": short(&target) }));
        let result = self.try_rename(asker, &snapshot, &table, to, &deed).await;
        self.recorded(asker, &snapshot, deed, result).await
    }

    async fn try_rename(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        table: &Table,
        (namespace, name): (&NamespacePath, &str),
        deed: &Deed,
    ) -> Result<()> {
        let catalog = snapshot.catalog.id;
        check_name(name)?;
        asker.require(Action::Write, Target::Table(catalog, &table.namespace, table.id))?;
        self.find_namespace(asker, snapshot, namespace).await?;
        if *namespace != table.namespace {
            // It is gone from here, and whoever has rights there comes to have them on it.
            asker.require(Action::Delete, Target::Table(catalog, &table.namespace, table.id))?;
        }
        asker.require(Action::Create, Target::Namespace(catalog, namespace))?;
        self.begin(asker, snapshot, deed).await?;
        match self.store.rename_table(catalog, table.id, namespace, name).await {
            Err(StoreError::AlreadyExists(_)) => Err(CatalogError::TableExists(format!("{namespace}.{name}"))),
            Err(StoreError::NotFound("namespace")) => Err(CatalogError::no_namespace(namespace)),
            Err(StoreError::NotFound(_)) => Err(CatalogError::no_table(&table.namespace, &table.name)),
            other => Ok(other?),
        }
    }
}
