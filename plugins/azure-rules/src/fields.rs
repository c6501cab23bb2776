//! Fields of both strategies. Where the objects are (`account_name`, `container`, `prefix`) is the
//! warehouse's own.

use pangolin_plugin_sdk::{Config, Field, FieldKind, Problem};

/// Whether the account has a hierarchical namespace. Without one a signature cannot be narrower
/// than the container.
pub const HIERARCHICAL: Field = Field::new(
    "hierarchical",
    FieldKind::Boolean,
    "The account has a hierarchical namespace (ADLS Gen2); without one a SAS opens the whole container",
)
.aliases(&["azure.hierarchical", "adls.hierarchical", "hierarchical_namespace", "hns"])
.default("true");

/// Where the account is, if not in the public cloud.
pub const ENDPOINT: Field = Field::new(
    "endpoint",
    FieldKind::Url,
    "Blob or DFS endpoint of the account; default: https://ACCOUNT.blob.core.windows.net",
)
.aliases(&["azure.endpoint", "adls.endpoint"])
.destination();

/// Whether a signature can be for a directory.
///
/// # Errors
/// The field is neither true nor false.
pub fn hierarchical(config: &Config) -> Result<bool, Problem> {
    config.flag_or(HIERARCHICAL.name, true)
}
