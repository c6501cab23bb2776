//! The order that every change of a table keeps: the file is written first, then the store points
//! to it. A file that nothing came to point to is removed.

use std::future::Future;

use pangolin_core::id::TableId;
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::{StoreError, TableCommit};
use pangolin_core::record::{CatalogSnapshot, Table};

use super::placing::may_place;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::metadata::Document;
use crate::place;
use crate::trail::Deed;

/// Which table a document is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) namespace: &'a NamespacePath,
    pub(super) name: &'a str,
    /// The table as it is, if there is one.
    pub(super) current: Option<&'a Table>,
}

impl Catalogs {
    /// The table that a document makes, its locations judged. Nothing is stored yet. A new one
    /// has version 0.
    pub(super) async fn draft(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        identity: Identity<'_>,
        document: Document,
    ) -> Result<Table> {
        let Identity { namespace, name, current } = identity;
        let (location, extra_locations) = place::locations(snapshot, &document.metadata)?;
        let previous = current.map(|table| table.metadata_location.as_str());
        let draft = Table {
            id: current.map_or_else(|| TableId(document.metadata.uuid()), |table| table.id),
            catalog_id: snapshot.catalog.id,
            namespace: namespace.clone(),
            name: name.to_owned(),
            metadata_location: place::metadata_file(&document.metadata, previous)?.as_str().to_owned(),
            location,
            extra_locations,
            metadata: document.text,
            version: current.map_or(0, |table| table.version),
        };
        let moved = current.is_none_or(|table| !table.locations().eq(draft.locations()));
        if moved {
            may_place(asker, snapshot, current, &draft)?;
            self.require_exclusive(&draft).await?;
        }
        Ok(draft)
    }

    /// Asked before a credential is made for the location or a file is written to it. The store
    /// asks again when it takes the table in.
    pub(super) async fn require_exclusive(&self, draft: &Table) -> Result<()> {
        // The identifier of a new table is the client's word: that of another table must not
        // make this one pass for it.
        let unnamed = (draft.version == 0).then(|| Table { id: TableId::generate(), ..draft.clone() });
        if self.store.locations_are_exclusive(draft.catalog_id, unnamed.as_ref().unwrap_or(draft)).await? {
            Ok(())
        } else {
            Err(CatalogError::LocationTaken)
        }
    }

    /// Writes the draft's file and lets the store point to it. That the deed begins is on record before the
    /// store points to the file; it is recorded while the file is written.
    pub(super) async fn publish(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        draft: &Table,
        deed: &Deed,
        point: impl Future<Output = std::result::Result<(), StoreError>>,
    ) -> Result<()> {
        let files = self.files(asker, snapshot, draft).await?;
        let file = Location::parse(&draft.metadata_location)?;
        let (written, begun) =
            futures::join!(files.write(&file, draft.metadata.clone()), self.begin(asker, snapshot, deed));
        written?;
        if begun.is_err() {
            files.discard(&file).await;
            return begun;
        }
        match point.await {
            Ok(()) => Ok(()),
            // The store may point to the file: it has to stay.
            Err(error @ StoreError::Backend(_)) => Err(CatalogError::CommitUnknown(error)),
            Err(error) => {
                files.discard(&file).await;
                Err(error.into())
            }
        }
    }
}

/// A draft as a change of the table that it was made from.
pub(super) fn change(draft: &Table) -> TableCommit {
    TableCommit {
        table_id: draft.id,
        expected_version: draft.version,
        metadata_location: draft.metadata_location.clone(),
        metadata: draft.metadata.clone(),
        location: draft.location.clone(),
        extra_locations: draft.extra_locations.clone(),
    }
}

/// What the store says of a new table, in the catalog's words.
pub(super) fn creation_fault(error: CatalogError, namespace: &NamespacePath, name: &str) -> CatalogError {
    match error {
        CatalogError::Store(StoreError::AlreadyExists(_)) => CatalogError::TableExists(format!("{namespace}.{name}")),
        CatalogError::Store(StoreError::NotFound(_)) => CatalogError::no_namespace(namespace),
        other => other,
    }
}
