//! Leases: credentials that the host ends. What is secret of one is sealed in two documents, the
//! intent and what was minted; both are forgotten when nothing is left to do.

mod book;
mod change;
mod list;
mod lock;
mod sealed;

use pangolin_core::lease::{Lease, ResourceKey};
use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use crate::error::broken;
use crate::row;

pub use self::list::LeaseFilter;

/// A row without what is sealed in it.
pub(crate) fn read(found: &AnyRow) -> Result<Lease, StoreError> {
    Ok(Lease {
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        warehouse_id: row::parsed(found, "warehouse_id")?,
        warehouse: row::text(found, "warehouse")?,
        strategy: row::text(found, "strategy")?,
        resource: ResourceKey::stored(row::text(found, "resource")?),
        share: row::text(found, "share")?,
        state: row::word(found, "state")?,
        access: row::json(found, "access")?,
        user_id: row::parsed(found, "user_id")?,
        principal: row::text(found, "principal")?,
        table_id: row::parsed(found, "table_id")?,
        table: row::text(found, "table_name")?,
        request_id: row::text(found, "request_id")?,
        started_at: row::instant(found, "started_at")?,
        ended_at: row::opt_instant(found, "ended_at")?,
        issued_at: row::opt_instant(found, "issued_at")?,
        expires_at: row::opt_instant(found, "expires_at")?,
        revoked_at: row::opt_instant(found, "revoked_at")?,
        attempts: u32::try_from(row::int(found, "attempts")?).map_err(broken)?,
        last_error: row::opt_text(found, "last_error")?,
        next_attempt_at: row::opt_instant(found, "next_attempt_at")?,
        undecided: row::json(found, "undecided")?,
    })
}
