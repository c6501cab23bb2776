//! Login and logout.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::TenantId;
use pangolin_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::api::users::{self, UserInfo};
use crate::audited::Event;
use crate::auth::login::{self, UnverifiedLogin};
use crate::auth::{Caller, Origin};
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(logout))
}

/// Name and password; no Debug, it holds the password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginRequest {
    username: String,
    password: String,
    /// Null or absent: Root.
    #[serde(default, rename = "tenant-id", alias = "tenant_id")]
    tenant_id: Option<Uuid>,
}

/// A token and whose it is.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LoginResponse {
    token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[serde(rename = "expires-at")]
    expires_at: String,
    tenant_id: Option<Uuid>,
    user: UserInfo,
}

/// Logs in: Root without a tenant, everybody else with the tenant's UUID.
#[utoipa::path(post, path = "/api/v1/users/login", tag = "session", security(()), request_body = LoginRequest,
    responses((status = 200, body = LoginResponse), (status = 401), (status = 429)))]
#[expect(clippy::disallowed_methods, reason = "the token is the reply")]
async fn login(
    State(state): State<AppState>,
    Origin(context): Origin,
    body: Body,
) -> Result<Json<LoginResponse>, ApiError> {
    let LoginRequest { username, password, tenant_id } = body.json_any_type()?;
    let attempt = UnverifiedLogin { username, password: Secret::from(password), tenant: tenant_id.map(TenantId) };
    let found = login::authenticate(&state, attempt, &context).await?;
    let principal = &found.principal;
    let seconds = state.config.limits.token_seconds;
    let (token, record) = found.issue(&state, principal.role, seconds).await?;
    Ok(Json(LoginResponse {
        token: token.expose().clone(),
        token_type: "Bearer",
        expires_in: seconds,
        expires_at: record.expires_at.to_rfc3339(),
        tenant_id: record.tenant_id.map(|tenant| tenant.0),
        user: users::info(&state, principal).await?,
    }))
}

/// Logs out: the token that was shown is revoked.
#[utoipa::path(post, path = "/api/v1/users/logout", tag = "session", responses((status = 204), (status = 401)))]
async fn logout(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, ApiError> {
    if let Some(token) = caller.principal.token_id {
        let event = Event::new("logout", "token").id(token.0).name(&caller.principal.username);
        let work = async {
            state.begin(&caller, &event).await?;
            Ok(state.store.revoke_token(token, state.clock.now()).await?)
        };
        state.attempt(&caller, &event, work).await?;
        state.record_success(&caller, event).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
