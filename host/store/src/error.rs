//! From the database's errors to the store's.

use pangolin_core::ports::StoreError;
use sqlx::error::ErrorKind;

/// A value in a row that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("column {column} does not hold what it should")]
pub(crate) struct BadColumn {
    pub(crate) column: &'static str,
    #[source]
    pub(crate) source: Box<dyn std::error::Error + Send + Sync>,
}

/// Anything that the caller could not have avoided, and what another writer caused.
pub(crate) fn backend(error: sqlx::Error) -> StoreError {
    if is_ended_for_another(&error) { StoreError::Conflict("the record") } else { StoreError::Backend(Box::new(error)) }
}

/// A failure that is not the database's own word.
pub(crate) fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Backend(error.into())
}

/// What is sealed in a row does not open.
pub(crate) fn unopened(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::SecretUnreadable(error.into())
}

/// An insert or update failed: `thing` exists already, or `parent` does not.
pub(crate) fn on_write(thing: &'static str, parent: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match kind(&error) {
        Some(ErrorKind::UniqueViolation) => StoreError::AlreadyExists(thing),
        Some(ErrorKind::ForeignKeyViolation) => StoreError::NotFound(parent),
        _ => backend(error),
    }
}

/// A delete failed because something refers to the row.
pub(crate) fn on_delete(in_use: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match kind(&error) {
        Some(ErrorKind::ForeignKeyViolation) => StoreError::InUse(in_use.to_owned()),
        _ => backend(error),
    }
}

/// Whether a unique key is taken.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    matches!(kind(error), Some(ErrorKind::UniqueViolation))
}

/// Whether PostgreSQL ended one of two transactions that wait for each other.
pub(crate) fn is_ended_for_another(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01"))
}

fn kind(error: &sqlx::Error) -> Option<ErrorKind> {
    error.as_database_error().map(sqlx::error::DatabaseError::kind)
}
