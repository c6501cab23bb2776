//! Grants name things of the own tenant only.

use std::collections::HashSet;

use pangolin_core::id::{CatalogId, TableId, TenantId};
use pangolin_core::permission::{Grant, PermissionScope};
use pangolin_core::ports::CatalogStore;

use crate::error::ApiError;
use crate::state::AppState;

/// Refuses grants without actions and grants on a catalog or a table that is not the tenant's.
pub(crate) async fn check_grants(state: &AppState, tenant: TenantId, grants: &[Grant]) -> Result<(), ApiError> {
    if grants.iter().any(|grant| grant.actions.is_empty()) {
        return Err(ApiError::unprocessable("actions", "name at least one action"));
    }
    if grants.iter().all(|grant| catalog_of(&grant.scope).is_none()) {
        return Ok(());
    }
    let own: HashSet<CatalogId> =
        crate::api::catalogs::all(state, tenant).await?.into_iter().map(|catalog| catalog.id).collect();
    for grant in grants {
        if catalog_of(&grant.scope).is_some_and(|catalog| !own.contains(&catalog)) {
            return Err(ApiError::not_found("catalog"));
        }
        if let PermissionScope::Asset { catalog_id, namespace, asset_id } = &grant.scope {
            let table = state.store.table_by_id(*catalog_id, TableId(*asset_id)).await?;
            let table = table.ok_or_else(|| ApiError::not_found("table"))?;
            if table.namespace != *namespace {
                let message = "the table lies in another namespace of this catalog";
                return Err(ApiError::unprocessable("scope.namespace", message));
            }
        }
    }
    Ok(())
}

/// The catalog that a scope names.
pub(super) fn catalog_of(scope: &PermissionScope) -> Option<CatalogId> {
    match scope {
        PermissionScope::Tenant => None,
        PermissionScope::Catalog { catalog_id }
        | PermissionScope::Namespace { catalog_id, .. }
        | PermissionScope::Asset { catalog_id, .. } => Some(*catalog_id),
    }
}
