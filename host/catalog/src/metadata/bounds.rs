//! How much one request changes. What a client defines is compared with all that is defined already,
//! and a partition's fields with one another: without bounds a body of a megabyte is work for minutes.

use iceberg::TableUpdate;
use iceberg::spec::{SortOrder, TableMetadata, UnboundPartitionSpec};

use crate::error::{CatalogError, Result};

/// Updates of one commit. Who lets snapshots expire may send one for each.
const UPDATES: usize = 10_000;
/// Schemas, partition specs and sort orders of one commit.
const DEFINITIONS: usize = 100;
/// Fields of a partition spec or of a sort order.
const FIELDS: usize = 1_000;
/// Names that are looked up: each new field in every schema and among all partition fields.
const LOOKUPS: usize = 10_000_000;
/// Identifiers that are compared: each that is removed with all that are there.
const COMPARISONS: usize = 1_000_000_000;
/// A reference to a snapshot is at least so long in a document. Each removal goes through all of them.
const REFERENCE_BYTES: usize = 64;

/// Refuses a commit that is too much work.
pub(super) fn check(updates: &[TableUpdate]) -> Result<()> {
    within(updates.len(), UPDATES, "updates in one commit")?;
    let defines = |update: &&TableUpdate| {
        matches!(update, TableUpdate::AddSchema { .. } | TableUpdate::AddSpec { .. } | TableUpdate::AddSortOrder { .. })
    };
    within(updates.iter().filter(defines).count(), DEFINITIONS, "schemas, specs and sort orders in one commit")?;
    updates.iter().try_for_each(|update| match update {
        TableUpdate::AddSpec { spec } => check_fields(Some(spec), None),
        TableUpdate::AddSortOrder { sort_order } => check_fields(None, Some(sort_order)),
        _ => Ok(()),
    })
}

/// Refuses what is too much work on this document, which is so many bytes long.
pub(super) fn check_on(current: &TableMetadata, bytes: usize, updates: &[TableUpdate]) -> Result<()> {
    let (mut schemas, mut schema_fields) = (current.schemas_iter().len(), 0_usize);
    let mut partition_fields: usize = current.partition_specs_iter().map(|spec| spec.fields().len()).sum();
    let (mut new_partition_fields, mut comparisons) = (0_usize, 0_usize);
    for update in updates {
        match update {
            TableUpdate::AddSchema { schema } => {
                schemas += 1;
                schema_fields += schema.field_id_to_name_map().len();
            }
            TableUpdate::AddSpec { spec } => new_partition_fields += spec.fields().len(),
            TableUpdate::RemoveSnapshots { snapshot_ids } => {
                let each = snapshot_ids.len().saturating_mul(current.snapshots().len());
                comparisons = comparisons.saturating_add(each).saturating_add(bytes / REFERENCE_BYTES);
            }
            TableUpdate::RemoveSchemas { schema_ids } => {
                let each = schema_ids.len().saturating_add(1).saturating_mul(current.schemas_iter().len());
                comparisons = comparisons.saturating_add(each);
            }
            _ => {}
        }
    }
    partition_fields += new_partition_fields;
    let lookups = schema_fields
        .saturating_mul(schemas.saturating_add(partition_fields))
        .saturating_add(new_partition_fields.saturating_mul(schemas));
    if lookups > LOOKUPS {
        return Err(too_much("new fields", "remove schemas and specs that are no longer in use first"));
    }
    if comparisons > COMPARISONS {
        return Err(too_much("removals", "remove fewer at a time"));
    }
    Ok(())
}

fn too_much(what: &str, instead: &str) -> CatalogError {
    CatalogError::Invalid(format!("so many {what} in one commit are too much for a table as large as this: {instead}"))
}

/// One removal in place of several in a row: clients send one for each snapshot.
pub(super) fn merged(updates: Vec<TableUpdate>) -> Vec<TableUpdate> {
    let mut merged: Vec<TableUpdate> = Vec::with_capacity(updates.len());
    for update in updates {
        match (merged.last_mut(), update) {
            (
                Some(TableUpdate::RemoveSnapshots { snapshot_ids }),
                TableUpdate::RemoveSnapshots { snapshot_ids: more },
            ) => snapshot_ids.extend(more),
            (_, update) => merged.push(update),
        }
    }
    merged
}

/// Bounds what a new table is laid out by.
pub(super) fn check_fields(spec: Option<&UnboundPartitionSpec>, order: Option<&SortOrder>) -> Result<()> {
    within(spec.map_or(0, |spec| spec.fields().len()), FIELDS, "fields in a partition spec")?;
    within(order.map_or(0, |order| order.fields.len()), FIELDS, "fields in a sort order")
}

fn within(count: usize, most: usize, what: &str) -> Result<()> {
    if count <= most { Ok(()) } else { Err(CatalogError::Invalid(format!("at most {most} {what}, and not {count}"))) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(updates: &Value) -> bool {
        let updates: Vec<TableUpdate> = serde_json::from_value(updates.clone()).unwrap();
        matches!(check(&updates), Err(CatalogError::Invalid(_)))
    }

    /// A document with so many schemas and snapshots.
    fn document(schemas: usize, snapshots: usize) -> (TableMetadata, usize) {
        let field = |id: usize| json!({"id": id, "name": format!("f{id}"), "required": false, "type": "int"});
        let schema = |id: usize| json!({"type": "struct", "schema-id": id, "fields": [field(id + 1)]});
        let snapshot = |id: usize| {
            json!({"snapshot-id": id + 1, "sequence-number": 1, "timestamp-ms": 1, "schema-id": 0,
                "manifest-list": "s3://b/t/m.avro", "summary": {"operation": "append"}})
        };
        let text = json!({
            "format-version": 2, "table-uuid": uuid::Uuid::nil(), "location": "s3://b/t",
            "last-sequence-number": 1, "last-updated-ms": 1, "last-column-id": schemas,
            "schemas": (0..schemas).map(schema).collect::<Vec<_>>(), "current-schema-id": 0,
            "partition-specs": [{"spec-id": 0, "fields": []}], "default-spec-id": 0, "last-partition-id": 999,
            "sort-orders": [{"order-id": 0, "fields": []}], "default-sort-order-id": 0,
            "snapshots": (0..snapshots).map(snapshot).collect::<Vec<_>>(),
        })
        .to_string();
        (serde_json::from_str(&text).unwrap(), text.len())
    }

    fn refused_on((current, bytes): &(TableMetadata, usize), updates: &Value) -> bool {
        let updates = merged(serde_json::from_value(updates.clone()).unwrap());
        matches!(check_on(current, *bytes, &updates), Err(CatalogError::Invalid(_)))
    }

    #[test]
    fn what_is_compared_with_a_large_document_is_little_of_it() {
        let fields = |count: usize| {
            let field = |id| json!({"id": id, "name": format!("n{id}"), "required": false, "type": "int"});
            let fields: Vec<Value> = (1..=count).map(field).collect();
            json!([{ "action": "add-schema", "schema": { "type": "struct", "schema-id": 0, "fields": fields } }])
        };
        let many_schemas = document(2_000, 0);
        assert!(!refused_on(&many_schemas, &fields(1_000)));
        assert!(refused_on(&many_schemas, &fields(6_000)));
        assert!(!refused_on(&document(10, 0), &fields(10_000)));

        let remove = |ids: Vec<usize>| json!({ "action": "remove-snapshots", "snapshot-ids": ids });
        let many_snapshots = document(1, 2_000);
        assert!(!refused_on(&many_snapshots, &json!([remove((1..100_000).collect())])));
        assert!(refused_on(&many_snapshots, &json!([remove(vec![1; 600_000])])));
        // One for each snapshot, as some clients send them.
        assert!(!refused_on(&many_snapshots, &json!((0..10_000).map(|id| remove(vec![id])).collect::<Vec<_>>())));
        let property = json!({ "action": "remove-properties", "removals": ["a"] });
        let apart: Vec<Value> =
            (0..10_000).map(|n| if n % 2 == 0 { remove(vec![n]) } else { property.clone() }).collect();
        let (current, _) = many_snapshots;
        assert!(refused_on(&(current, 32 * 1024 * 1024), &json!(apart)));
    }

    #[test]
    fn removals_in_a_row_are_one() {
        let remove = |id: i64| TableUpdate::RemoveSnapshots { snapshot_ids: vec![id] };
        let other = TableUpdate::RemoveSnapshotRef { ref_name: "a".to_owned() };
        let both = TableUpdate::RemoveSnapshots { snapshot_ids: vec![1, 2] };
        assert_eq!(merged(vec![remove(1), remove(2), other.clone(), remove(3)]), [both, other, remove(3)]);
    }

    #[test]
    fn what_clients_send_is_within_the_bounds_and_one_more_is_not() {
        let schema = json!({ "action": "add-schema", "schema": { "type": "struct", "schema-id": 0, "fields": [] } });
        let property = json!({ "action": "remove-properties", "removals": ["a"] });
        for (update, most) in [(schema, DEFINITIONS), (property, UPDATES)] {
            assert!(!refused(&json!(vec![&update; most])), "{update}");
            assert!(refused(&json!(vec![&update; most + 1])), "{update}");
        }
        let spec = |fields| {
            let field = json!({ "source-id": 1, "name": "a", "transform": "identity" });
            json!([{ "action": "add-spec", "spec": { "fields": vec![field; fields] } }])
        };
        let order = |fields| {
            let field =
                json!({ "source-id": 1, "transform": "identity", "direction": "asc", "null-order": "nulls-first" });
            json!([{ "action": "add-sort-order", "sort-order": { "order-id": 1, "fields": vec![field; fields] } }])
        };
        assert!(!refused(&spec(FIELDS)) && refused(&spec(FIELDS + 1)));
        assert!(!refused(&order(FIELDS)) && refused(&order(FIELDS + 1)));
    }
}
