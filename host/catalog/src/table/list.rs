use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::Target;

use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;
use crate::listing::{Listed, Paging, visible};

impl Catalogs {
    /// Names of the tables of a namespace that the caller may see.
    ///
    /// # Errors
    /// The catalog or the namespace is missing.
    pub async fn list_tables(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        paging: &Paging,
    ) -> Result<Listed<String>> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        self.find_namespace(asker, &snapshot, namespace).await?;
        let id = snapshot.catalog.id;
        let listed = visible(
            paging,
            |page| async move { self.store.list_tables(id, namespace, &page).await },
            |(name, _)| name.clone(),
            |(_, table)| asker.principal.may_see(Target::Table(id, namespace, *table)),
        )
        .await?;
        Ok(Listed { items: listed.items.into_iter().map(|(name, _)| name).collect(), next: listed.next })
    }
}
