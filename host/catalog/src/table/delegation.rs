//! Credentials that go out with a table: asked for by a header, spelled out for the client.

use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::emit::{self, Client, Emission, Emitted, FlatCredential, SigningProperties, StorageAddress};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::Target;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::vend::{VendAsk, VendOutcome, Vended};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::sign::is_signable;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::unusable::Attempt;

/// Under which form of its routes a catalog was called; links are given in the same one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RouteForm {
    /// `/v1/{prefix}/…`, below the server's root.
    #[default]
    Plain,
    /// `/v1/{prefix}/v1/…`: the client's URI ends in the catalog's name.
    Nested,
}

/// What a load or a creation should bring besides the metadata.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delegation {
    /// `vended-credentials` was asked for.
    pub vended: bool,
    /// `remote-signing` was asked for.
    pub signing: bool,
    /// The form of the route.
    pub form: RouteForm,
    /// Who reads the answer.
    pub client: Client,
}

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl RouteForm {
    /// The path of a table's route, relative to the client's URI.
    fn path_of(self, catalog: &str, table: &Table, route: &str) -> String {
        let namespace = table.namespace.levels().join("\u{1f}");
        let namespace = utf8_percent_encode(&namespace, SEGMENT);
        let name = utf8_percent_encode(&table.name, SEGMENT);
        match self {
            Self::Plain => {
                let catalog = utf8_percent_encode(catalog, SEGMENT);
                format!("v1/{catalog}/namespaces/{namespace}/tables/{name}/{route}")
            }
            Self::Nested => format!("v1/namespaces/{namespace}/tables/{name}/{route}"),
        }
    }
}

/// A vend on its way out.
pub(super) struct Delegated<'a> {
    pub(super) snapshot: &'a CatalogSnapshot,
    pub(super) table: &'a Table,
    pub(super) form: RouteForm,
    pub(super) client: Client,
}

/// What a search for a table brought.
pub(super) enum Sought {
    Found(Arc<CatalogSnapshot>, Arc<Table>),
    /// It may not be seen: the attempt is recorded, and the error is the answer.
    Hidden(Arc<CatalogSnapshot>, Arc<Table>, CatalogError),
}

impl Catalogs {
    /// The table that a credential is asked for. A caller who may not see it gets the answer for
    /// what never was; the attempt is recorded as a refused vend.
    pub(super) async fn find_to_vend(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        ask: VendAsk<'_>,
    ) -> Result<(Arc<CatalogSnapshot>, Arc<Table>)> {
        let attempt = Attempt::on_table("vend_credentials", namespace, name);
        match self.find_to_open_for(asker, catalog, namespace, name, attempt).await? {
            Sought::Found(snapshot, table) => Ok((snapshot, table)),
            Sought::Hidden(snapshot, table, missing) => {
                self.vending.refuse_hidden(asker.principal, &snapshot, &table, ask).await?;
                Err(missing)
            }
        }
    }

    /// The table, or one that is there and may not be seen, with the answer for what never was. The
    /// trail names the attempt if the catalog cannot be used.
    pub(super) async fn find_to_open_for(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        attempt: Attempt<'_>,
    ) -> Result<Sought> {
        let found = async {
            let snapshot = self.find_catalog_for(asker, catalog, attempt).await?;
            let table = self.find_table(asker, &snapshot, namespace, name).await?;
            Ok(Sought::Found(snapshot, table))
        };
        let missing = match found.await {
            Err(error @ (CatalogError::NoSuchCatalog(_) | CatalogError::NoSuchTable(_))) => error,
            decided => return decided,
        };
        if let Some(tenant) = asker.principal.tenant_id
            // The attempt on one that cannot be used is on record already.
            && let Some(snapshot) = self.usable(tenant, catalog).await?
            && let Some(table) = self.store.table(snapshot.catalog.id, namespace, name).await?
        {
            return Ok(Sought::Hidden(snapshot, table, missing));
        }
        Err(missing)
    }

    /// Vends, if the warehouse vends at all.
    pub(super) async fn vend(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: VendAsk<'_>,
    ) -> Result<Option<Arc<Vended>>> {
        match self.vending.vend(asker.principal, snapshot, table, ask).await? {
            VendOutcome::Vended(vended) => Ok(Some(vended)),
            VendOutcome::Nothing => Ok(None),
        }
    }

    pub(super) fn emitted(&self, to: &Delegated<'_>, vended: &Vended) -> Result<Emitted> {
        let path = to.form.path_of(&to.snapshot.catalog.name, to.table, "credentials");
        Ok(emit::emit(&self.emission(to, vended, &path))?)
    }

    pub(super) fn flat(&self, to: &Delegated<'_>, vended: &Vended) -> Result<FlatCredential> {
        Ok(emit::flat(&self.emission(to, vended, ""))?)
    }

    /// What clients need so that the host signs for them; none where it cannot: storage other than S3,
    /// no strategy, or a staged table, which no route can name yet.
    pub(super) fn signing_properties(&self, to: &Delegated<'_>) -> Option<SigningProperties> {
        let warehouse = &to.snapshot.warehouse;
        let signs = is_signable(warehouse);
        (signs && !to.table.metadata_location.is_empty()).then(|| {
            let path = to.form.path_of(&to.snapshot.catalog.name, to.table, "sign");
            SigningProperties::new(to.table, StorageAddress::of(warehouse, self.storage_defaults()), &path)
        })
    }

    fn emission<'a>(&'a self, to: &'a Delegated<'_>, vended: &'a Vended, refresh_endpoint: &'a str) -> Emission<'a> {
        Emission {
            warehouse: &to.snapshot.warehouse,
            credentials: &vended.credentials,
            strategy: &vended.strategy,
            unscoped: vended.unscoped,
            table_root: &to.table.location,
            refresh_endpoint,
            defaults: self.storage_defaults(),
            client: to.client,
        }
    }
}

/// Says whether the caller could read the whole catalog anyway.
pub(super) fn holds_catalog(asker: Asker<'_>, snapshot: &CatalogSnapshot) -> bool {
    asker.principal.access_on(Target::Catalog(snapshot.catalog.id)) == Access::FULL
}

#[cfg(test)]
mod tests {
    use pangolin_core::id::{CatalogId, TableId};
    use pangolin_core::location::Location;

    use super::*;

    #[test]
    fn links_follow_the_form_that_was_called() {
        let table = Table {
            id: TableId::generate(),
            catalog_id: CatalogId::generate(),
            namespace: NamespacePath::parse_dotted("a.b c").unwrap(),
            name: "t%1".to_owned(),
            location: Location::parse("s3://b/t").unwrap(),
            extra_locations: Vec::new(),
            metadata_location: String::new(),
            metadata: Arc::from("{}"),
            version: 1,
        };
        let plain = RouteForm::Plain.path_of("cat", &table, "credentials");
        assert_eq!(plain, "v1/cat/namespaces/a%1Fb%20c/tables/t%251/credentials");
        let nested = RouteForm::Nested.path_of("cat", &table, "sign");
        assert_eq!(nested, "v1/namespaces/a%1Fb%20c/tables/t%251/sign");
    }
}
