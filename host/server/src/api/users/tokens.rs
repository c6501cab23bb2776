//! The tokens of a user: that they exist, never the tokens themselves.

use axum::Json;
use axum::extract::State;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, TokenId, UserId};
use pangolin_core::record::TokenRecord;
use pangolin_store::OffsetPage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audited::Event;
use crate::auth::{Caller, own_token};
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
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

/// Lists the caller's tokens, the newest first; to a narrowed token itself and its chain. Those that
/// ended are listed for a day.
#[utoipa::path(get, path = "/api/v1/users/me/tokens", tag = "tokens", params(PageParams),
    responses((status = 200, body = Vec<TokenInfo>)))]
pub(super) async fn list_my_tokens(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    list_own(&state, &caller, &page).await
}

/// Lists a user's tokens, to the user itself and to whoever administers it.
#[utoipa::path(get, path = "/api/v1/users/{id}/tokens", tag = "tokens",
    params(("id" = uuid::Uuid, Path), PageParams),
    responses((status = 200, body = Vec<TokenInfo>), (status = 403), (status = 404)))]
pub(super) async fn list_tokens_of_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Paging(page): Paging,
) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    if id.parse() == Ok(caller.principal.user_id) {
        return list_own(&state, &caller, &page).await;
    }
    let event = Event::new("list_tokens_of_user", "user").of_path(&id);
    let own = state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    let user = super::find(&state, own, &id).await?;
    list(&state, user.id, None, &page).await
}

async fn list_own(state: &AppState, caller: &Caller, page: &OffsetPage) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    let kept_to = own_token::kept_to(state, &caller.principal).await?;
    list(state, caller.principal.user_id, kept_to, page).await
}

async fn list(
    state: &AppState,
    user: UserId,
    chain: Option<TokenId>,
    page: &OffsetPage,
) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    let now = state.clock.now();
    let tokens = state.store.list_tokens(user, chain, page).await?;
    Ok(Json(tokens.into_iter().map(|token| TokenInfo::of(token, now)).collect()))
}
