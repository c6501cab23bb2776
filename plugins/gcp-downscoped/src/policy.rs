//! The Credential Access Boundary: what the scopes say, and nothing beyond. Pure.
//!
//! A token can do what the service account's own roles and this boundary both allow. One rule for
//! each role and directory; the roles are Google's, and none of them sets access control lists:
//!
//! - read: `objectViewer`, which gets and lists;
//! - write: `objectCreator` beside it. It cannot delete, so it cannot replace an object either;
//! - write and delete: `objectUser`, which reads as well.

use pangolin_plugin_sdk::{Access, ErrorKind, Scope, VendError};

mod document;
#[cfg(test)]
mod evaluator;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod tests;

use document::Document;

/// Google's bound on rules.
const MAX_RULES: usize = 10;
/// Google's bound on an expression, in characters.
const MAX_EXPRESSION: usize = 2_048;

const VIEWER: &str = "objectViewer";
const CREATOR: &str = "objectCreator";
const USER: &str = "objectUser";

/// A scope of Google Cloud Storage in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place<'a> {
    bucket: &'a str,
    /// With its trailing `/`; empty for the whole bucket.
    key: &'a str,
    access: Access,
}

/// Writes the boundary.
///
/// # Errors
/// There is no scope, or one that cannot be written. There is never a token without a boundary.
pub(crate) fn build(scopes: &[Scope]) -> Result<String, VendError> {
    let places = places(scopes)?;
    let mut document = Document::new();
    let mut rules = 0;
    for place in places {
        for role in roles(place.access) {
            let expression = expression(&place, role);
            let length = expression.chars().count();
            if length > MAX_EXPRESSION {
                return Err(too_large(format!(
                    "a condition has {length} characters, Google takes {MAX_EXPRESSION}: shorten the table's location"
                )));
            }
            document.rule(place.bucket, role, &expression);
            rules += 1;
        }
    }
    if rules > MAX_RULES {
        return Err(too_large(format!(
            "the access boundary has {rules} rules, Google takes {MAX_RULES}: keep write.data.path and \
             write.metadata.path inside the table's location"
        )));
    }
    Ok(document.finish())
}

fn too_large(message: String) -> VendError {
    VendError::unsupported("boundary-too-large", message)
}

/// The scopes in their parts, without those that lie within another of at least that access.
fn places(scopes: &[Scope]) -> Result<Vec<Place<'_>>, VendError> {
    let mut places: Vec<Place<'_>> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        let place = place(scope)?;
        if places.iter().any(|other| other.covers(&place)) {
            continue;
        }
        places.retain(|other| !place.covers(other));
        places.push(place);
    }
    if places.is_empty() {
        return Err(VendError::new(ErrorKind::Internal, "no-scope", "the request has no scope to limit the token to"));
    }
    Ok(places)
}

fn place(scope: &Scope) -> Result<Place<'_>, VendError> {
    let refused = |code, message: &str| VendError::unsupported(code, format!("{message}: {}", scope.location));
    let parts = scope
        .parts()
        .ok_or_else(|| refused("bad-location", "the location is not a directory such as gs://bucket/path/"))?;
    if parts.scheme != "gs" {
        return Err(refused("scheme-unsupported", "GcpDownscoped serves gs only"));
    }
    let is_bucket_character = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if !parts.authority.bytes().all(is_bucket_character) {
        return Err(refused("bad-location", "the location has no valid bucket name"));
    }
    if !scope.access.read {
        return Err(refused("access-unsupported", "a token without read is of no use to a table"));
    }
    if scope.access.delete && !scope.access.write {
        return Err(refused("access-unsupported", "Google has no role that deletes and does not write"));
    }
    Ok(Place { bucket: parts.authority, key: parts.key, access: scope.access })
}

impl Place<'_> {
    fn covers(&self, other: &Self) -> bool {
        self.bucket == other.bucket && other.key.starts_with(self.key) && self.access.union(other.access) == self.access
    }
}

fn roles(access: Access) -> &'static [&'static str] {
    match (access.write, access.delete) {
        (_, true) => &[USER],
        (true, false) => &[VIEWER, CREATOR],
        (false, false) => &[VIEWER],
    }
}

/// Names below the key, and listings below it for roles that list. The key ends in `/`, so that
/// `orders` never opens `orders2`.
fn expression(place: &Place<'_>, role: &str) -> String {
    let name = format!("projects/_/buckets/{}/objects/{}", place.bucket, place.key);
    let names = format!("resource.name.startsWith({})", literal(&name));
    if role == CREATOR {
        return names;
    }
    let listings =
        format!("api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith({})", literal(place.key));
    format!("{names} || {listings}")
}

/// The text as a CEL literal. Inside single quotes only the quote, the backslash and the ends of
/// lines mean something.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
