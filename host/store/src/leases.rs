//! Leases: credentials that the host ends. What is secret of one is sealed in two documents, the
//! intent and what was minted; both are forgotten when nothing is left to do.

mod book;
mod change;
mod list;
mod lock;
mod sealed;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::WarehouseId;
use pangolin_core::lease::{Lease, ResourceKey};
use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, broken};
use crate::generation::Slot;
use crate::row;
use crate::tx::Tx;

pub use self::list::LeaseFilter;

/// A deleted warehouse's leases are ended, those on their way as soon as they are there.
pub(crate) async fn end_those_of(tx: &mut Tx, warehouse: WarehouseId, now: UnixMillis) -> Result<(), StoreError> {
    let warehouse = warehouse.to_string();
    let coming = sql("UPDATE leases SET revoke_asked = 1 WHERE warehouse_id = $1 AND state = 'minting'");
    tx.execute(coming.bind(warehouse.as_str())).await.map_err(backend)?;
    let live = sql("SELECT DISTINCT resource FROM leases WHERE warehouse_id = $1 AND state = 'active'");
    let resources = tx.all(live.bind(warehouse.as_str())).await?;
    let end =
        sql("UPDATE leases SET state = 'revoking', next_attempt_at = $2 WHERE warehouse_id = $1 AND state = 'active'")
            .bind(warehouse.as_str())
            .bind(now.0);
    tx.execute(end).await.map_err(backend)?;
    let slots: Result<Vec<Slot>, StoreError> =
        resources.iter().map(|found| Ok(Slot::of_leases(&row::text(found, "resource")?))).collect();
    tx.raise(slots?).await
}

/// A row without what is sealed in it.
fn read(found: &AnyRow) -> Result<Lease, StoreError> {
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
