//! How much one request changes. What a client defines is compared with all that is defined already,
//! and a partition's fields with one another: without bounds a body of a megabyte is work for minutes.

use iceberg::TableUpdate;
use iceberg::spec::{SortOrder, UnboundPartitionSpec};

use crate::error::{CatalogError, Result};

/// Updates of one commit. Who lets snapshots expire may send one for each.
const UPDATES: usize = 10_000;
/// Schemas, partition specs and sort orders of one commit.
const DEFINITIONS: usize = 100;
/// Fields of a partition spec or of a sort order.
const FIELDS: usize = 1_000;

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

/// The same for what a new table is laid out by.
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
