use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::Target;

use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;
use crate::listing::{Listed, Paging, visible};

impl Catalogs {
    /// Children of `parent`, or the outermost namespaces, that the caller may see.
    ///
    /// # Errors
    /// The catalog or the parent is missing.
    pub async fn list_namespaces(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        parent: Option<&NamespacePath>,
        paging: &Paging,
    ) -> Result<Listed<NamespacePath>> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let id = snapshot.catalog.id;
        if let Some(parent) = parent {
            self.find_namespace(asker, &snapshot, parent).await?;
        }
        visible(
            paging,
            |page| async move { self.store.list_namespaces(id, parent, &page).await },
            NamespacePath::dotted,
            |path| asker.principal.may_see(Target::Namespace(id, path)),
        )
        .await
    }
}
