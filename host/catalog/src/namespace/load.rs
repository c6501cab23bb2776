use pangolin_core::namespace::NamespacePath;
use pangolin_core::record::Namespace;

use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;

impl Catalogs {
    /// A namespace with its properties; also the answer to whether it exists.
    ///
    /// # Errors
    /// It is missing or invisible.
    pub async fn load_namespace(&self, asker: Asker<'_>, catalog: &str, path: &NamespacePath) -> Result<Namespace> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        self.find_namespace(asker, &snapshot, path).await
    }
}
