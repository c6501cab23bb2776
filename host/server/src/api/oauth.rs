//! The OAuth2 token endpoint, as every Iceberg client's `credential=` uses it: client credentials
//! (RFC 6749 §4.4) and token exchange (RFC 8693), under each path at which clients look for it.

mod client;
mod client_credentials;
mod exchange;
mod fault;
mod form;
mod issue;
mod scope;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, header};
use pangolin_core::audit::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::client::Shown;
use self::fault::OAuthError;
use self::form::TokenForm;
use crate::auth::Origin;
use crate::body::Body;
use crate::error::ApiError;
use crate::state::AppState;

/// Larger bodies are no token requests.
const MAX_BODY_BYTES: usize = 64 * 1024;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    let of_catalog = routes!(token_of_catalog);
    // For clients whose URI ends in the catalog's name.
    let nested = of_catalog.2.clone();
    OpenApiRouter::new()
        .routes(routes!(token))
        .routes(of_catalog)
        .route("/v1/{prefix}/v1/oauth/tokens", nested)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// A token.
#[derive(Serialize, ToSchema)]
#[schema(as = OAuthTokenReply)]
struct TokenReply {
    access_token: String,
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    issued_token_type: &'static str,
    /// What was granted, in the words of the request.
    scope: String,
}

/// What nobody on the way keeps.
const NEVER_STORED: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

type Answer = Result<([(HeaderName, &'static str); 2], Json<TokenReply>), OAuthError>;

/// Gives a service user a token for its id and key, or a new token for an older one.
///
/// The client authenticates by `client_id` and `client_secret` in the form, or by HTTP Basic; the
/// secret is an API key. An exchange is also authenticated by the token itself as Bearer. `scope`
/// narrows: `PRINCIPAL_ROLE:<name>` to that role; `PRINCIPAL_ROLE:ALL` and `catalog` to nothing.
/// JSON with the same fields is read as well, whatever its content type says.
#[utoipa::path(post, path = "/v1/oauth/tokens", tag = "oauth", security(()),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenReply), (status = 400), (status = 401), (status = 413), (status = 429),
        (status = 500), (status = 503)))]
async fn token(
    State(state): State<AppState>,
    Origin(context): Origin,
    headers: HeaderMap,
    body: Result<Body, ApiError>,
) -> Answer {
    answer(&state, &context, &headers, body).await
}

/// The same: the catalog decides nothing.
#[utoipa::path(post, path = "/v1/{prefix}/oauth/tokens", tag = "oauth", security(()),
    params(("prefix" = String, Path)),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenReply), (status = 400), (status = 401), (status = 413), (status = 429),
        (status = 500), (status = 503)))]
async fn token_of_catalog(
    State(state): State<AppState>,
    Origin(context): Origin,
    headers: HeaderMap,
    body: Result<Body, ApiError>,
) -> Answer {
    answer(&state, &context, &headers, body).await
}

async fn answer(
    state: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    body: Result<Body, ApiError>,
) -> Answer {
    let form = TokenForm::read(headers, &body?)?;
    let shown = Shown::of(headers, &form)?;
    let reply = match form.grant_type()? {
        form::Grant::ClientCredentials => client_credentials::grant(state, context, &form, shown).await?,
        form::Grant::TokenExchange => exchange::grant(state, context, &form, shown).await?,
    };
    Ok((NEVER_STORED, Json(reply)))
}
