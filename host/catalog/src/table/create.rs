use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::NewTable;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::json;
use uuid::Uuid;

use super::delegation::{Delegation, holds_catalog};
use super::publish::{Identity, creation_fault};
use super::reply::LoadedTable;
use super::request::{CreateTable, check_name};
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::metadata;
use crate::place;
use crate::trail::Deed;

impl Catalogs {
    /// Creates a table, or stages one that a commit creates later: `create` on the namespace.
    ///
    /// A credential that was asked for is vended before anything is stored: where that is
    /// refused, no table is left behind.
    ///
    /// # Errors
    /// The namespace is missing, the name or the location is taken, a right is missing, or the
    /// vend was refused.
    pub async fn create_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        request: CreateTable,
        delegation: Delegation,
    ) -> Result<LoadedTable> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let mut deed = Deed::on_table("create_table", &snapshot, namespace, &request.name)
            .with(json!({ "staged": request.stage_create }));
        let result = self.try_create(asker, &snapshot, namespace, request, delegation, &deed).await;
        if let Ok((table, _)) = &result {
            deed = deed.id(table.id.0);
        }
        self.recorded(asker, &snapshot, deed, result.map(|(_, loaded)| loaded)).await
    }

    async fn try_create(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
        request: CreateTable,
        delegation: Delegation,
        deed: &Deed,
    ) -> Result<(Table, LoadedTable)> {
        check_name(&request.name)?;
        self.may_create(asker, snapshot, namespace).await?;
        let (name, staged, placed) = (request.name.clone(), request.stage_create, request.location.is_some());
        if self.store.table(snapshot.catalog.id, namespace, &name).await?.is_some() {
            return Err(CatalogError::TableExists(format!("{namespace}.{name}")));
        }
        let id = Uuid::now_v7();
        let location = match request.location.as_deref() {
            Some(given) => Location::parse(given)?,
            None => place::choose(&snapshot.catalog.base, namespace, &name, id)?,
        };
        let document = metadata::created(request, id, &location)?;
        let identity = Identity { namespace, name: &name, current: None };
        let mut table = self.draft(asker, snapshot, identity, document).await?;
        if staged
            && (placed || !table.extra_locations.is_empty())
            && delegation.vended
            && !holds_catalog(asker, snapshot)
        {
            // Nothing holds the place until the commit: another table could come to lie there.
            return Err(CatalogError::Refused {
                code: "staged-place-refused",
                message: "no credential is vended for a staged table at a location that the client chose: leave the \
                          location out and let the host choose, or create the table at once"
                    .to_owned(),
            });
        }
        let file = table.metadata_location.clone();
        if staged {
            table.metadata_location = String::new();
        }
        let loaded = self.delegated(asker, snapshot, &table, delegation, "create_table").await?;
        if !staged {
            table.metadata_location = file;
            self.create(asker, snapshot, &table, deed).await?;
        }
        Ok((table, loaded))
    }

    /// Whether the caller may create a table there.
    pub(super) async fn may_create(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
    ) -> Result<()> {
        self.find_namespace(asker, snapshot, namespace).await?;
        asker.require(Action::Create, Target::Namespace(snapshot.catalog.id, namespace))
    }

    /// Writes the first file of a draft and takes the table in.
    pub(super) async fn create(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        draft: &Table,
        deed: &Deed,
    ) -> Result<()> {
        let new = NewTable { table: Table { version: 1, ..draft.clone() } };
        self.publish(asker, snapshot, draft, deed, self.store.create_table(&new))
            .await
            .map_err(|error| creation_fault(error, &draft.namespace, &draft.name))
    }
}
