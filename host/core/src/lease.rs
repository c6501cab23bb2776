//! What a strategy that leases is asked and answers: for credentials that do not end by themselves.

mod record;

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::clock::UnixMillis;
use crate::policy::Authorised;
use crate::secret::Secret;

pub use self::record::{
    ActiveLease, Lease, LeaseGrant, LeaseIntent, LeasePapers, LeaseState, ResourceKey, ResourceLock,
};

/// What one mint takes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is limited; the same text is the same resource.
    pub resource: String,
    /// Leases of one resource and share serve each other's requests.
    pub share: String,
    /// Leases that the resource has room for at the same time.
    pub capacity: u32,
}

/// A mint as the strategy was asked for it. Kept beside the intent, so that an interrupted one can
/// be asked about after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintRequest {
    /// Locations and access, the table's root first.
    pub scopes: Vec<(String, Access)>,
    /// Life asked for, in seconds.
    pub ttl_seconds: u32,
    /// Who asked.
    pub principal: String,
    /// `catalog.namespace.table`.
    pub table: String,
    /// The request in the audit trail.
    pub request_id: String,
}

impl MintRequest {
    /// What a strategy is told of this vend.
    #[must_use]
    pub fn new(authorised: &Authorised, ttl_seconds: u32, request_id: &str) -> Self {
        let scopes = authorised.scopes().iter().map(|scope| (scope.location.as_str().to_owned(), scope.access));
        Self {
            scopes: scopes.collect(),
            ttl_seconds,
            principal: authorised.principal().to_owned(),
            table: authorised.table_name().to_owned(),
            request_id: request_id.to_owned(),
        }
    }
}

/// A mint of which the outcome is not known.
#[derive(Debug, Clone)]
pub struct Interrupted<'a> {
    /// What was asked.
    pub request: &'a MintRequest,
    /// What the strategy's survey said before.
    pub survey: &'a str,
    /// When it began.
    pub started_at: UnixMillis,
    /// When it was over at the latest.
    pub ended_at: UnixMillis,
    /// Handles of the resource's leases that the host knows.
    pub known: &'a [Secret<String>],
}

/// What an interrupted mint left.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Handles of what it certainly made.
    pub found: Vec<Secret<String>>,
    /// Names of what may or may not be of it, for the operator.
    pub undecided: Vec<String>,
}

/// How a revocation ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It was there and is no more.
    Revoked,
    /// It was gone already.
    Gone,
}
