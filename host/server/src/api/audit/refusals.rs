//! Refused attempts at management resources leave a row too.

use axum::http::StatusCode;

use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

impl AppState {
    /// Does a piece of work. If it is refused, that is recorded as `event` before the caller
    /// gets the answer; a thing that is not there, or is another tenant's, is a failed attempt.
    pub(crate) async fn attempt<T>(
        &self,
        caller: &Caller,
        event: &Event,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let error = match work.await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error.status {
            StatusCode::FORBIDDEN => self.record_denied(caller, event.clone(), &error).await?,
            StatusCode::NOT_FOUND => self.record_failure(caller, event.clone(), &error).await?,
            // What has begun has an end.
            _ if event.has_begun() => self.record_failure(caller, event.clone(), &error).await?,
            _ => {}
        }
        Err(error)
    }
}
