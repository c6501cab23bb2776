//! A new key for the old one.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use pangolin_core::id::ApiKeyId;
use pangolin_store::{KeyHash, NewApiKey};
use serde_json::json;

use super::wire::{RotateApiKey, RotatedApiKey};
use crate::audited::Event;
use crate::auth::{Caller, api_key};
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// Gives a service user a new key, which is shown once. The keys before it, and the service user's
/// tokens, end at once or after the time of grace.
#[utoipa::path(post, path = "/api/v1/service-users/{id}/rotate", tag = "service-users",
    params(("id" = uuid::Uuid, Path)), request_body = Option<RotateApiKey>,
    responses((status = 200, body = RotatedApiKey), (status = 403), (status = 404), (status = 422)))]
pub(super) async fn rotate_api_key(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<impl IntoResponse, ApiError> {
    let event = Event::new("rotate_api_key", "service_user").of_path(&id);
    let key = api_key::new_key();
    let new = NewApiKey { id: ApiKeyId::generate(), hash: KeyHash::of(&key) };
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let found = super::find(&state, tenant, &id).await?;
        if found.user.id == caller.principal.user_id && caller.principal.token_id.is_some() {
            // Whoever has a token and no more does not get the account for good.
            return Err(ApiError::forbidden("a service user rotates its own key by showing it as X-API-Key"));
        }
        let asked: RotateApiKey = if body.bytes().is_empty() { RotateApiKey::default() } else { body.json()? };
        let now = state.clock.now();
        let ends_at = now.plus_seconds(asked.grace()?);
        state.begin(&caller, &event).await?;
        state.store.rotate_api_key(found.user.id, &new, now, ends_at).await?;
        Ok((found, ends_at))
    };
    let (found, ends_at) = state.attempt(&caller, &event, work).await?;
    let metadata = json!({"key_id": new.id, "previous_ends_at": ends_at.to_rfc3339()});
    let event = event.id(found.user.id.0).name(&found.user.username).metadata(metadata);
    state.record_success(&caller, event).await?;
    let never_stored = [(header::CACHE_CONTROL, "no-store")];
    Ok((never_stored, Json(RotatedApiKey::of(found, &key, ends_at))))
}
