//! From what is asked for to the thing that is meant, and whether the caller may revoke it.

use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{RevocationId, TenantId, UserId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::ports::{CatalogStore as _, StoreError};
use pangolin_core::record::User;
use pangolin_core::revocation::{Revocation, RevokedKind};
use uuid::Uuid;

use super::wire::{RevokeRequest, TableName};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Longest reason, in characters.
const MAX_REASON: usize = 512;

/// The action of the audit rows.
pub(super) fn action(kind: RevokedKind) -> &'static str {
    match kind {
        RevokedKind::Principal => "revoke_principal",
        RevokedKind::Warehouse => "revoke_warehouse",
        RevokedKind::Table => "revoke_table",
    }
}

/// What is asked for, by the names of the request; none: its body does not read.
pub(super) fn event(asked: Option<&RevokeRequest>) -> Event {
    let (kind, name) = match asked {
        Some(RevokeRequest { table: Some(table), .. }) => (RevokedKind::Table, Some(table.to_string())),
        Some(RevokeRequest { warehouse: Some(name), .. }) => (RevokedKind::Warehouse, Some(name.clone())),
        other => (RevokedKind::Principal, other.and_then(|asked| asked.principal.clone())),
    };
    Event::new(action(kind), "revocation").of_body(name.as_deref())
}

/// The revocation that is asked for.
pub(super) async fn wanted(
    state: &AppState,
    caller: &Caller,
    asked: Result<RevokeRequest, ApiError>,
) -> Result<Revocation, ApiError> {
    let own = caller.require_admin_or_root()?;
    let asked = asked?;
    let reason = reason(asked.reason.as_deref())?;
    let now = state.clock.now();
    match (asked.principal, asked.warehouse, asked.table) {
        (Some(principal), None, None) => {
            let user = principal_of(state, caller, own, &principal).await?;
            let name = user.username.clone();
            Ok(new(caller, user.tenant_id, now, reason, (RevokedKind::Principal, user.id.0, name)))
        }
        (None, Some(name), None) => {
            let tenant = data(own)?;
            let missing = || ApiError::not_found("warehouse");
            let named = match state.store.warehouse(tenant, &name).await {
                // What came of a warehouse that is used no more is still out.
                Err(StoreError::WarehouseAltered { .. }) => {
                    let stands = state.store.warehouse_as_stored(tenant, &name).await?;
                    stands.and_then(|stands| stands.shown).map(Arc::new)
                }
                found => found?,
            };
            let found = match named {
                Some(found) => found,
                None => {
                    let id: WarehouseId = name.parse().map_err(|_| missing())?;
                    state.store.warehouse_by_id(tenant, id).await?.ok_or_else(missing)?
                }
            };
            let target = (RevokedKind::Warehouse, found.id.0, found.name.clone());
            Ok(of_files(new(caller, tenant, now, reason, target), found.id, [&found.base]))
        }
        (None, None, Some(name)) => {
            let tenant = data(own)?;
            let missing = || ApiError::not_found("table");
            let named = name.to_string();
            let TableName { catalog, namespace, name } = name;
            let snapshot = state.store.catalog(tenant, &catalog).await?.ok_or_else(missing)?;
            let id = snapshot.catalog.id;
            let table = state.store.table(id, &namespace, &name).await?.ok_or_else(missing)?;
            let target = (RevokedKind::Table, table.id.0, named);
            Ok(of_files(new(caller, tenant, now, reason, target), snapshot.warehouse.id, table.locations()))
        }
        _ => Err(ApiError::unprocessable("", "name one of principal, warehouse and table")),
    }
}

/// Why something is revoked, as it goes into the trail.
pub(crate) fn reason(text: Option<&str>) -> Result<Option<String>, ApiError> {
    let reason = text.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|text| text.chars().count() > MAX_REASON || text.chars().any(char::is_control)) {
        let message = format!("at most {MAX_REASON} characters, none of them a control character");
        return Err(ApiError::unprocessable("reason", message));
    }
    Ok(reason.map(str::to_owned))
}

/// By identifier, or by name in the caller's tenant or the one that Root names.
async fn principal_of(state: &AppState, caller: &Caller, own: Option<TenantId>, asked: &str) -> Result<User, ApiError> {
    let missing = || ApiError::not_found("principal");
    let by_id: Option<UserId> = asked.parse().ok();
    if by_id == Some(UserId::ROOT) || by_id == Some(UserId::SYSTEM) {
        return Err(ApiError::bad_request("principal", "Root and the host itself cannot be revoked"));
    }
    let user = match by_id {
        Some(id) => state.store.user(id).await?,
        None => None,
    };
    let user = match (user, own.or(caller.named_tenant)) {
        (Some(user), _) => Some(user),
        (None, Some(tenant)) => state.store.user_by_name(tenant, asked).await?,
        (None, None) => None,
    };
    let user = user.filter(|user| own.is_none_or(|own| own == user.tenant_id)).ok_or_else(missing)?;
    if user.id == caller.principal.user_id {
        return Err(ApiError::bad_request("principal", "you cannot revoke yourself"));
    }
    Ok(user)
}

/// Root has no part in a tenant's data.
fn data(own: Option<TenantId>) -> Result<TenantId, ApiError> {
    own.ok_or_else(|| ApiError::forbidden("out of scope for Root: an administrator of the tenant revokes its data"))
}

fn new(
    caller: &Caller,
    tenant_id: TenantId,
    revoked_at: UnixMillis,
    reason: Option<String>,
    (kind, target, name): (RevokedKind, Uuid, String),
) -> Revocation {
    Revocation {
        id: RevocationId::generate(),
        tenant_id,
        kind,
        target,
        name,
        warehouse_id: None,
        locations: Vec::new(),
        reason,
        revoked_by: caller.principal.user_id,
        revoked_by_name: caller.principal.username.to_string(),
        revoked_at,
        lifted_by: None,
        lifted_at: None,
    }
}

fn of_files<'a>(
    revocation: Revocation,
    warehouse: WarehouseId,
    locations: impl IntoIterator<Item = &'a Location>,
) -> Revocation {
    let locations = locations.into_iter().cloned().collect();
    Revocation { warehouse_id: Some(warehouse), locations, ..revocation }
}
