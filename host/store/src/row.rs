//! Reading columns.

use std::str::FromStr;

use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::{BadColumn, broken};

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn bad(column: &'static str, source: impl Into<Cause>) -> StoreError {
    broken(BadColumn { column, source: source.into() })
}

/// Text.
pub(crate) fn text(row: &AnyRow, column: &'static str) -> Result<String, StoreError> {
    row.try_get(column).map_err(|e| bad(column, e))
}

/// Text or nothing.
pub(crate) fn opt_text(row: &AnyRow, column: &'static str) -> Result<Option<String>, StoreError> {
    row.try_get(column).map_err(|e| bad(column, e))
}

/// A number.
pub(crate) fn int(row: &AnyRow, column: &'static str) -> Result<i64, StoreError> {
    row.try_get(column).map_err(|e| bad(column, e))
}

/// A number or nothing.
pub(crate) fn opt_int(row: &AnyRow, column: &'static str) -> Result<Option<i64>, StoreError> {
    row.try_get(column).map_err(|e| bad(column, e))
}

/// A truth value, stored as a number.
pub(crate) fn flag(row: &AnyRow, column: &'static str) -> Result<bool, StoreError> {
    int(row, column).map(|value| value != 0)
}

/// An instant.
pub(crate) fn instant(row: &AnyRow, column: &'static str) -> Result<UnixMillis, StoreError> {
    int(row, column).map(UnixMillis)
}

/// An instant or nothing.
pub(crate) fn opt_instant(row: &AnyRow, column: &'static str) -> Result<Option<UnixMillis>, StoreError> {
    Ok(opt_int(row, column)?.map(UnixMillis))
}

/// A value with a text form: an identifier, a rank.
pub(crate) fn parsed<T>(row: &AnyRow, column: &'static str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: Into<Cause>,
{
    let text: &str = row.try_get(column).map_err(|e| bad(column, e))?;
    text.parse().map_err(|e: T::Err| bad(column, e))
}

/// The same or nothing.
pub(crate) fn opt_parsed<T>(row: &AnyRow, column: &'static str) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: Into<Cause>,
{
    let text: Option<&str> = row.try_get(column).map_err(|e| bad(column, e))?;
    text.map(|text| text.parse().map_err(|e: T::Err| bad(column, e))).transpose()
}

/// A document.
pub(crate) fn json<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    let text: &str = row.try_get(column).map_err(|e| bad(column, e))?;
    serde_json::from_str(text).map_err(|e| bad(column, e))
}

/// A document or nothing.
pub(crate) fn opt_json<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = row.try_get(column).map_err(|e| bad(column, e))?;
    text.map(|text| serde_json::from_str(text).map_err(|e| bad(column, e))).transpose()
}

/// A value whose JSON form is a bare word.
pub(crate) fn word<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    let text = text(row, column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(|e| bad(column, e))
}

/// The bare word of a value.
pub(crate) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value).map_err(broken)? {
        serde_json::Value::String(word) => Ok(word),
        other => Err(broken(format!("not a word: {other}"))),
    }
}

/// The text of a document.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(broken)
}
