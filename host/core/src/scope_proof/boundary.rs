//! Proof that a Credential Access Boundary of Google Cloud opens nothing beyond the scopes.
//!
//! The check understands a small part of the boundary language and refuses everything else:
//!
//! - Every rule names one bucket of a scope, roles from a fixed list ([`roles`]) and a condition.
//!   Custom roles may hold anything and are refused.
//! - A condition is `resource.name.startsWith('projects/_/buckets/B/objects/KEY/')` and
//!   `api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('KEY/')`, joined
//!   by `||` and `&&` ([`cel`]). Each alternative keeps to a directory inside a scope that has the
//!   access of every role of the rule. `KEY` without its `/` is refused: `orders` is also the
//!   beginning of `orders2`.
//! - At most ten rules, and 2,048 characters of an expression, as Google takes them.

mod cel;
mod roles;
#[cfg(test)]
mod tests;

use self::cel::Atom;
use super::json::Json;
use super::too_wide::{TooWide, shown};
use crate::access::{Access, Scope};

/// More than ten rules of the longest kind; a bound for the parser.
const MAX_BYTES: usize = 64 * 1024;
/// Google's bound.
const MAX_RULES: usize = 10;
/// Google's bound, in characters.
const MAX_EXPRESSION: usize = 2_048;

const RESOURCE: &str = "//storage.googleapis.com/projects/_/buckets/";
const ROLE: &str = "inRole:";

/// An access boundary that was checked. Made by [`access_boundary`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundaryProof(String);

impl BoundaryProof {
    /// The boundary as it was checked, and as it is to be sent.
    #[must_use]
    pub fn boundary(&self) -> &str {
        &self.0
    }
}

/// Why an access boundary was refused: it is wider than what was authorised, or not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundaryTooWide {
    /// Not a boundary that the host reads.
    #[error("the access boundary cannot be read: {0}")]
    Malformed(String),
    /// A member that the host does not know.
    #[error("the access boundary has '{key}' in {place}, which the host does not know")]
    Key {
        /// The member.
        key: String,
        /// Where it stands.
        place: &'static str,
    },
    /// No rule would be no boundary.
    #[error("the access boundary must have 1 to {MAX_RULES} rules, it has {0}")]
    Rules(usize),
    /// Another resource than a bucket of the scopes.
    #[error("the access boundary names '{0}', which is not the bucket of anything that was authorised")]
    Resource(String),
    /// A role that no access includes, or whose content the host does not know.
    #[error("the access boundary allows '{0}', which no table access includes")]
    Role(String),
    /// A rule that opens its whole bucket.
    #[error("the access boundary has a rule without a condition: it would open the whole bucket")]
    Unlimited,
    /// A condition beyond the language that the host understands.
    #[error("the access boundary has a condition that the host does not understand: {0}")]
    Condition(String),
    /// A directory outside the scopes, or with rights that the scope does not have.
    #[error("the access boundary allows {access} below '{prefix}', which was not authorised")]
    Prefix {
        /// The access of the rule's roles.
        access: &'static str,
        /// What the condition says.
        prefix: String,
    },
}

impl From<TooWide> for BoundaryTooWide {
    fn from(error: TooWide) -> Self {
        Self::Malformed(match error {
            TooWide::Malformed(what) => what,
            other => other.to_string(),
        })
    }
}

/// Checks that an access boundary opens nothing beyond the scopes.
///
/// # Errors
/// [`BoundaryTooWide`] says which part is wider, or not understood.
pub fn access_boundary(json: &str, scopes: &[Scope]) -> Result<BoundaryProof, BoundaryTooWide> {
    if json.len() > MAX_BYTES {
        return Err(BoundaryTooWide::Malformed("it is longer than 64 KiB".to_owned()));
    }
    let [boundary] = members(Json::parse(json)?, "the boundary", ["accessBoundary"])?;
    let [rules] = members(required(boundary, "accessBoundary")?, "accessBoundary", ["accessBoundaryRules"])?;
    let rules = list(required(rules, "accessBoundaryRules")?, "accessBoundaryRules")?;
    if !(1..=MAX_RULES).contains(&rules.len()) {
        return Err(BoundaryTooWide::Rules(rules.len()));
    }
    for rule in rules {
        check_rule(rule, scopes)?;
    }
    Ok(BoundaryProof(json.to_owned()))
}

fn check_rule(rule: Json, scopes: &[Scope]) -> Result<(), BoundaryTooWide> {
    let names = ["availableResource", "availablePermissions", "availabilityCondition"];
    let [resource, permissions, condition] = members(rule, "a rule", names)?;
    let resource = required(resource, "availableResource")?.into_text("availableResource")?;
    let bucket = resource
        .strip_prefix(RESOURCE)
        .filter(|bucket| scopes.iter().any(|scope| is_bucket_of(scope, bucket)))
        .ok_or_else(|| BoundaryTooWide::Resource(shown(&resource)))?;

    let mut access = Access::NONE;
    let permissions = list(required(permissions, "availablePermissions")?, "availablePermissions")?;
    if permissions.is_empty() {
        return Err(BoundaryTooWide::Malformed("availablePermissions is empty".to_owned()));
    }
    for permission in permissions {
        let text = permission.into_text("availablePermissions")?;
        let of_role = text.strip_prefix(ROLE).and_then(roles::access);
        access = union(access, of_role.ok_or_else(|| BoundaryTooWide::Role(shown(&text)))?);
    }

    let condition = condition.ok_or(BoundaryTooWide::Unlimited)?;
    let [expression, title, description] =
        members(condition, "availabilityCondition", ["expression", "title", "description"])?;
    for (text, name) in [(title, "title"), (description, "description")] {
        text.map(|text| text.into_text(name)).transpose()?;
    }
    let expression = expression.ok_or(BoundaryTooWide::Unlimited)?.into_text("expression")?;
    check_expression(&expression, bucket, access, scopes)
}

fn check_expression(text: &str, bucket: &str, access: Access, scopes: &[Scope]) -> Result<(), BoundaryTooWide> {
    let not_understood = || BoundaryTooWide::Condition(shown(text));
    if text.chars().count() > MAX_EXPRESSION {
        return Err(BoundaryTooWide::Condition(format!("it is longer than {MAX_EXPRESSION} characters")));
    }
    for alternative in cel::parse(text).ok_or_else(not_understood)? {
        // All of an alternative hold at once, so one that keeps inside is enough.
        let inside = alternative.iter().any(|atom| is_within(atom, bucket, access, scopes));
        if !inside {
            let widest = alternative.first().map(Atom::prefix).unwrap_or_default();
            return Err(BoundaryTooWide::Prefix { access: access.describe(), prefix: shown(widest) });
        }
    }
    Ok(())
}

/// Whether what the atom lets through lies in a scope of the bucket with at least that access.
fn is_within(atom: &Atom, bucket: &str, access: Access, scopes: &[Scope]) -> bool {
    let key = match atom {
        Atom::Name(name) => name.strip_prefix(&format!("projects/_/buckets/{bucket}/objects/")),
        Atom::ListPrefix(prefix) => Some(prefix.as_str()),
    };
    key.is_some_and(|key| {
        is_directory(key)
            && scopes.iter().any(|scope| {
                let own = scope.location.key();
                let below = own.is_empty() || key.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'));
                is_bucket_of(scope, bucket) && scope.access.covers(access) && below
            })
    })
}

/// A key that ends in `/` and means one directory to every client; the bucket itself is empty.
fn is_directory(key: &str) -> bool {
    let Some(path) = key.strip_suffix('/') else { return key.is_empty() };
    !key.contains('\\')
        && !key.chars().any(char::is_control)
        && path.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Bucket names of locations are plain, so equality is all there is to it.
fn is_bucket_of(scope: &Scope, bucket: &str) -> bool {
    scope.location.scheme() == "gs" && scope.location.authority() == bucket
}

fn union(one: Access, other: Access) -> Access {
    Access { read: one.read || other.read, write: one.write || other.write, delete: one.delete || other.delete }
}

/// The members of an object by these names, and no others.
fn members<const N: usize>(
    json: Json,
    place: &'static str,
    names: [&str; N],
) -> Result<[Option<Json>; N], BoundaryTooWide> {
    let mut found = [const { None }; N];
    for (key, value) in json.into_object(place)? {
        let slot = names.iter().position(|name| *name == key).and_then(|at| found.get_mut(at));
        match slot {
            Some(slot) => *slot = Some(value),
            None => return Err(BoundaryTooWide::Key { key: shown(&key), place }),
        }
    }
    Ok(found)
}

fn required(member: Option<Json>, name: &'static str) -> Result<Json, BoundaryTooWide> {
    member.ok_or_else(|| BoundaryTooWide::Malformed(format!("{name} is missing")))
}

fn list(json: Json, name: &'static str) -> Result<Vec<Json>, BoundaryTooWide> {
    match json {
        Json::List(values) => Ok(values),
        _ => Err(BoundaryTooWide::Malformed(format!("{name} is not a list"))),
    }
}
