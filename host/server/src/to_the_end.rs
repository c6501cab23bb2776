//! A change goes to its end, whether or not its caller waits for it. Else whoever hangs up at the
//! right moment leaves a change without its row, or one half of it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use crate::error::ApiError;

/// Runs what may change something in a task of its own. What only reads ends with its caller.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let work = tokio::spawn(next.run(request).in_current_span());
    work.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The host ends.
        Err(error) => ApiError::internal(error).into_response(),
    })
}
