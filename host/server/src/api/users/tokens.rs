//! The tokens of a user: that they exist, never the tokens themselves.

use axum::Json;
use axum::extract::State;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, TokenId, UserId};
use pangolin_core::record::TokenRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// A token as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenInfo {
    /// The `jti` claim.
    #[schema(value_type = uuid::Uuid)]
    id: TokenId,
    #[schema(value_type = Option<uuid::Uuid>)]
    tenant_id: Option<TenantId>,
    #[schema(value_type = uuid::Uuid)]
    user_id: UserId,
    username: String,
    created_at: String,
    expires_at: String,
    /// Neither revoked nor expired.
    is_valid: bool,
}

impl TokenInfo {
    pub(super) fn of(token: TokenRecord, now: UnixMillis) -> Self {
        Self {
            id: token.id,
            tenant_id: token.tenant_id,
            user_id: token.user_id,
            created_at: token.created_at.to_rfc3339(),
            expires_at: token.expires_at.to_rfc3339(),
            is_valid: !token.is_revoked(now) && token.expires_at > now,
            username: token.username,
        }
    }
}

/// Lists the caller's tokens, the newest first.
#[utoipa::path(get, path = "/api/v1/users/me/tokens", tag = "tokens",
    responses((status = 200, body = Vec<TokenInfo>)))]
pub(super) async fn list_my_tokens(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    list(&state, caller.principal.user_id).await
}

/// Lists a user's tokens, to the user itself and to whoever administers it.
#[utoipa::path(get, path = "/api/v1/users/{id}/tokens", tag = "tokens", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Vec<TokenInfo>), (status = 403), (status = 404)))]
pub(super) async fn list_tokens_of_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    if id.parse() == Ok(caller.principal.user_id) {
        return list(&state, caller.principal.user_id).await;
    }
    let event = Event::new("list_tokens_of_user", "user").name(&id);
    let own = state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    let user = super::find(&state, own, &id).await?;
    list(&state, user.id).await
}

async fn list(state: &AppState, user: UserId) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    let now = state.clock.now();
    let tokens = state.store.list_tokens(user).await?;
    Ok(Json(tokens.into_iter().map(|token| TokenInfo::of(token, now)).collect()))
}
