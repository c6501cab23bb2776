//! Optional: for what is minted and does not end by itself. The host ends it.
//!
//! One mint runs so: `claim`; the host locks the resource in all its instances; `survey`; the
//! host records what it is about to do; `vend`, which answers with a handle; the host records
//! that. Whatever interrupts this, `recover` finds what was left. `revoke` ends one.

use crate::config::Config;
use crate::error::VendError;
use crate::request::VendRequest;

/// What one mint takes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is limited, for example one user of one server.
    pub resource: String,
    /// Leases of one resource and share serve each other's requests.
    pub share: String,
    /// Leases that the resource has room for at the same time.
    pub capacity: u32,
}

/// Ends one lease.
#[derive(Debug, Clone, PartialEq)]
pub struct RevokeRequest {
    /// The warehouse's configuration.
    pub config: Config,
    /// As `vend` or `recover` answered it.
    pub handle: String,
    /// The tenant's identifier.
    pub tenant: String,
    /// The request's identifier in the host's audit trail.
    pub request_id: String,
}

/// How a revocation ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It was there and is no more.
    Revoked,
    /// It was gone already.
    Gone,
}

/// A mint of which the outcome is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoverRequest {
    /// The request of the mint that was interrupted.
    pub interrupted: VendRequest,
    /// What `survey` said before it.
    pub survey: String,
    /// When it began, in milliseconds since the Unix epoch, by the host's clock.
    pub started_at_ms: u64,
    /// When it was over at the latest.
    pub ended_at_ms: u64,
    /// Handles of the resource's leases that the host knows.
    pub known: Vec<String>,
}

/// What was left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Handles of what the interrupted mint certainly made; the host revokes them.
    pub found: Vec<String>,
    /// Names of what may or may not be of that mint, for the operator. They are left alone.
    pub undecided: Vec<String>,
}

/// A strategy whose credentials the host ends. Exported by `export!(Type, leases)`.
pub trait Leases {
    /// Which resource a request takes up. Talks to nobody.
    ///
    /// # Errors
    /// The request cannot be served.
    fn claim(request: &VendRequest) -> Result<Claim, VendError>;

    /// What the resource has before a mint.
    ///
    /// # Errors
    /// It cannot be found out, or there is no room: [`crate::ErrorKind::Exhausted`].
    fn survey(request: &VendRequest, known: &[String]) -> Result<String, VendError>;

    /// Ends one lease.
    ///
    /// # Errors
    /// It may still be there; the host tries again.
    fn revoke(request: RevokeRequest) -> Result<Revoked, VendError>;

    /// Finds what an interrupted mint left.
    ///
    /// # Errors
    /// It cannot be found out; the host tries again.
    fn recover(request: RecoverRequest) -> Result<Recovery, VendError>;
}
