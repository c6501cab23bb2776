use std::sync::Arc;

use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::record::Table;

use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;
use crate::trail::Deed;

impl Catalogs {
    /// Whether the caller sees a table of this name.
    ///
    /// # Errors
    /// It does not exist, as far as the caller may know.
    pub async fn table_exists(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<Arc<Table>> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        self.find_table(asker, &snapshot, namespace, name).await
    }

    /// Takes note that a client reports on a table that it read: `read` on it. The report itself
    /// is not kept.
    ///
    /// # Errors
    /// The table is missing, or the right is.
    pub async fn report_metrics(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<()> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let table = self.find_table(asker, &snapshot, namespace, name).await?;
        match asker.require(Action::Read, Target::Table(table.catalog_id, &table.namespace, table.id)) {
            Ok(()) => Ok(()),
            refused => {
                let deed = Deed::of_table("report_metrics", &snapshot, &table);
                self.recorded(asker, &snapshot, deed, refused).await
            }
        }
    }
}
