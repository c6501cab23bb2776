//! A warehouse whose stored secrets do not open, as the list shows it: by its name, so that it hides
//! no other; and as it is mended by new secrets, or deleted.

use std::sync::Arc;

use pangolin_core::id::TenantId;
use pangolin_core::ports::StoreError;
use pangolin_core::warehouse::Warehouse;
use pangolin_store::UnreadableWarehouse;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::state::AppState;

/// The warehouse; with the error and without its secrets, if those do not open.
pub(super) async fn find_to_change(
    state: &AppState,
    tenant: TenantId,
    name: &str,
) -> Result<(Arc<Warehouse>, Option<ApiError>), ApiError> {
    let not_found = || ApiError::not_found("warehouse");
    match state.store.warehouse(tenant, name).await {
        Err(error @ StoreError::SecretUnreadable(_)) => {
            let found = state.store.warehouse_without_secrets(tenant, name).await?.ok_or_else(not_found)?;
            Ok((Arc::new(found), Some(error.into())))
        }
        found => Ok((found?.ok_or_else(not_found)?, None)),
    }
}

/// The entry; why goes to the log.
pub(super) fn shown(tenant: TenantId, warehouse: UnreadableWarehouse) -> Value {
    let UnreadableWarehouse { id, name, cause } = warehouse;
    let error = ApiError::from(cause);
    tracing::error!(warehouse = %id, cause = error.cause, "a warehouse's secrets cannot be opened");
    json!({"id": id, "tenant_id": tenant, "name": name, "problem": {"code": error.code, "detail": error.detail}})
}
