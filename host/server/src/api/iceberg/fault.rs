//! The status table of the catalog's errors.

use std::error::Error;

use axum::http::StatusCode;
use pangolin_catalog::{CatalogError, Refusal, StorageError};
use pangolin_core::strategy::StrategyErrorKind;
use pangolin_core::vend::VendError;

use crate::error::ApiError;
use crate::error::iceberg::IcebergError;

impl From<CatalogError> for IcebergError {
    fn from(error: CatalogError) -> Self {
        let (status, kind) = match &error {
            CatalogError::NoSuchCatalog(_) => (StatusCode::NOT_FOUND, "NoSuchWarehouseException"),
            CatalogError::NoSuchNamespace(_) => (StatusCode::NOT_FOUND, "NoSuchNamespaceException"),
            CatalogError::NoSuchTable(_) => (StatusCode::NOT_FOUND, "NoSuchTableException"),
            CatalogError::NamespaceExists(_) | CatalogError::TableExists(_) => {
                (StatusCode::CONFLICT, "AlreadyExistsException")
            }
            CatalogError::NamespaceNotEmpty(_) => (StatusCode::CONFLICT, "NamespaceNotEmptyException"),
            CatalogError::Forbidden(_) | CatalogError::Refused { .. } => (StatusCode::FORBIDDEN, "ForbiddenException"),
            // Not a 409: a client would take that for a commit to try again.
            CatalogError::Invalid(_) | CatalogError::LocationTaken | CatalogError::NothingToVend => {
                (StatusCode::BAD_REQUEST, "BadRequestException")
            }
            CatalogError::Contradiction(_) => (StatusCode::UNPROCESSABLE_ENTITY, "UnprocessableEntityException"),
            CatalogError::CommitConflict(_) => (StatusCode::CONFLICT, "CommitFailedException"),
            CatalogError::CommitUnknown(_) => (StatusCode::INTERNAL_SERVER_ERROR, "CommitStateUnknownException"),
            CatalogError::Corrupt(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
            CatalogError::Emit(_) => (StatusCode::BAD_GATEWAY, "BadGatewayException"),
            CatalogError::Storage(storage) => storage_status(storage),
            CatalogError::Vend(_) | CatalogError::Audit(_) | CatalogError::Store(_) => return passed_on(error),
        };
        let cause = error.source().map(|source| match source.source() {
            Some(deeper) => format!("{source}: {deeper}"),
            None => source.to_string(),
        });
        let answer = ApiError::new(status, error.code(), error.to_string());
        Self { error: ApiError { cause: cause.filter(|_| status.is_server_error()), ..answer }, kind: Some(kind) }
    }
}

/// Errors that the server's own table knows.
fn passed_on(error: CatalogError) -> IcebergError {
    match error {
        CatalogError::Vend(error) => {
            // A 409 that is no commit to try again and no name that is taken.
            let full = matches!(&error, VendError::Strategy(cause) if cause.kind == StrategyErrorKind::Exhausted);
            let answer: IcebergError = error.into();
            IcebergError { kind: if full { Some("ResourceExhaustedException") } else { answer.kind }, ..answer }
        }
        CatalogError::Audit(error) => error.into(),
        CatalogError::Store(error) => error.into(),
        other => ApiError::internal(other).into(),
    }
}

/// Nothing is committed when the storage fails: a 503 says so, where clients take another 5xx
/// for a commit whose outcome is not known.
fn storage_status(error: &StorageError) -> (StatusCode, &'static str) {
    match error {
        StorageError::LocalDisabled
        | StorageError::LocalOutside(_)
        | StorageError::Unsupported(_)
        | StorageError::Settings(_)
        | StorageError::Missing(_)
        | StorageError::NoBucket(_)
        | StorageError::TooLarge(_) => (StatusCode::BAD_REQUEST, "BadRequestException"),
        // A clock that is off is the host's own fault, and gone when the clock is right.
        StorageError::Refused { why: Refusal::Clock, .. }
        | StorageError::Throttled { .. }
        | StorageError::Unreachable(_)
        | StorageError::Failed { .. } => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException"),
        StorageError::Refused { .. } => (StatusCode::FORBIDDEN, "ForbiddenException"),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http_body_util::BodyExt as _;
    use pangolin_core::strategy::StrategyError;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn no_room_upstream_is_a_conflict_but_no_commit_that_failed() {
        let full = StrategyError {
            retry_after_ms: Some(1_500),
            ..StrategyError::new(StrategyErrorKind::Exhausted, "key-limit", "two keys are there")
        };
        let answer = IcebergError::from(CatalogError::Vend(VendError::Strategy(full))).into_response();
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(answer.headers()["retry-after"], "2");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["type"], json!("ResourceExhaustedException"));
        assert_eq!(body["error"]["reason"], json!("key-limit"));
    }
}
