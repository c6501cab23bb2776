//! Changing and deleting users.

use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::UserId;
use pangolin_core::record::User;
use pangolin_store::UserChange;
use serde_json::json;

use super::own_password;
use super::password::check_password;
use super::wire::{UpdateUser, check_email};
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// Changes mail address, password or whether the user is active. A new password and
/// deactivation revoke all tokens of the user. One's own password is changed at
/// `PUT /api/v1/users/me/password` alone, by whoever knows the one that stands.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)),
    request_body = UpdateUser,
    responses((status = 200, description = "the text 'User updated'", body = String), (status = 400), (status = 403),
        (status = 404), (status = 422)))]
pub(super) async fn update_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<&'static str, ApiError> {
    let event = Event::new("update_user", "user").of_path(&id);
    let (user, changed) = state.attempt(&caller, &event, update(&state, &caller, &event, &id, &body)).await?;
    let event = event.id(user.id.0).name(&user.username).tenant(user.tenant_id);
    state.record_success(&caller, event.metadata(json!({"changed": changed}))).await?;
    Ok("User updated")
}

async fn update(
    state: &AppState,
    caller: &Caller,
    event: &Event,
    id: &str,
    body: &Body,
) -> Result<(User, Vec<&'static str>), ApiError> {
    let own = caller.require_admin_or_root()?;
    if caller.principal.is_root() && id.parse() == Ok(UserId::ROOT) {
        return Err(own_password::of_root());
    }
    let user = super::find_person(state, own, id).await?;
    let mut change = UserChange::default();
    let asked: UpdateUser = body.json()?;
    let mut changed = Vec::new();
    if let Some(email) = asked.email {
        check_email(&email)?;
        change.email = Some(email);
        changed.push("email");
    }
    if let Some(active) = asked.active {
        if !active && user.id == caller.principal.user_id {
            return Err(ApiError::bad_request("active", "you cannot deactivate yourself"));
        }
        change.active = Some(active);
        changed.push("active");
    }
    if let Some(password) = asked.password {
        if user.id == caller.principal.user_id {
            // Whoever has a session and no more does not get the account for good.
            return Err(ApiError::forbidden(
                "your own password is changed at PUT /api/v1/users/me/password, with current_password",
            ));
        }
        check_password(&password, state.config.limits.min_password_length)?;
        change.password_hash = Some(state.passwords.hash(password).await?);
        changed.push("password");
    }
    state.begin(caller, event).await?;
    state.store.update_user(user.tenant_id, user.id, &change).await?;
    Ok((user, changed))
}

/// Deletes a user; its tokens are revoked. Nobody deletes itself. A revoked account of an issuer stays:
/// it would be made again, and not be revoked, at the next token.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 400, description = "yourself"), (status = 403), (status = 404),
        (status = 409, description = "an account of an issuer that is revoked")))]
pub(super) async fn delete_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("delete_user", "user").of_path(&id);
    let work = async {
        let own = caller.require_admin_or_root()?;
        if id.parse() == Ok(caller.principal.user_id) {
            return Err(ApiError::bad_request("id", "you cannot delete yourself"));
        }
        let user = super::find_person(&state, own, &id).await?;
        state.begin(&caller, &event).await?;
        state.store.delete_user(user.id).await?;
        Ok(user)
    };
    let user = state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event.id(user.id.0).name(&user.username).tenant(user.tenant_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
