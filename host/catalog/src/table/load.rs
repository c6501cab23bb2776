use pangolin_core::access::Access;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::vend::VendAsk;

use super::delegation::{Delegated, Delegation};
use super::reply::LoadedTable;
use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;
use crate::trail::Deed;

impl Catalogs {
    /// Loads a table: `read` on it, with a credential if one was asked for. Warm, it asks the
    /// store's memory alone, parses nothing and waits for one audit row: the vend's, or its own.
    ///
    /// # Errors
    /// It is missing, the right is, or the vend was refused.
    pub async fn load_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        delegation: Delegation,
    ) -> Result<LoadedTable> {
        let (snapshot, table) = if delegation.vended {
            self.find_to_vend(asker, catalog, namespace, name, everything(asker, "load_table")).await?
        } else {
            let snapshot = self.find_catalog(asker, catalog).await?;
            let table = self.find_table(asker, &snapshot, namespace, name).await?;
            (snapshot, table)
        };
        let deed = || Deed::of_table("load_table", &snapshot, &table);
        if let Err(refused) = asker.require(Action::Read, Target::Table(table.catalog_id, &table.namespace, table.id)) {
            return self.recorded(asker, &snapshot, deed(), Err(refused)).await;
        }
        match self.with_credential(asker, &snapshot, &table, delegation, "load_table").await? {
            Some(loaded) => Ok(loaded),
            None => {
                let loaded = LoadedTable::new(&table, None, None, self.clock.now());
                self.recorded(asker, &snapshot, deed(), Ok(loaded)).await
            }
        }
    }

    /// The table together with a credential; none if none was asked for or none is vended here.
    pub(super) async fn with_credential(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        table: &Table,
        delegation: Delegation,
        trigger: &'static str,
    ) -> Result<Option<LoadedTable>> {
        if !delegation.vended {
            return Ok(None);
        }
        let Some(vended) = self.vend(asker, snapshot, table, everything(asker, trigger)).await? else {
            return Ok(None);
        };
        let to = Delegated { snapshot, table, form: delegation.form, client: delegation.client };
        let emitted = self.emitted(&to, &vended)?;
        Ok(Some(LoadedTable::new(table, Some(&vended), Some(emitted), self.clock.now())))
    }
}

/// All that the caller holds, for as long as it is vended.
fn everything<'a>(asker: Asker<'a>, trigger: &'static str) -> VendAsk<'a> {
    VendAsk { access: Access::FULL, ttl_seconds: None, trigger, context: asker.context }
}
