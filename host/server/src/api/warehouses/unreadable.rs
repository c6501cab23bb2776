//! A warehouse whose stored secrets do not open, as the list shows it: by its name, so that it hides
//! no other.

use pangolin_core::id::TenantId;
use pangolin_store::UnreadableWarehouse;
use serde_json::{Value, json};

use crate::error::ApiError;

/// The entry; why goes to the log.
pub(super) fn shown(tenant: TenantId, warehouse: UnreadableWarehouse) -> Value {
    let UnreadableWarehouse { id, name, cause } = warehouse;
    let error = ApiError::from(cause);
    tracing::error!(warehouse = %id, cause = error.cause, "a warehouse's secrets cannot be opened");
    json!({"id": id, "tenant_id": tenant, "name": name, "problem": {"code": error.code, "detail": error.detail}})
}
