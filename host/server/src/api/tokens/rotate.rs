//! A new token for the old one.

use axum::Json;
use axum::extract::State;
use pangolin_core::record::TokenRecord;
use serde_json::json;

use super::wire::TokenReply;
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Revokes the token that was shown, and all that were exchanged for it or it for, and issues one
/// of the same rank, roles and length of life.
#[utoipa::path(post, path = "/api/v1/tokens/rotate", tag = "tokens",
    responses((status = 200, body = TokenReply), (status = 400, description = "no token was shown"), (status = 401)))]
pub(super) async fn rotate_token(State(state): State<AppState>, caller: Caller) -> Result<Json<TokenReply>, ApiError> {
    let nothing = || ApiError::bad_request("", "these credentials are not a token of this host: nothing to rotate");
    let old = caller.principal.token_id.ok_or_else(nothing)?;
    let ended = || ApiError::unauthorised("the token has just been revoked");
    let shown = state.store.token(old).await?.ok_or_else(ended)?;
    let seconds = (shown.expires_at.0 - shown.created_at.0) / 1000;
    let now = state.clock.now();
    let (token, record) = state.tokens.issue(&caller.principal, now, seconds)?;
    // In the chain of the old one, so that whoever revokes that reaches this; and no wider.
    let record = TokenRecord { family: shown.family, roles: shown.roles.clone(), ..record };
    let event = Event::new("rotate_token", "token").id(record.id.0).name(&record.username);
    let event = event.metadata(json!({ "revoked": old }));
    let work = async {
        state.begin(&caller, &event).await?;
        // The old one ends with it: two requests do not get two new ones.
        let replaced = state.store.replace_token(old, &record, now).await?;
        if replaced { Ok(()) } else { Err(ended()) }
    };
    state.attempt(&caller, &event, work).await?;
    state.record_success(&caller, event).await?;
    Ok(Json(TokenReply::of(&token, &record)))
}
