//! What the host asks of one vend.

use crate::config::Config;

/// What the holder of a credential may do with the objects of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Access {
    /// Get objects and list below the scope.
    pub read: bool,
    /// Put objects, in one piece or in parts.
    pub write: bool,
    /// Delete objects. Never implied by `write`.
    pub delete: bool,
}

impl Access {
    /// Get and list.
    pub const READ: Self = Self { read: true, write: false, delete: false };
    /// Get, list and put.
    pub const READ_WRITE: Self = Self { read: true, write: true, delete: false };
    /// Everything.
    pub const FULL: Self = Self { read: true, write: true, delete: true };

    /// What either allows.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self { read: self.read || other.read, write: self.write || other.write, delete: self.delete || other.delete }
    }
}

/// One storage location and the most that a credential may allow there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Absolute location, for example `s3://bucket/sales/orders/`. Always ends in `/`; the key
    /// is as stored, not percent-encoded.
    pub location: String,
    /// The most that the credential may allow there.
    pub access: Access,
}

/// A location in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// For example `s3`.
    pub scheme: &'a str,
    /// Bucket, container, or what else stands before the first `/`.
    pub authority: &'a str,
    /// The key with its trailing `/`; empty for the whole bucket.
    pub key: &'a str,
}

impl Scope {
    /// The location in its parts; `None` if it is not absolute, has no authority or does not
    /// end in `/`.
    #[must_use]
    pub fn parts(&self) -> Option<Parts<'_>> {
        let (scheme, rest) = self.location.split_once("://")?;
        let (authority, key) = rest.split_once('/')?;
        let is_directory = key.is_empty() || (key.ends_with('/') && key.len() > 1);
        (!authority.is_empty() && is_directory).then_some(Parts { scheme, authority, key })
    }
}

/// What is asked of one vend.
#[derive(Debug, Clone, PartialEq)]
pub struct VendRequest {
    /// The warehouse's configuration.
    pub config: Config,
    /// What the credential must open, and nothing beyond. The first is the table's root.
    pub scopes: Vec<Scope>,
    /// Life asked for, in seconds.
    pub ttl_seconds: u32,
    /// Who asks, as the cloud's own trail should show it. Any text.
    pub principal: String,
    /// The tenant's identifier.
    pub tenant: String,
    /// The table, `catalog.namespace.table`.
    pub table: String,
    /// The request's identifier in the host's audit trail.
    pub request_id: String,
    /// Reserved for growth; ignore unknown names.
    pub extensions: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(location: &str) -> Option<(String, String, String)> {
        let scope = Scope { location: location.to_owned(), access: Access::READ };
        scope.parts().map(|p| (p.scheme.to_owned(), p.authority.to_owned(), p.key.to_owned()))
    }

    #[test]
    fn a_location_has_three_parts() {
        assert_eq!(parts("s3://b/a/t/"), Some(("s3".into(), "b".into(), "a/t/".into())));
        assert_eq!(parts("s3a://b/"), Some(("s3a".into(), "b".into(), String::new())));
    }

    #[test]
    fn a_location_that_is_no_directory_has_none() {
        for location in ["", "s3:", "s3://b", "s3://b/t", "s3:///t/", "b/t/", "s3://b//"] {
            assert_eq!(parts(location), None, "{location}");
        }
    }
}
