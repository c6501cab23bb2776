//! A new service user with its first key.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{ApiKeyId, UserId};
use pangolin_core::principal::{AccountKind, UserRole};
use pangolin_core::record::User;
use pangolin_core::secret::Secret;
use pangolin_store::{KeyHash, NewApiKey, ServiceUser};
use serde_json::json;

use super::wire::{CreateServiceUser, CreatedServiceUser, check_description, end_of_days};
use crate::api::users::check_username;
use crate::audited::Event;
use crate::auth::{Caller, api_key};
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

/// Creates a service user. The reply has its key, which is shown once.
#[utoipa::path(post, path = "/api/v1/service-users", tag = "service-users", request_body = CreateServiceUser,
    responses((status = 201, body = CreatedServiceUser), (status = 403),
        (status = 409, description = "name taken, by a user or a service user"), (status = 422)))]
pub(super) async fn create_service_user(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<impl IntoResponse, ApiError> {
    let asked = body.json::<CreateServiceUser>();
    let name = asked.as_ref().ok().map(|asked| &*asked.name);
    let event = Event::new("create_service_user", "service_user").of_body(name);
    let (made, key, key_id) = state.attempt(&caller, &event, create(&state, &caller, &event, asked)).await?;
    let metadata = json!({"role": made.user.role, "key_id": key_id,
        "expires_at": made.expires_at.map(UnixMillis::to_rfc3339)});
    let event = event.id(made.user.id.0).name(&made.user.username).metadata(metadata);
    state.record_success(&caller, event).await?;
    let never_stored = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, never_stored, Json(CreatedServiceUser::of(&made, &key))))
}

async fn create(
    state: &AppState,
    caller: &Caller,
    event: &Event,
    asked: Result<CreateServiceUser, ApiError>,
) -> Result<(ServiceUser, Secret<String>, ApiKeyId), ApiError> {
    let tenant_id = caller.require_tenant_admin()?;
    let asked = asked?;
    let role = asked.role.unwrap_or(UserRole::TenantUser);
    if role == UserRole::Root {
        return Err(ApiError::forbidden("Root is set in the configuration: a service user is of a tenant"));
    }
    check_username("name", &asked.name)?;
    check_description(asked.description.as_deref())?;
    let now = state.clock.now();
    let made = ServiceUser {
        user: User {
            id: UserId::generate(),
            tenant_id,
            username: asked.name,
            email: None,
            role,
            kind: AccountKind::Service,
            external: None,
            password_hash: None,
            active: true,
            created_at: now,
            last_login: None,
        },
        description: asked.description,
        created_by: caller.principal.user_id,
        expires_at: end_of_days(asked.expires_in_days, now)?,
        last_used: None,
    };
    let key = api_key::new_key();
    let new = NewApiKey { id: ApiKeyId::generate(), hash: KeyHash::of(&key) };
    state.begin(caller, &event.clone().id(made.user.id.0).name(&made.user.username)).await?;
    state.store.create_service_user(&made, &new).await?;
    Ok((made, key, new.id))
}
