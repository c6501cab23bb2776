//! What clients send about tables, in Iceberg's own spelling.

use std::collections::HashMap;

use iceberg::spec::{Schema, SortOrder, UnboundPartitionSpec};
use iceberg::{TableRequirement, TableUpdate};
use serde::Deserialize;

use crate::error::{CatalogError, Result};

/// A table to be created.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CreateTable {
    /// Name.
    pub name: String,
    /// Root; none: the host chooses.
    #[serde(default)]
    pub location: Option<String>,
    /// Schema; identifiers of fields are assigned anew.
    pub schema: Schema,
    /// Partition spec.
    #[serde(default)]
    pub partition_spec: Option<UnboundPartitionSpec>,
    /// Sort order.
    #[serde(default)]
    pub write_order: Option<SortOrder>,
    /// Prepares a table that a later commit creates.
    #[serde(default)]
    pub stage_create: bool,
    /// Properties.
    #[serde(default)]
    pub properties: HashMap<String, String>,
}

/// A commit to one table.
#[derive(Debug, Clone, Deserialize)]
pub struct CommitTable {
    /// What must hold of the table as it is.
    #[serde(default)]
    pub requirements: Vec<TableRequirement>,
    /// What to change.
    #[serde(default)]
    pub updates: Vec<TableUpdate>,
}

/// A table whose metadata file exists already.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RegisterTable {
    /// Name.
    pub name: String,
    /// The metadata file.
    pub metadata_location: String,
    /// Replaces a table of this name; not supported.
    #[serde(default)]
    pub overwrite: bool,
}

/// Longest name of a table, in bytes.
const NAME_LENGTH: usize = 256;

/// Names travel in URLs: nothing that a client or a proxy would take for a part of the path.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > NAME_LENGTH || matches!(name, "." | "..") {
        return Err(CatalogError::Invalid(format!(
            "a table's name has 1 to {NAME_LENGTH} bytes and is neither '.' nor '..'"
        )));
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) {
        return Err(CatalogError::Invalid(
            "a table's name has a character that is not allowed: no '/', '\\' or control characters".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_path_would_change_are_refused() {
        for name in ["", ".", "..", "a/b", "a\\b", "a\u{1f}b", "\n", &"x".repeat(257)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["orders", "a b", "*?$'\"", "100%", "żółw", "a.b"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn an_unknown_action_is_named() {
        let body = r#"{"requirements":[],"updates":[{"action":"make-coffee"}]}"#;
        let refused = serde_json::from_str::<CommitTable>(body).unwrap_err().to_string();
        assert!(refused.contains("make-coffee"), "{refused}");
        let body = r#"{"requirements":[{"type":"assert-weather"}],"updates":[]}"#;
        assert!(serde_json::from_str::<CommitTable>(body).is_err());
    }
}
