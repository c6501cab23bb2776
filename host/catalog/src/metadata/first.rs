//! The first document of a table.

use std::collections::HashMap;

use iceberg::spec::{FormatVersion, Schema, SortOrder, TableMetadata, TableMetadataBuilder, UnboundPartitionSpec};
use iceberg::{TableRequirement, TableUpdate};
use pangolin_core::location::Location;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bounds;
use super::change::{Document, text};
use crate::error::{CatalogError, Result};
use crate::table::CreateTable;

/// The property that is no property: it names the format of a new table.
const FORMAT_VERSION: &str = "format-version";
/// Identifiers of partition fields begin here, by Iceberg's specification.
const FIRST_PARTITION_ID: i32 = 1000;

/// The document of a table that is created.
pub(crate) fn created(request: CreateTable, id: Uuid, location: &Location) -> Result<Document> {
    let CreateTable { schema, partition_spec, write_order, mut properties, .. } = request;
    bounds::check_fields(partition_spec.as_ref(), write_order.as_ref())?;
    let version = match properties.remove(FORMAT_VERSION).as_deref() {
        None | Some("2") => FormatVersion::V2,
        Some("1") => FormatVersion::V1,
        Some("3") => FormatVersion::V3,
        Some(other) => {
            let shown: String = other.chars().take(20).collect();
            return Err(CatalogError::Invalid(format!(
                "format-version '{}' is not known: use 1, 2 or 3",
                shown.escape_debug()
            )));
        }
    };
    let built = TableMetadataBuilder::new(
        schema,
        partition_spec.unwrap_or_default(),
        write_order.unwrap_or_else(SortOrder::unsorted_order),
        location.without_slash().to_owned(),
        version,
        properties,
    )?
    .assign_uuid(id)
    .build()?;
    text(built.metadata)
}

/// The document of a table that a client staged and now commits: everything is in the updates.
/// The identifiers of fields are the client's own, files were written with them.
pub(crate) fn from_updates(
    requirements: &[TableRequirement],
    updates: Vec<TableUpdate>,
    now_ms: i64,
    chosen: impl FnOnce(Uuid) -> Result<Location>,
) -> Result<Document> {
    bounds::check(&updates)?;
    for requirement in requirements {
        requirement.check(None).map_err(|error| CatalogError::CommitConflict(error.message().to_owned()))?;
    }
    let start = Start::of(&updates);
    let id = start.id.unwrap_or_else(Uuid::now_v7);
    let location = match start.location {
        Some(location) => location,
        None => chosen(id)?.as_str().to_owned(),
    };
    let base = start.schema.ok_or_else(|| {
        CatalogError::Invalid("a commit that creates a table needs an 'add-schema' update".to_owned())
    })?;
    let first = empty(id, &location, start.version, base, start.spec, start.order, now_ms)?;
    bounds::check_on(&first, 0, &updates)?;
    let mut builder = first.into_builder(None);
    for update in updates {
        builder = match update {
            // The first of each is in the document already.
            TableUpdate::AssignUuid { uuid } if uuid != id => {
                return Err(CatalogError::Invalid("two different uuids are assigned".to_owned()));
            }
            TableUpdate::SetProperties { mut updates } => {
                updates.remove(FORMAT_VERSION);
                builder.set_properties(updates)?
            }
            other => other.apply(builder)?,
        };
    }
    text(builder.build()?.metadata)
}

/// What the updates say of the first state.
struct Start<'a> {
    id: Option<Uuid>,
    location: Option<String>,
    version: FormatVersion,
    schema: Option<&'a Schema>,
    spec: Option<&'a UnboundPartitionSpec>,
    order: Option<&'a SortOrder>,
}

impl<'a> Start<'a> {
    fn of(updates: &'a [TableUpdate]) -> Self {
        let mut version = None;
        let mut start =
            Self { id: None, location: None, version: FormatVersion::V2, schema: None, spec: None, order: None };
        for update in updates {
            match update {
                TableUpdate::AssignUuid { uuid } => start.id = start.id.or(Some(*uuid)),
                TableUpdate::UpgradeFormatVersion { format_version } => version = version.or(Some(*format_version)),
                TableUpdate::SetLocation { location } => start.location = Some(location.clone()),
                TableUpdate::AddSchema { schema } => start.schema = start.schema.or(Some(schema)),
                TableUpdate::AddSpec { spec } => start.spec = start.spec.or(Some(spec)),
                TableUpdate::AddSortOrder { sort_order } => start.order = start.order.or(Some(sort_order)),
                _ => {}
            }
        }
        start.version = version.unwrap_or(start.version);
        start
    }
}

/// A table without snapshots, by Iceberg's own reader of documents: unlike the builder it keeps
/// the identifiers of fields.
fn empty(
    id: Uuid,
    location: &str,
    version: FormatVersion,
    schema: &Schema,
    spec: Option<&UnboundPartitionSpec>,
    order: Option<&SortOrder>,
    now_ms: i64,
) -> Result<TableMetadata> {
    let order = order.cloned().unwrap_or_else(SortOrder::unsorted_order);
    let (spec, last_partition_id) = bound(spec)?;
    let document = json!({
        "format-version": 2,
        "table-uuid": id,
        "location": location.trim_end_matches('/'),
        "last-sequence-number": 0,
        "last-updated-ms": now_ms,
        "last-column-id": schema.highest_field_id(),
        "schemas": [schema],
        "current-schema-id": schema.schema_id(),
        "partition-specs": [spec],
        "default-spec-id": spec.get("spec-id"),
        "last-partition-id": last_partition_id,
        "sort-orders": [order],
        "default-sort-order-id": order.order_id,
        "properties": HashMap::<String, String>::new(),
    });
    let metadata: TableMetadata = serde_json::from_value(with_version(document, version))
        .map_err(|error| CatalogError::Invalid(error.to_string()))?;
    Ok(metadata)
}

/// Adds what the formats differ in.
fn with_version(mut document: Value, version: FormatVersion) -> Value {
    if let Value::Object(map) = &mut document {
        map.insert("format-version".to_owned(), json!(version));
        if version == FormatVersion::V3 {
            map.insert("next-row-id".to_owned(), json!(0));
        }
    }
    document
}

/// A partition spec with identifiers for the fields that have none.
fn bound(spec: Option<&UnboundPartitionSpec>) -> Result<(Value, i32)> {
    let mut last = FIRST_PARTITION_ID - 1;
    let mut fields = Vec::new();
    for field in spec.map(UnboundPartitionSpec::fields).unwrap_or_default() {
        let id = field.field_id.unwrap_or(last.saturating_add(1));
        last = last.max(id);
        let mut value = serde_json::to_value(field).map_err(|error| CatalogError::Corrupt(Box::new(error)))?;
        if let Value::Object(map) = &mut value {
            map.insert("field-id".to_owned(), json!(id));
        }
        fields.push(value);
    }
    let id = spec.and_then(UnboundPartitionSpec::spec_id).unwrap_or(0);
    Ok((json!({ "spec-id": id, "fields": fields }), last))
}
