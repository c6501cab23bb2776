//! A new user.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::principal::{AccountKind, UserRole};
use pangolin_core::record::User;
use serde_json::json;

use super::password::check_password;
use super::wire::{CreateUser, UserInfo, check_email};
use crate::api::tenants::check_name;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

/// The name that the host has as a principal.
const SYSTEM: &str = "system";

/// Creates a user: Root in any tenant, an administrator in the own one.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = CreateUser,
    responses((status = 201, body = UserInfo), (status = 400, description = "no tenant or no password"),
        (status = 403), (status = 404, description = "no such tenant"), (status = 409, description = "name taken"),
        (status = 422)))]
pub(super) async fn create_user(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<UserInfo>), ApiError> {
    let asked = body.json::<CreateUser>();
    let event = Event::new("create_user", "user").of_body(asked.as_ref().ok().map(|asked| &*asked.username));
    let user = state.attempt(&caller, &event, create(&state, &caller, &event, asked)).await?;
    let event = event.id(user.id.0).name(&user.username).tenant(user.tenant_id);
    state.record_success(&caller, event.metadata(json!({"role": user.role}))).await?;
    Ok((StatusCode::CREATED, Json(UserInfo::from(&user))))
}

async fn create(
    state: &AppState,
    caller: &Caller,
    event: &Event,
    asked: Result<CreateUser, ApiError>,
) -> Result<User, ApiError> {
    let own = caller.require_admin_or_root()?;
    let asked = asked?;
    if asked.role == UserRole::Root {
        return Err(ApiError::forbidden("Root is set in the configuration and cannot be created"));
    }
    let tenant_id = tenant_of(own, asked.tenant_id, caller.named_tenant)?;
    check_username("username", &asked.username)?;
    asked.email.as_deref().map_or(Ok(()), check_email)?;
    let password = asked.password.ok_or_else(|| ApiError::bad_request("password", "a user needs a password"))?;
    check_password(&password, state.config.limits.min_password_length)?;
    let user = User {
        id: UserId::generate(),
        tenant_id,
        username: asked.username,
        email: asked.email,
        role: asked.role,
        kind: AccountKind::Person,
        external: None,
        password_hash: Some(state.passwords.hash(password).await?),
        active: true,
        created_at: state.clock.now(),
        last_login: None,
    };
    state.begin(caller, &event.clone().id(user.id.0).name(&user.username).tenant(tenant_id)).await?;
    state.store.create_user(&user).await?;
    Ok(user)
}

/// What users and service users may be called.
pub(crate) fn check_username(field: &str, name: &str) -> Result<(), ApiError> {
    check_name(field, name)?;
    // Strategies that mint for the caller's own identity know the host by this name.
    if name.eq_ignore_ascii_case(SYSTEM) {
        return Err(ApiError::unprocessable(field, "this name is the host's own: choose another"));
    }
    Ok(())
}

/// The tenant of the new user, from the caller's own, the body and Root's header.
pub(super) fn tenant_of(
    own: Option<TenantId>,
    asked: Option<TenantId>,
    named: Option<TenantId>,
) -> Result<TenantId, ApiError> {
    match own {
        Some(own) if asked.is_none_or(|asked| asked == own) => Ok(own),
        Some(_) => Err(ApiError::forbidden("users can be created in your own tenant only")),
        None => match (asked, named) {
            (Some(asked), Some(named)) if asked != named => {
                Err(ApiError::bad_request("tenant_id", "the body and X-Pangolin-Tenant name different tenants"))
            }
            _ => asked.or(named).ok_or_else(|| ApiError::bad_request("tenant_id", "name the tenant of the new user")),
        },
    }
}
