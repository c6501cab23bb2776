use iceberg::spec::TableMetadata;
use pangolin_core::id::TableId;
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::require_inside;
use pangolin_core::ports::NewTable;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::json;

use super::delegation::Delegation;
use super::placing::may_place;
use super::publish::creation_fault;
use super::reply::LoadedTable;
use super::request::{RegisterTable, check_name};
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::place;
use crate::trail::{Deed, short};

impl Catalogs {
    /// Takes in a table whose metadata file exists already: `create` on the namespace.
    ///
    /// # Errors
    /// As [`Catalogs::create_table`]; or the file is missing or no metadata.
    pub async fn register_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        request: RegisterTable,
        delegation: Delegation,
    ) -> Result<LoadedTable> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let mut deed = Deed::on_table("register_table", &snapshot, namespace, &request.name)
            .with(json!({ "metadata_location": short(&request.metadata_location) }));
        let result = self.try_register(asker, &snapshot, namespace, request, delegation, &deed).await;
        if let Ok((table, _)) = &result {
            deed = deed.id(table.id.0);
        }
        self.recorded(asker, &snapshot, deed, result.map(|(_, loaded)| loaded)).await
    }

    async fn try_register(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
        request: RegisterTable,
        delegation: Delegation,
        deed: &Deed,
    ) -> Result<(Table, LoadedTable)> {
        check_name(&request.name)?;
        self.may_create(asker, snapshot, namespace).await?;
        if request.overwrite {
            return Err(CatalogError::Invalid(
                "registering over an existing table is not supported: drop it first".to_owned(),
            ));
        }
        // How large the document is shows when it is here.
        let _turn = self.storage.turns.enter(snapshot.catalog.tenant_id).await;
        let file = Location::parse(&request.metadata_location)?;
        let unread = Table {
            id: TableId::generate(),
            catalog_id: snapshot.catalog.id,
            namespace: namespace.clone(),
            name: request.name,
            location: presumed_root(&file)?,
            extra_locations: Vec::new(),
            metadata_location: request.metadata_location,
            metadata: "{}".into(),
            version: 0,
        };
        let table = self.read(asker, snapshot, unread, &file).await?;
        let loaded = self.delegated(asker, snapshot, &table, delegation, "register_table").await?;
        let new = NewTable { table: Table { version: 1, ..table.clone() } };
        self.begin(asker, snapshot, deed).await?;
        self.store
            .create_table(&new)
            .await
            .map_err(|error| creation_fault(error.into(), &table.namespace, &table.name))?;
        Ok((table, loaded))
    }

    /// The table that a file describes. The place is judged before the host reads there, and the
    /// places that the file names are judged after.
    async fn read(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        unread: Table,
        file: &Location,
    ) -> Result<Table> {
        require_inside(&snapshot.catalog.base, &snapshot.warehouse.base, &unread.location)?;
        may_place(asker, snapshot, None, &unread)?;
        self.require_exclusive(&unread).await?;
        let text = self.files(asker, snapshot, &unread).await?.read(file).await?;
        let metadata: TableMetadata = serde_json::from_str(&text)
            .map_err(|_| CatalogError::Invalid(format!("'{file}' is no Iceberg table metadata")))?;
        let (location, extra_locations) = place::locations(snapshot, &metadata)?;
        let table = Table { location, extra_locations, metadata: text.into(), ..unread };
        if !table.locations().any(|location| location.contains(file)) {
            return Err(CatalogError::Invalid(format!(
                "the metadata file lies outside the table's location '{}'",
                table.location
            )));
        }
        may_place(asker, snapshot, None, &table)?;
        self.require_exclusive(&table).await?;
        Ok(Table { id: TableId(metadata.uuid()), ..table })
    }
}

/// `…/orders` for `…/orders/metadata/00001-….metadata.json`.
fn presumed_root(file: &Location) -> Result<Location> {
    let outside = || CatalogError::Invalid(format!("'{file}' is no metadata file of a table"));
    let (directory, _) = file.without_slash().rsplit_once('/').ok_or_else(outside)?;
    let root = directory.strip_suffix("/metadata").unwrap_or(directory);
    Ok(Location::parse(root)?)
}
