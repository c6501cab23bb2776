//! What a catalog may be called: its name is a path segment of the Iceberg API.

use crate::error::ApiError;

/// Segments that stand where a catalog's name does.
const RESERVED: [&str; 9] = ["v1", "config", "oauth", "namespaces", "tables", "views", "transactions", ".", ".."];

/// `[A-Za-z0-9_.-]`, 1 to 128 characters, and no word of the API.
pub(super) fn check_catalog_name(name: &str) -> Result<(), ApiError> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if !plain || !(1..=128).contains(&name.len()) {
        return Err(ApiError::unprocessable("name", "1 to 128 of the characters A-Z a-z 0-9 _ . -"));
    }
    if RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        return Err(ApiError::unprocessable("name", "this word is part of the API's paths: choose another name"));
    }
    Ok(())
}
