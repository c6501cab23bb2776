//! A body comes as slowly as its sender likes, and who sends it may lose everything meanwhile. So it
//! is read before the route decides who asks and what that may do, and of nobody but those who are
//! let in already.

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::auth::context::request_context;
use crate::auth::is_let_in;
use crate::body::read;
use crate::state::AppState;

/// Marks a request whose sender was not let in, and whose body is still to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unread;

/// Reads the body of who is let in. The route asks again, with the body at hand.
pub(crate) async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let answer = |error: crate::error::ApiError| error.in_form_of(parts.uri.path());
    match is_let_in(&parts.headers, &request_context(&parts), &state).await {
        Err(error) => answer(error),
        Ok(true) => match read(Request::from_parts(parts.clone(), body), &state).await {
            Err(error) => answer(error),
            Ok(whole) => next.run(Request::from_parts(parts, Body::from(whole))).await,
        },
        Ok(false) => {
            parts.extensions.insert(Unread);
            next.run(Request::from_parts(parts, body)).await
        }
    }
}
