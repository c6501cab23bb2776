use pangolin_core::id::NamespaceId;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Namespace, Properties};

use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::Deed;

impl Catalogs {
    /// Creates a namespace: `create` on the catalog, or on the parent.
    ///
    /// # Errors
    /// The parent is missing, the name is taken, or the right is.
    pub async fn create_namespace(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        path: NamespacePath,
        properties: Properties,
    ) -> Result<Namespace> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let deed = Deed::on_namespace("create_namespace", &snapshot, &path);
        let result = self.try_create_namespace(asker, &snapshot, path, properties, &deed).await;
        self.recorded(asker, &snapshot, deed, result).await
    }

    async fn try_create_namespace(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        path: NamespacePath,
        properties: Properties,
        deed: &Deed,
    ) -> Result<Namespace> {
        let catalog_id = snapshot.catalog.id;
        match path.parent() {
            Some(parent) => {
                self.find_namespace(asker, snapshot, &parent).await?;
                asker.require(Action::Create, Target::Namespace(catalog_id, &parent))?;
            }
            None => asker.require(Action::Create, Target::Catalog(catalog_id))?,
        }
        let namespace = Namespace { id: NamespaceId::generate(), catalog_id, path, properties };
        self.begin(asker, snapshot, deed).await?;
        match self.store.create_namespace(&namespace).await {
            Ok(()) => Ok(namespace),
            Err(StoreError::AlreadyExists(_)) => Err(CatalogError::NamespaceExists(namespace.path.dotted())),
            Err(StoreError::NotFound(_)) => {
                Err(CatalogError::no_namespace(&namespace.path.parent().unwrap_or(namespace.path)))
            }
            Err(error) => Err(error.into()),
        }
    }
}
