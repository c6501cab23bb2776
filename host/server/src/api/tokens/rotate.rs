//! A new token for the old one.

use axum::Json;
use axum::extract::State;
use serde_json::json;

use super::wire::TokenReply;
use crate::audited::Event;
use crate::auth::{Caller, login};
use crate::error::ApiError;
use crate::state::AppState;

/// Revokes the token that was shown and issues one of the same rank and length of life.
#[utoipa::path(post, path = "/api/v1/tokens/rotate", tag = "tokens",
    responses((status = 200, body = TokenReply), (status = 400, description = "no token was shown"), (status = 401)))]
pub(super) async fn rotate_token(State(state): State<AppState>, caller: Caller) -> Result<Json<TokenReply>, ApiError> {
    let nothing = || ApiError::bad_request("", "these credentials are not a token of this host: nothing to rotate");
    let old = caller.principal.token_id.ok_or_else(nothing)?;
    let ended = || ApiError::unauthorised("the token has just been revoked");
    let record = state.store.token(old).await?.ok_or_else(ended)?;
    // First the old one ends: two requests with it do not get two new ones.
    if !state.store.revoke_token(old, state.clock.now()).await? {
        return Err(ended());
    }
    let seconds = (record.expires_at.0 - record.created_at.0) / 1000;
    let (token, record) = login::issue(&state, &caller.principal, seconds).await?;
    let event = Event::new("rotate_token", "token").id(record.id.0).name(&record.username);
    state.record_success(&caller, event.metadata(json!({"revoked": old}))).await?;
    Ok(Json(TokenReply::of(&token, &record)))
}
