//! A new token, in both documented forms.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use pangolin_core::audit::RequestContext;
use pangolin_core::id::TenantId;
use pangolin_core::principal::Principal;
use pangolin_core::record::TokenRecord;
use pangolin_core::secret::Secret;
use pangolin_store::Basis;
use serde_json::{Value, json};

use super::wire::{TokenReply, TokenRequest};
use crate::audited::Event;
use crate::auth::login::{self, UnverifiedLogin};
use crate::auth::tokens::within;
use crate::auth::{self, Caller, Origin};
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

/// Issues a token: to whoever knows the password, without other credentials; or by an
/// administrator for a user of the own tenant.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenRequest,
    security((), ("bearer" = []), ("api-key" = [])),
    responses((status = 200, body = TokenReply), (status = 400), (status = 401), (status = 403),
        (status = 404, description = "no such user"), (status = 422), (status = 429)))]
pub(super) async fn create_token(
    State(state): State<AppState>,
    caller: Result<Caller, Response>,
    Origin(context): Origin,
    body: Body,
) -> Result<Json<TokenReply>, Response> {
    let reply = if carries_password(&body) {
        by_password(&state, context, &body).await
    } else {
        let caller = caller?;
        by_administrator(&state, &caller, &body).await
    };
    reply.map(Json).map_err(IntoResponse::into_response)
}

/// Whether the body has credentials of its own; every other body needs a caller first.
fn carries_password(body: &Body) -> bool {
    body.json_any_type::<Value>().is_ok_and(|body| body.get("password").is_some_and(|given| !given.is_null()))
}

async fn by_password(state: &AppState, context: RequestContext, body: &Body) -> Result<TokenReply, ApiError> {
    let asked: TokenRequest = body.json_any_type()?;
    let tenant = asked.tenant()?;
    let default = state.config.limits.token_seconds;
    let seconds = asked.seconds(default)?;
    if seconds > default {
        let message = format!("at most {} here: an administrator issues longer tokens", default / 3600);
        return Err(ApiError::unprocessable("expires_in_hours", message));
    }
    let missing = |field| ApiError::unprocessable(field, "missing");
    let username = asked.username.clone().ok_or_else(|| missing("username"))?;
    let password = asked.password.clone().ok_or_else(|| missing("password"))?;
    let found = login::authenticate(state, UnverifiedLogin { username, password, tenant }, &context).await?;
    let caller = Caller { principal: found.principal.clone(), context, named_tenant: None };
    let issued = found.issue(state, asked.rank(found.principal.role)?, seconds).await?;
    recorded(state, &caller, Event::new("create_token", "token"), issued).await
}

async fn by_administrator(state: &AppState, caller: &Caller, body: &Body) -> Result<TokenReply, ApiError> {
    // Read before the rights are decided, and judged after.
    let asked = body.json_any_type::<TokenRequest>();
    let named = asked.as_ref().ok().and_then(|asked| asked.username.as_deref());
    let event = Event::new("create_token", "token").name(named.unwrap_or(&caller.principal.username));
    let work = async {
        let own = caller.require_admin_or_root()?;
        let asked = asked?;
        let seconds = asked.seconds(state.config.limits.token_seconds)?;
        let principal = subject(state, caller, own, &asked).await?;
        // The rank asked for is that of the token.
        let principal = Principal { role: asked.rank(principal.role)?, ..principal };
        // One's own token rests on what was shown, and ends with that if it is to end.
        let own = principal.user_id == caller.principal.user_id;
        let (basis, seconds) = match (own, caller.principal.token_id) {
            (false, _) => (None, seconds),
            (true, Some(shown)) => (Some(Basis::Token(shown)), seconds),
            // A key, or another issuer's token.
            (true, None) => (None, within(caller.principal.token_expires_at, state.clock.now(), seconds)),
        };
        state.begin(caller, &event).await?;
        let issued = login::issue(state, &principal, seconds, basis).await?;
        issued.ok_or_else(|| ApiError::unauthorised("the token has just been revoked"))
    };
    let issued = state.attempt(caller, &event, work).await?;
    recorded(state, caller, event, issued).await
}

/// Whose token an administrator asks for.
async fn subject(
    state: &AppState,
    caller: &Caller,
    own: Option<TenantId>,
    asked: &TokenRequest,
) -> Result<Principal, ApiError> {
    let Principal { username, .. } = &caller.principal;
    let for_oneself = asked.username.as_deref().is_none_or(|asked| asked == &**username);
    let tenant = asked.tenant()?;
    let Some(own) = own else {
        // Root has no rights on data, and so makes no token that would have them.
        return if for_oneself && tenant.is_none() {
            Ok(caller.principal.clone())
        } else {
            Err(ApiError::forbidden("out of scope for Root: an administrator of the tenant issues its users' tokens"))
        };
    };
    if tenant.is_some_and(|tenant| tenant != own) {
        return Err(ApiError::forbidden("tokens can be issued in your own tenant only"));
    }
    let Some(name) = asked.username.as_deref().filter(|_| !for_oneself) else {
        return Ok(caller.principal.clone());
    };
    let user = state.store.user_by_name(own, name).await?.ok_or_else(|| ApiError::not_found("user"))?;
    let principal = auth::load(state, user.id).await?;
    principal.ok_or_else(|| ApiError::unprocessable("username", "this user is not active"))
}

/// Records and answers.
async fn recorded(
    state: &AppState,
    caller: &Caller,
    event: Event,
    (token, record): (Secret<String>, TokenRecord),
) -> Result<TokenReply, ApiError> {
    let metadata =
        json!({"user_id": record.user_id, "role": record.role, "expires_at": record.expires_at.to_rfc3339()});
    let event = event.id(record.id.0).name(&record.username).metadata(metadata);
    state.record_success(caller, event).await?;
    Ok(TokenReply::of(&token, &record))
}
