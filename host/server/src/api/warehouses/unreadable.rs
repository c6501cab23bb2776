//! A warehouse that is not used: its stored secrets do not open, or its row was changed in the
//! database and not by the host. How it is shown, so that it hides no other, and how it is mended.

use std::sync::Arc;

use pangolin_core::id::TenantId;
use pangolin_core::ports::StoreError;
use pangolin_core::warehouse::{self, Warehouse};
use pangolin_store::{UnreadableWarehouse, WarehouseAsStored};
use serde_json::{Value, json};

use super::{judged, view};
use crate::error::ApiError;
use crate::state::AppState;

/// A warehouse as it is found to be changed or deleted.
pub(super) enum ToChange {
    /// As it should be.
    Readable(Arc<Warehouse>),
    /// Its secrets do not open and are not there; all else is the host's own.
    WithoutSecrets(Box<Warehouse>, ApiError),
    /// The row is not the host's own.
    Altered(Box<WarehouseAsStored>, ApiError),
}

/// The warehouse, whatever became of it.
pub(super) async fn find_to_change(state: &AppState, tenant: TenantId, name: &str) -> Result<ToChange, ApiError> {
    let not_found = || ApiError::not_found("warehouse");
    match state.store.warehouse(tenant, name).await {
        Err(error) if error.unusable_code().is_some() => {
            let found = state.store.warehouse_as_stored(tenant, name).await?.ok_or_else(not_found)?;
            match found {
                WarehouseAsStored { is_genuine: true, shown: Some(shown), .. } => {
                    Ok(ToChange::WithoutSecrets(Box::new(shown), error.into()))
                }
                found => Ok(ToChange::Altered(Box::new(found), error.into())),
            }
        }
        found => Ok(ToChange::Readable(found?.ok_or_else(not_found)?)),
    }
}

/// The warehouse with what is asked for.
pub(super) fn changed(state: &AppState, stored: ToChange, asked: &Value) -> Result<Warehouse, ApiError> {
    match stored {
        ToChange::Readable(stored) => judged::in_context(state, |context| warehouse::update(&stored, asked, context)),
        // Secrets that do not open are replaced, never dropped in silence.
        ToChange::WithoutSecrets(stored, error) => {
            let changed = judged::in_context(state, |context| warehouse::update(&stored, asked, context))?;
            if changed.secrets.is_empty() { Err(error) } else { Ok(changed) }
        }
        // Nothing is kept: whoever changed the row chose what new secrets would go to.
        ToChange::Altered(stored, error) => {
            let mut asked = asked.clone();
            if let Value::Object(body) = &mut asked {
                body.entry("name").or_insert_with(|| stored.name.clone().into());
            }
            let made =
                judged::in_context(state, |context| warehouse::create(&asked, stored.id, stored.tenant_id, context))
                    .map_err(|problems| ApiError {
                        detail: format!("{}: {}", error.detail, problems.detail),
                        ..problems
                    })?;
            Ok(Warehouse { revision: stored.revision, created_at: stored.created_at, ..made })
        }
    }
}

/// The reply for one warehouse. One that was changed in the database is shown as its row stands.
pub(super) async fn found_or_shown(state: &AppState, tenant: TenantId, name: &str) -> Result<Value, ApiError> {
    let not_found = || ApiError::not_found("warehouse");
    let cause = match state.store.warehouse(tenant, name).await {
        Err(cause @ StoreError::WarehouseAltered { .. }) => cause,
        found => return Ok(view(state, &*found?.ok_or_else(not_found)?)),
    };
    let found = state.store.warehouse_as_stored(tenant, name).await?.ok_or_else(not_found)?;
    let WarehouseAsStored { id, name, shown: stands, .. } = found;
    let mut entry = shown(tenant, UnreadableWarehouse { id, name, cause });
    if let (Some(stands), Value::Object(entry)) = (stands, &mut entry)
        && let Value::Object(definition) = view(state, &stands)
    {
        entry.extend(definition);
    }
    Ok(entry)
}

/// The entry; why goes to the log.
pub(super) fn shown(tenant: TenantId, warehouse: UnreadableWarehouse) -> Value {
    let UnreadableWarehouse { id, name, cause } = warehouse;
    let error = ApiError::from(cause);
    tracing::error!(warehouse = %id, cause = error.cause, code = error.code, "a warehouse cannot be used");
    json!({"id": id, "tenant_id": tenant, "name": name, "problem": {"code": error.code, "detail": error.detail}})
}
