//! A new document from an old one.

use std::sync::Arc;

use iceberg::spec::{TableMetadata, TableMetadataBuilder};
use iceberg::{TableRequirement, TableUpdate};
use pangolin_core::record::Table;

use super::bounds;
use crate::error::{CatalogError, Result};
use crate::storage::{MAX_METADATA_BYTES, StorageError};

/// A document, parsed and as it is written.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) metadata: TableMetadata,
    pub(crate) text: Arc<str>,
}

/// Reads the stored document.
fn parse(table: &Table) -> Result<TableMetadata> {
    serde_json::from_str(&table.metadata).map_err(|error| CatalogError::Corrupt(Box::new(error)))
}

/// Writes a document. Commits could make it larger without end, for all who read it.
pub(super) fn text(metadata: TableMetadata) -> Result<Document> {
    let text = serde_json::to_string(&metadata).map_err(|error| CatalogError::Corrupt(Box::new(error)))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_METADATA_BYTES {
        return Err(StorageError::TooLarge(metadata.location().to_owned()).into());
    }
    Ok(Document { metadata, text: Arc::from(text) })
}

/// Checks the requirements against the current document and applies the updates.
/// None: nothing changes.
pub(crate) fn apply(
    table: &Table,
    requirements: &[TableRequirement],
    updates: Vec<TableUpdate>,
) -> Result<Option<Document>> {
    bounds::check(&updates)?;
    let current = parse(table)?;
    for requirement in requirements {
        requirement.check(Some(&current))?;
    }
    for update in &updates {
        if let TableUpdate::AssignUuid { uuid } = update
            && *uuid != current.uuid()
        {
            return Err(CatalogError::Invalid(format!("the table's uuid is {} and cannot be changed", current.uuid())));
        }
    }
    let updates = bounds::merged(updates);
    bounds::check_on(&current, table.metadata.len(), &updates)?;
    let mut builder: TableMetadataBuilder = current.into_builder(Some(table.metadata_location.clone()));
    for update in updates {
        builder = update.apply(builder)?;
    }
    let built = builder.build()?;
    if built.changes.is_empty() { Ok(None) } else { text(built.metadata).map(Some) }
}
