//! Reading service users.

use axum::Json;
use axum::extract::State;

use super::wire::ServiceUserInfo;
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
use crate::path::Path;
use crate::state::AppState;

/// Lists the service users of the own tenant by name.
#[utoipa::path(get, path = "/api/v1/service-users", tag = "service-users",
    params(PageParams),
    responses((status = 200, body = Vec<ServiceUserInfo>), (status = 403)))]
pub(super) async fn list_service_users(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<ServiceUserInfo>>, ApiError> {
    let event = Event::new("list_service_users", "service_user");
    let tenant = state.attempt(&caller, &event, async { caller.require_tenant_admin() }).await?;
    let found = state.store.list_service_users(tenant, &page).await?;
    Ok(Json(found.into_iter().map(ServiceUserInfo::from).collect()))
}

/// Shows a service user.
#[utoipa::path(get, path = "/api/v1/service-users/{id}", tag = "service-users",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ServiceUserInfo), (status = 403), (status = 404)))]
pub(super) async fn get_service_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ServiceUserInfo>, ApiError> {
    let event = Event::new("get_service_user", "service_user").of_path(&id);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        super::find(&state, tenant, &id).await
    };
    Ok(Json(state.attempt(&caller, &event, work).await?.into()))
}
