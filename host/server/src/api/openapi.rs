//! The OpenAPI document, generated from the handlers.
//!
//! A handler's annotation says what is particular to it. What every route has in common, and the
//! form of every refusal, is added here.

mod common;
mod errors;

#[cfg(test)]
mod tests;

use axum::Json;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::errors::{IcebergFault, OAuthFault, Problem};
use crate::state::AppState;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Pangolin Host", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(Problem, IcebergFault, OAuthFault)),
    modifiers(&Schemes),
    security(("bearer" = []), ("api-key" = []))
)]
struct Document;

struct Schemes;

impl utoipa::Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let key = ApiKeyValue::with_description("X-API-Key", "the key of a service user");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("api-key", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// The document without paths; the router adds them.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document with what all routes have in common.
pub(crate) fn complete(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    common::complete(&mut document);
    document
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(openapi))
}

/// This document.
#[utoipa::path(get, path = "/api-docs/openapi.json", tag = "system", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    static WHOLE: std::sync::OnceLock<utoipa::openapi::OpenApi> = std::sync::OnceLock::new();
    Json(WHOLE.get_or_init(crate::router::openapi).clone())
}
