//! Service users: programs of a tenant, with keys instead of a password. The tenant's
//! administrators make them; Root stays out. Roles and permissions are given to them as to people.

mod change;
mod create;
mod read;
mod rotate;
mod wire;

#[cfg(test)]
mod tests;

use pangolin_core::id::{TenantId, UserId};
use pangolin_store::ServiceUser;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list_service_users, create::create_service_user))
        .routes(routes!(read::get_service_user, change::update_service_user, change::delete_service_user))
        .routes(routes!(rotate::rotate_api_key))
}

/// A service user of the caller's tenant. A foreign one is as one that never was.
async fn find(state: &AppState, tenant: TenantId, id: &str) -> Result<ServiceUser, ApiError> {
    let missing = || ApiError::not_found("service user");
    let id: UserId = id.parse().map_err(|_| missing())?;
    state.store.service_user(tenant, id).await?.ok_or_else(missing)
}
