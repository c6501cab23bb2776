//! The three levels of access to objects: read, write, delete.

use serde::{Deserialize, Serialize};

/// What may be done with the objects of a scope. Write never implies delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Access {
    /// Get and list.
    pub read: bool,
    /// Put, in one piece or in parts.
    pub write: bool,
    /// Delete.
    pub delete: bool,
}

impl Access {
    /// Nothing.
    pub const NONE: Self = Self { read: false, write: false, delete: false };
    /// Get and list.
    pub const READ: Self = Self { read: true, write: false, delete: false };
    /// Get, list and put.
    pub const READ_WRITE: Self = Self { read: true, write: true, delete: false };
    /// Everything.
    pub const FULL: Self = Self { read: true, write: true, delete: true };

    /// What both allow.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self { read: self.read && other.read, write: self.write && other.write, delete: self.delete && other.delete }
    }

    /// Whether everything that `other` allows is allowed here.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.intersect(other) == other
    }

    /// `read`, `read-write`, `read-write-delete` and the like, for people.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match (self.read, self.write, self.delete) {
            (false, false, false) => "none",
            (true, false, false) => "read",
            (true, true, false) => "read-write",
            (true, true, true) => "read-write-delete",
            (true, false, true) => "read-delete",
            (false, true, false) => "write",
            (false, true, true) => "write-delete",
            (false, false, true) => "delete",
        }
    }
}

/// One location and what may be done there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// A directory: its text ends in `/`.
    pub location: crate::location::Location,
    /// The most that is allowed there.
    pub access: Access,
}
