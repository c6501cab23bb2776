use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::CatalogSnapshot;

use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::Deed;

impl Catalogs {
    /// Drops an empty namespace: `delete` on it.
    ///
    /// # Errors
    /// It is missing, not empty, or the right is missing.
    pub async fn drop_namespace(&self, asker: Asker<'_>, catalog: &str, path: &NamespacePath) -> Result<()> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let deed = Deed::on_namespace("drop_namespace", &snapshot, path);
        let result = self.try_drop_namespace(asker, &snapshot, path, &deed).await;
        self.recorded(asker, &snapshot, deed, result).await
    }

    async fn try_drop_namespace(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        path: &NamespacePath,
        deed: &Deed,
    ) -> Result<()> {
        let catalog = snapshot.catalog.id;
        self.find_namespace(asker, snapshot, path).await?;
        asker.require(Action::Delete, Target::Namespace(catalog, path))?;
        self.begin(asker, snapshot, deed).await?;
        match self.store.drop_namespace(catalog, path).await {
            Err(StoreError::InUse(_)) => Err(CatalogError::NamespaceNotEmpty(path.dotted())),
            Err(StoreError::NotFound(_)) => Err(CatalogError::no_namespace(path)),
            other => Ok(other?),
        }
    }
}
