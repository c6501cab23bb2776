//! What warehouses use through the host's own identity. One tenant must not reach another's
//! storage by naming the same role or base, so claims are judged across tenants, in the
//! transaction that makes them and whenever a snapshot is loaded.

use pangolin_core::deputy::{self, HostClaim};
use pangolin_core::id::{TenantId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::ports::StoreError;
use pangolin_core::record::HostIdentityPins;
use pangolin_core::warehouse::{BaseIdentity, Warehouse};
use sqlx::any::AnyRow;

use crate::db::{Db, Statement, sql};
use crate::error::{backend, broken};
use crate::row;
use crate::tx::Tx;

/// Replaces the claim of a warehouse and refuses one that is not the tenant's to make.
pub(crate) async fn replace(tx: &mut Tx, warehouse: &Warehouse, claim: Option<&HostClaim>) -> Result<(), StoreError> {
    let delete = sql("DELETE FROM host_claims WHERE warehouse_id = $1").bind(warehouse.id.to_string());
    tx.execute(delete).await.map_err(backend)?;
    let Some(claim) = claim else { return Ok(()) };
    if claim.warehouse_id != warehouse.id || claim.tenant_id != warehouse.tenant_id {
        return Err(broken("a claim is made for its own warehouse only"));
    }
    let others = claims(&tx.all(select_claims()).await?)?;
    let pins = pins(&tx.all(select_pins()).await?)?;
    if !deputy::judge(claim, &others, &pins) {
        return Err(StoreError::HostIdentityTaken);
    }
    let insert = sql("INSERT INTO host_claims (warehouse_id, tenant_id, role, base) VALUES ($1, $2, $3, $4)")
        .bind(warehouse.id.to_string())
        .bind(claim.tenant_id.to_string())
        .bind(claim.role.clone())
        .bind(claim.base.as_str());
    tx.execute(insert).await.map(drop).map_err(backend)
}

/// Whether the warehouse's claim still stands, within a transaction.
pub(crate) async fn stands_in(tx: &mut Tx, warehouse: WarehouseId, identity: BaseIdentity) -> Result<bool, StoreError> {
    let all = claims(&tx.all(select_claims()).await?)?;
    let pins = pins(&tx.all(select_pins()).await?)?;
    Ok(judge(warehouse, identity, all, &pins))
}

/// The same for a snapshot.
pub(crate) async fn stands(db: &Db, warehouse: &Warehouse) -> Result<bool, StoreError> {
    let all = claims(&db.all(select_claims()).await?)?;
    let pins = pins(&db.all(select_pins()).await?)?;
    Ok(judge(warehouse.id, warehouse.identity, all, &pins))
}

/// Without a claim only a warehouse that does not use the host's identity may go on.
fn judge(
    warehouse: WarehouseId,
    identity: BaseIdentity,
    all: Vec<HostClaim>,
    pins: &[(TenantId, HostIdentityPins)],
) -> bool {
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|claim| claim.warehouse_id == warehouse);
    own.first().map_or(identity != BaseIdentity::Host, |claim| deputy::judge(claim, &others, pins))
}

fn select_claims<'q>() -> Statement<'q> {
    sql("SELECT warehouse_id, tenant_id, role, base FROM host_claims")
}

fn select_pins<'q>() -> Statement<'q> {
    sql("SELECT id, host_identity FROM tenants WHERE host_identity IS NOT NULL")
}

fn claims(found: &[AnyRow]) -> Result<Vec<HostClaim>, StoreError> {
    found
        .iter()
        .map(|found| {
            Ok(HostClaim {
                warehouse_id: row::parsed(found, "warehouse_id")?,
                tenant_id: row::parsed(found, "tenant_id")?,
                role: row::opt_text(found, "role")?,
                base: Location::parse(&row::text(found, "base")?).map_err(broken)?,
            })
        })
        .collect()
}

fn pins(found: &[AnyRow]) -> Result<Vec<(TenantId, HostIdentityPins)>, StoreError> {
    found
        .iter()
        .map(|found| Ok((row::parsed(found, "id")?, row::opt_json(found, "host_identity")?.unwrap_or_default())))
        .collect()
}
