//! Tokens: issued to whoever knows the password or by an administrator; rotated; revoked.

mod issue;
mod revoke;
mod rotate;
mod wire;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(issue::create_token))
        .routes(routes!(rotate::rotate_token))
        .routes(routes!(revoke::delete_token))
        .routes(routes!(revoke::revoke_own_token))
        .routes(routes!(revoke::revoke_token))
        .routes(routes!(revoke::cleanup_tokens))
}
