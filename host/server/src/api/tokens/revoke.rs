//! Revoking tokens, and forgetting those that have ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::TokenId;
use pangolin_core::principal::Principal;
use pangolin_core::record::TokenRecord;
use serde_json::json;

use super::wire::{Done, RevokeToken};
use crate::api::revocations::reason;
use crate::audited::Event;
use crate::auth::{Caller, own_token};
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// Revokes a token and all of its chain of exchanges: one's own, or as an administrator one of
/// the own tenant.
#[utoipa::path(delete, path = "/api/v1/tokens/{jti}", tag = "tokens", params(("jti" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
pub(super) async fn delete_token(
    State(state): State<AppState>,
    caller: Caller,
    Path(jti): Path<String>,
) -> Result<StatusCode, ApiError> {
    revoke(&state, &caller, &jti, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same as `DELETE /api/v1/tokens/{jti}`, with a reason.
#[utoipa::path(post, path = "/api/v1/auth/revoke/{jti}", tag = "tokens", params(("jti" = uuid::Uuid, Path)),
    request_body = Option<RevokeToken>,
    responses((status = 200, body = Done), (status = 403), (status = 404)))]
pub(super) async fn revoke_token(
    State(state): State<AppState>,
    caller: Caller,
    Path(jti): Path<String>,
    body: Body,
) -> Result<Json<Done>, ApiError> {
    revoke(&state, &caller, &jti, Some(&body)).await?;
    Ok(Json(Done { message: "Token revoked successfully.", count: None }))
}

/// Revokes the token that was shown.
#[utoipa::path(post, path = "/api/v1/auth/revoke", tag = "tokens", request_body = Option<RevokeToken>,
    responses((status = 200, body = Done), (status = 400, description = "no token was shown")))]
pub(super) async fn revoke_own_token(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<Json<Done>, ApiError> {
    let nothing = || ApiError::bad_request("", "these credentials are not a token of this host: nothing to revoke");
    let id = caller.principal.token_id.ok_or_else(nothing)?;
    revoke(&state, &caller, &id.to_string(), Some(&body)).await?;
    Ok(Json(Done { message: "Token revoked successfully. Please log in again.", count: None }))
}

/// Forgets tokens that have ended: Root of all tenants, an administrator of the own one. They are
/// not accepted in any case, but a client that shows its key may exchange them.
#[utoipa::path(post, path = "/api/v1/auth/cleanup-tokens", tag = "tokens",
    responses((status = 200, body = Done), (status = 403)))]
pub(super) async fn cleanup_tokens(State(state): State<AppState>, caller: Caller) -> Result<Json<Done>, ApiError> {
    let event = Event::new("cleanup_tokens", "token");
    let work = async {
        let own = caller.require_admin_or_root()?;
        state.begin(&caller, &event).await?;
        Ok((own, state.store.delete_tokens_expired_before(state.clock.now(), own).await?))
    };
    let (own, count) = state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event).await?;
    Ok(Json(Done { message: "Expired tokens removed.", count: own.is_none().then_some(count) }))
}

async fn revoke(state: &AppState, caller: &Caller, jti: &str, body: Option<&Body>) -> Result<(), ApiError> {
    let event = Event::new("revoke_token", "token").of_path(jti);
    let work = async {
        let token = find(state, &caller.principal, jti).await?;
        let reason = match body.filter(|body| !body.bytes().is_empty()) {
            Some(body) => reason(body.json::<RevokeToken>()?.reason.as_deref())?,
            None => None,
        };
        let concerned = event.clone().name(&token.username).tenant(token.tenant_id);
        state.begin(caller, &concerned).await?;
        state.store.revoke_token(token.id, state.clock.now()).await?;
        Ok((token, reason))
    };
    let (token, reason) = state.attempt(caller, &event, work).await?;
    let event = event.name(&token.username).tenant(token.tenant_id);
    state.record_success(caller, event.metadata(json!({"user_id": token.user_id, "reason": reason}))).await
}

/// A token that the caller may revoke. To others a token that exists and one that does not are
/// the same: a 403 for a plain user, a 404 for an administrator.
async fn find(state: &AppState, principal: &Principal, jti: &str) -> Result<Arc<TokenRecord>, ApiError> {
    let token = match jti.parse::<TokenId>() {
        Ok(id) => state.store.token(id).await?,
        Err(_) => None,
    };
    let kept_to = own_token::kept_to(state, principal).await?;
    if let Some(token) = token.filter(|token| may_revoke(principal, kept_to, token)) {
        return Ok(token);
    }
    if kept_to.is_some() {
        return Err(ApiError::forbidden("a token that is narrowed to roles revokes itself and what came of it alone"));
    }
    let administers = principal.is_root() || principal.tenant_id.is_some_and(|tenant| principal.is_admin_of(tenant));
    if administers {
        Err(ApiError::not_found("token"))
    } else {
        Err(ApiError::forbidden("only an administrator of the tenant may revoke the tokens of others"))
    }
}

/// `kept_to`: the chain of a narrowed token, which reaches no other.
pub(super) fn may_revoke(principal: &Principal, kept_to: Option<TokenId>, token: &TokenRecord) -> bool {
    let own = principal.user_id == token.user_id;
    match kept_to {
        Some(chain) => own && token.family == chain,
        None => own || principal.is_root() || token.tenant_id.is_some_and(|tenant| principal.is_admin_of(tenant)),
    }
}
