//! Warehouses as the document shows them. Core reads every documented spelling and writes the
//! canonical one.
#![expect(dead_code, reason = "shapes for the document: the values are those of pangolin_core::warehouse")]

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A new warehouse.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateWarehouse {
    /// Without `/`, `\`, `?`, `#`, `%`, a leading `.` or blanks around it.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// Where it is: `type` (`s3`, `azure`, `gcs`, `local`), then bucket or container, prefix,
    /// region, endpoint and secrets, in either of the documented spellings.
    #[schema(value_type = Option<Object>)]
    storage_config: Option<HashMap<String, Value>>,
    /// `{"AwsSts": {…}}`, `{"type": "AwsSts", …}`, `"AwsSts"`, or `"None"`.
    vending_strategy: Option<StrategyForm>,
    /// The older form: which strategy, where none is named.
    use_sts: Option<bool>,
    /// Vends what cannot be narrowed to readers too.
    allow_unscoped: Option<bool>,
    /// The longest life of a credential.
    #[schema(minimum = 1, maximum = 604_800)]
    max_ttl_seconds: Option<u32>,
}

/// A change: what is absent stays, null removes, the redacted marker keeps a secret. What a reply
/// shows may be sent back as it was.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateWarehouse {
    #[schema(min_length = 1, max_length = 128, nullable = false)]
    name: Option<String>,
    #[schema(value_type = Option<Object>)]
    storage_config: Option<HashMap<String, Value>>,
    vending_strategy: Option<StrategyForm>,
    use_sts: Option<bool>,
    allow_unscoped: Option<bool>,
    #[schema(minimum = 1, maximum = 604_800)]
    max_ttl_seconds: Option<u32>,
    id: Option<Uuid>,
    tenant_id: Option<Uuid>,
    base_location: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// How a strategy is named, with its parameters or without.
#[derive(serde::Deserialize, serde::Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = VendingStrategy)]
enum StrategyForm {
    Name(String),
    Parameters(HashMap<String, Value>),
}

/// An entry of the list.
#[derive(serde::Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ListedWarehouse {
    Readable(WarehouseReply),
    Unreadable(UnreadableReply),
}

/// A warehouse whose stored secrets do not open, or whose row was changed behind the host: it hides no
/// other.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct UnreadableReply {
    id: Uuid,
    tenant_id: Uuid,
    name: String,
    problem: UnreadableProblem,
}

/// Why.
#[derive(serde::Serialize, ToSchema)]
struct UnreadableProblem {
    /// `secret-unreadable` or `warehouse-altered`.
    code: String,
    detail: String,
}

/// A warehouse as replies show it, without a secret.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct WarehouseReply {
    id: Uuid,
    tenant_id: Uuid,
    name: String,
    use_sts: bool,
    #[schema(value_type = Object)]
    storage_config: HashMap<String, Value>,
    vending_strategy: StrategyForm,
    allow_unscoped: bool,
    max_ttl_seconds: Option<u32>,
    base_location: String,
    created_at: String,
    updated_at: String,
    /// Why it is not used; only where it is not.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<UnreadableProblem>,
}
