use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::emit::{Client, Emitted, FlatCredential};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::vend::{VendAsk, Vended};

use super::delegation::{Delegated, RouteForm};
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};

/// What a caller asks of the credentials route.
#[derive(Debug, Clone, Copy)]
pub struct CredentialsAsk {
    /// At most this access.
    pub access: Access,
    /// At most this life.
    pub ttl_seconds: Option<u32>,
    /// The form of the route.
    pub form: RouteForm,
    /// Who reads the answer.
    pub client: Client,
}

impl Catalogs {
    /// Credentials of a table as Iceberg's REST protocol spells them: `read` on it.
    ///
    /// # Errors
    /// The table is missing, the warehouse vends nothing, or the vend was refused.
    pub async fn credentials(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        ask: CredentialsAsk,
    ) -> Result<Emitted> {
        let (snapshot, table, vended) = self.vend_alone(asker, catalog, namespace, name, ask).await?;
        let to = Delegated { snapshot: &snapshot, table: &table, form: ask.form, client: ask.client };
        self.emitted(&to, &vended)
    }

    /// The same credential under the plain names of its cloud.
    ///
    /// # Errors
    /// As [`Catalogs::credentials`].
    pub async fn flat_credentials(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        ask: CredentialsAsk,
    ) -> Result<FlatCredential> {
        let (snapshot, table, vended) = self.vend_alone(asker, catalog, namespace, name, ask).await?;
        let to = Delegated { snapshot: &snapshot, table: &table, form: ask.form, client: ask.client };
        self.flat(&to, &vended)
    }

    async fn vend_alone(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        ask: CredentialsAsk,
    ) -> Result<(Arc<CatalogSnapshot>, Arc<Table>, Arc<Vended>)> {
        let vend = VendAsk {
            access: ask.access,
            ttl_seconds: ask.ttl_seconds,
            trigger: "credentials",
            context: asker.context,
        };
        let (snapshot, table) = self.find_to_vend(asker, catalog, namespace, name, vend).await?;
        let vended = self.vend(asker, &snapshot, &table, vend).await?.ok_or(CatalogError::NothingToVend)?;
        Ok((snapshot, table, vended))
    }
}
