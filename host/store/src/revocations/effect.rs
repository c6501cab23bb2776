//! What happens at once when something is revoked, deactivated, deleted or dropped: nothing minted
//! for it before is served, and its leases are ended.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TableId, TenantId, UserId, WarehouseId};
use pangolin_core::ports::StoreError;
use pangolin_core::revocation::{Revocation, RevokedKind};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::db::sql;
use crate::error::backend;
use crate::generation::Slot;
use crate::row;
use crate::tx::Tx;

/// A host that removes a dropped table's files still needs its own lease for so long.
const PURGE_MS: i64 = 60_000;

/// What is gone, or is as good as gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Revoked, deactivated or deleted. The keys of every lease that was handed to the user are known
    /// to the user.
    User(UserId),
    /// Revoked or deleted.
    Warehouse(WarehouseId),
    /// Revoked: every key that was handed out for it.
    Table(TableId),
    /// Dropped: keys that others hold for other tables go on.
    DroppedTable(TableId),
}

impl Gone {
    pub(crate) fn of(revocation: &Revocation) -> Self {
        match revocation.kind {
            RevokedKind::Principal => Self::User(UserId(revocation.target)),
            RevokedKind::Warehouse => Self::Warehouse(WarehouseId(revocation.target)),
            RevokedKind::Table => Self::Table(TableId(revocation.target)),
        }
    }

    fn kind(self) -> RevokedKind {
        match self {
            Self::User(_) => RevokedKind::Principal,
            Self::Warehouse(_) => RevokedKind::Warehouse,
            Self::Table(_) | Self::DroppedTable(_) => RevokedKind::Table,
        }
    }

    fn target(self) -> Uuid {
        match self {
            Self::User(id) => id.0,
            Self::Warehouse(id) => id.0,
            Self::Table(id) | Self::DroppedTable(id) => id.0,
        }
    }

    /// The leases that it concerns, as a condition on `leases` with the target as `$1` and its tenant
    /// as `$2`: a table of another tenant may have had the same identifier.
    pub(super) fn leases(self) -> &'static str {
        match self {
            Self::User(_) => {
                "tenant_id = $2 AND (user_id = $1 OR id IN \
                 (SELECT lease_id FROM mints WHERE user_id = $1 AND lease_id IS NOT NULL))"
            }
            Self::Warehouse(_) => "tenant_id = $2 AND warehouse_id = $1",
            Self::Table(_) => {
                "tenant_id = $2 AND (table_id = $1 OR id IN \
                 (SELECT lease_id FROM mints WHERE table_id = $1 AND lease_id IS NOT NULL))"
            }
            Self::DroppedTable(_) => {
                "tenant_id = $2 AND (table_id = $1 OR id IN \
                 (SELECT lease_id FROM mints WHERE table_id = $1 AND lease_id IS NOT NULL)) \
                 AND NOT EXISTS (SELECT 1 FROM mints WHERE mints.lease_id = leases.id AND mints.table_id <> $1)"
            }
        }
    }
}

/// Does it, as a part of the transaction. Raises revisions, `also` these, so it comes last.
pub(crate) async fn cut_off(
    tx: &mut Tx,
    tenant: TenantId,
    gone: Gone,
    now: UnixMillis,
    also: impl IntoIterator<Item = Slot>,
) -> Result<(), StoreError> {
    let (target, tenant) = (gone.target().to_string(), tenant.to_string());
    // A mark of its own each time, whatever the clocks of the hosts say.
    let mark = sql(
        "INSERT INTO cut_offs (kind, target, cut_at) VALUES ($1, $2, $3) ON CONFLICT (kind, target) DO UPDATE SET \
         cut_at = CASE WHEN cut_offs.cut_at >= excluded.cut_at THEN cut_offs.cut_at + 1 ELSE excluded.cut_at END",
    )
    .bind(gone.kind().as_str())
    .bind(target.as_str())
    .bind(now.0);
    tx.execute(mark).await.map_err(backend)?;
    let concerned = gone.leases();
    let live = format!("SELECT DISTINCT resource FROM leases WHERE {concerned} AND state = 'active'");
    let resources = tx.all(sqlx::query(AssertSqlSafe(live)).bind(target.as_str()).bind(tenant.as_str())).await?;
    let coming = format!("UPDATE leases SET revoke_asked = 1 WHERE {concerned} AND state = 'minting'");
    let coming = sqlx::query(AssertSqlSafe(coming)).bind(target.as_str()).bind(tenant.as_str());
    tx.execute(coming).await.map_err(backend)?;
    let host_at_work = if matches!(gone, Gone::DroppedTable(_)) { PURGE_MS } else { 0 };
    // What was put off for a host at work is put off no longer.
    let end = format!(
        "UPDATE leases SET state = 'revoking', next_attempt_at = $3 + CASE WHEN user_id = $5 THEN $4 ELSE 0 END \
         WHERE {concerned} AND (state = 'active' OR (state = 'revoking' AND attempts = 0 AND next_attempt_at > $3))"
    );
    let end = sqlx::query(AssertSqlSafe(end)).bind(target.as_str()).bind(tenant.as_str());
    tx.execute(end.bind(now.0).bind(host_at_work).bind(UserId::SYSTEM.to_string())).await.map_err(backend)?;
    let mut slots = vec![Slot::of_cut(gone.target())];
    for found in &resources {
        slots.push(Slot::of_leases(&row::text(found, "resource")?));
    }
    slots.extend(also);
    tx.raise(slots).await
}
