//! Wire forms of leases. By what a lease is ended is not among them.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{LeaseId, WarehouseId};
use pangolin_core::lease::{Lease, LeaseState};
use serde::Serialize;
use utoipa::ToSchema;

/// A credential that the host ends.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeaseView {
    #[schema(value_type = uuid::Uuid)]
    id: LeaseId,
    #[schema(value_type = uuid::Uuid)]
    warehouse_id: WarehouseId,
    /// Name of the warehouse when the lease began.
    warehouse: String,
    strategy: String,
    /// `minting`, `active`, `revoking`, `revoked`, `lost` or `undecided`.
    #[schema(value_type = String)]
    state: LeaseState,
    /// For example `read` or `read-write-delete`.
    access: &'static str,
    /// Who asked first; the lease may serve others of the tenant with the same access.
    principal: String,
    /// `catalog.namespace.table` that it was first asked for.
    table: String,
    /// The request in the audit trail.
    request_id: String,
    started_at: String,
    issued_at: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// Failed attempts to end it, or to find out what an interrupted mint left.
    attempts: u32,
    last_error: Option<String>,
    next_attempt_at: Option<String>,
    /// Names of what an interrupted mint may have left; the host leaves them alone.
    undecided: Vec<String>,
}

/// How an end that was asked for went.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevokedView {
    #[serde(flatten)]
    pub(super) lease: LeaseView,
    /// Why it is not ended yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

impl From<Lease> for LeaseView {
    fn from(lease: Lease) -> Self {
        let text = |at: Option<UnixMillis>| at.map(UnixMillis::to_rfc3339);
        Self {
            id: lease.id,
            warehouse_id: lease.warehouse_id,
            warehouse: lease.warehouse,
            strategy: lease.strategy,
            state: lease.state,
            access: lease.access.describe(),
            principal: lease.principal,
            table: lease.table,
            request_id: lease.request_id,
            started_at: lease.started_at.to_rfc3339(),
            issued_at: text(lease.issued_at),
            expires_at: text(lease.expires_at),
            revoked_at: text(lease.revoked_at),
            attempts: lease.attempts,
            last_error: lease.last_error,
            next_attempt_at: text(lease.next_attempt_at),
            undecided: lease.undecided,
        }
    }
}
