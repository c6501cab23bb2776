//! Changing one's own password: by whoever knows the one that stands.

use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::principal::AccountKind;
use pangolin_core::record::User;
use pangolin_core::secret::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::password::{check_password, secret_text};
use crate::audited::Event;
use crate::auth::{self, Caller, login};
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

/// Both passwords. No `Debug`: it holds them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The password that stands.
    #[serde(default, alias = "current-password", deserialize_with = "secret_text")]
    #[schema(value_type = String, required = true)]
    pub(super) current_password: Option<Secret<String>>,
    /// At least eight characters.
    #[serde(default, alias = "new-password", deserialize_with = "secret_text")]
    #[schema(value_type = String, required = true)]
    pub(super) new_password: Option<Secret<String>>,
}

/// Changes one's own password. All other sessions end; the one that asks goes on. Failures count
/// like failed logins.
#[utoipa::path(put, path = "/api/v1/users/me/password", tag = "users", request_body = ChangePassword,
    responses((status = 204), (status = 409, description = "an account without a password, or it was changed meanwhile"),
        (status = 422), (status = 429)))]
pub(super) async fn change_own_password(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("change_password", "user").id(caller.principal.user_id.0).name(&caller.principal.username);
    let ended = match change(&state, &caller, &event, &body).await {
        Ok(ended) => ended,
        Err(error) if matches!(error.status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) => {
            state.record_denied(&caller, event, &error).await?;
            return Err(error);
        }
        Err(error) if event.has_begun() => {
            state.record_failure(&caller, event, &error).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    state.record_success(&caller, event.metadata(serde_json::json!({ "sessions_ended": ended }))).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(state: &AppState, caller: &Caller, event: &Event, body: &Body) -> Result<u64, ApiError> {
    if caller.principal.narrowed {
        return Err(ApiError::forbidden(
            "a token that is narrowed to roles changes no password: use a session of a login",
        ));
    }
    if caller.principal.is_root() {
        return Err(of_root());
    }
    let none = || ApiError::unauthorised(auth::REFUSED);
    let user = state.store.user(caller.principal.user_id).await?.ok_or_else(none)?;
    require_password(&user)?;
    let asked: ChangePassword = body.json()?;
    let missing = |field| ApiError::unprocessable(field, "missing");
    let current = asked.current_password.ok_or_else(|| missing("current_password"))?;
    let new = asked.new_password.ok_or_else(|| missing("new_password"))?;
    check_password(&new, state.config.limits.min_password_length)?;
    require_current(state, caller, &user, current).await?;
    if state.passwords.verify(new.clone(), user.password_hash.clone()).await? {
        return Err(ApiError::unprocessable("new_password", "this is the password that you have"));
    }
    let hash = state.passwords.hash(new).await?;
    let kept = caller.principal.token_id;
    state.begin(caller, event).await?;
    Ok(state.store.change_password(&user, hash, kept, state.clock.now()).await?)
}

/// Root is not stored.
pub(super) fn of_root() -> ApiError {
    ApiError::forbidden("Root's password is set in the configuration: PANGOLIN_ROOT_PASSWORD")
}

fn require_password(user: &User) -> Result<(), ApiError> {
    let why = match user.kind {
        AccountKind::Person => return Ok(()),
        AccountKind::Service => "a service user has no password: its API key is rotated instead",
        AccountKind::External => "this account has no password here: it is changed where the account comes from",
    };
    Err(ApiError::new(StatusCode::CONFLICT, "no-password", why))
}

/// Whoever has a session and not the password guesses no faster than at the login.
async fn require_current(
    state: &AppState,
    caller: &Caller,
    user: &User,
    current: Secret<String>,
) -> Result<(), ApiError> {
    let keys = login::throttled(Some(user.tenant_id), &user.username, &caller.context);
    let _turn = state.throttle.enter(Some(user.tenant_id), &keys, &*state.clock).await?.map_err(ApiError::too_many)?;
    if state.passwords.verify(current, user.password_hash.clone()).await? {
        return Ok(());
    }
    state.throttle.failed(&keys, state.clock.now());
    Err(ApiError::new(StatusCode::FORBIDDEN, "current-password-wrong", "current_password is not the one that stands"))
}
