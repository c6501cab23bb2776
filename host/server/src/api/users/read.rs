//! Reading users.

use axum::Json;
use axum::extract::State;

use pangolin_core::principal::Principal;

use super::wire::{RoleOfToken, UserInfo};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
use crate::path::Path;
use crate::state::AppState;

/// Lists users by name: Root all, or those of the tenant in `X-Pangolin-Tenant`; an
/// administrator those of the own tenant.
#[utoipa::path(get, path = "/api/v1/users", tag = "users",
    params(PageParams),
    responses((status = 200, body = Vec<UserInfo>), (status = 403)))]
pub(super) async fn list_users(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<UserInfo>>, ApiError> {
    let event = Event::new("list_users", "user");
    let own = state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    let users = state.store.list_users(own.or(caller.named_tenant), &page).await?;
    Ok(Json(users.iter().map(UserInfo::from).collect()))
}

/// Shows the caller, and where its token is narrowed to roles, these.
#[utoipa::path(get, path = "/api/v1/users/me", tag = "users", responses((status = 200, body = UserInfo)))]
pub(super) async fn get_me(State(state): State<AppState>, caller: Caller) -> Result<Json<UserInfo>, ApiError> {
    let hint = state.issuers.hint(caller.principal.user_id);
    Ok(Json(info(&state, &caller.principal).await?.hinted(hint)))
}

/// A principal as replies show it; Root is not stored.
pub(crate) async fn info(state: &AppState, principal: &Principal) -> Result<UserInfo, ApiError> {
    let stored = state.store.user(principal.user_id).await?;
    // The rank of this request: claims of an issuer raise the stored one, a narrow token lowers it.
    let info =
        stored.as_ref().map_or_else(|| UserInfo::from(principal), |user| UserInfo::from(user).ranked(principal.role));
    if !principal.narrowed {
        return Ok(info);
    }
    let account = state.store.principal(principal.user_id).await?;
    let held = account.iter().flat_map(|account| account.held.iter());
    let roles = held.filter(|role| principal.roles.contains(&role.id));
    Ok(info.narrowed_to(roles.map(|role| RoleOfToken { id: role.id, name: role.name.clone() }).collect()))
}

/// Shows a user, to the user itself and to whoever administers it.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = UserInfo), (status = 403), (status = 404)))]
pub(super) async fn get_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<UserInfo>, ApiError> {
    if id.parse() == Ok(caller.principal.user_id) {
        return get_me(State(state), caller).await;
    }
    let event = Event::new("get_user", "user").of_path(&id);
    let own = state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    Ok(Json(UserInfo::from(&super::find_person(&state, own, &id).await?)))
}
