//! Users: Root everywhere, a tenant's administrator in the own tenant, a user nobody but itself.

mod change;
mod create;
mod own_password;
mod password;
mod read;
mod roles;
mod tokens;
mod wire;

#[cfg(test)]
mod tests;

use pangolin_core::id::{TenantId, UserId};
use pangolin_core::principal::AccountKind;
use pangolin_core::record::User;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::create::check_username;
pub(crate) use self::password::secret_text;
pub(crate) use self::read::info;
pub(crate) use self::wire::UserInfo;
use crate::error::ApiError;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list_users, create::create_user))
        .routes(routes!(read::get_me))
        .routes(routes!(own_password::change_own_password))
        .routes(routes!(read::get_user, change::update_user, change::delete_user))
        .routes(routes!(roles::list_roles_of_user, roles::assign_role))
        .routes(routes!(roles::unassign_role))
        .routes(routes!(tokens::list_my_tokens))
        .routes(routes!(tokens::list_tokens_of_user))
}

/// A user that the caller administers: of tenant `own`, or any if there is none. A foreign user
/// is as one that never was.
async fn find(state: &AppState, own: Option<TenantId>, id: &str) -> Result<User, ApiError> {
    let missing = || ApiError::not_found("user");
    let id: UserId = id.parse().map_err(|_| missing())?;
    let user = state.store.user(id).await?.ok_or_else(missing)?;
    if own.is_none_or(|own| own == user.tenant_id) { Ok(user) } else { Err(missing()) }
}

/// The same without service users: they have routes of their own.
async fn find_person(state: &AppState, own: Option<TenantId>, id: &str) -> Result<User, ApiError> {
    let user = find(state, own, id).await?;
    if user.kind == AccountKind::Service { Err(ApiError::not_found("user")) } else { Ok(user) }
}
