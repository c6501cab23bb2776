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
    let others = claims(&tx.all(select_others(claim)).await?)?;
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
    let own = claims(&tx.all(select_own(warehouse)).await?)?;
    let Some(claim) = own.first() else { return Ok(identity != BaseIdentity::Host) };
    let others = claims(&tx.all(select_others(claim)).await?)?;
    Ok(deputy::judge(claim, &others, &pins(&tx.all(select_pins()).await?)?))
}

/// The same for a snapshot. It is asked for whatever another tenant changed, so that what others
/// have must not make it slow: without a claim of its own nothing of theirs is read.
pub(crate) async fn stands(db: &Db, warehouse: &Warehouse) -> Result<bool, StoreError> {
    let own = claims(&db.all(select_own(warehouse.id)).await?)?;
    let Some(claim) = own.first() else { return Ok(warehouse.identity != BaseIdentity::Host) };
    let others = claims(&db.all(select_others(claim)).await?)?;
    Ok(deputy::judge(claim, &others, &pins(&db.all(select_pins()).await?)?))
}

fn select_own<'q>(warehouse: WarehouseId) -> Statement<'q> {
    sql("SELECT warehouse_id, tenant_id, role, base FROM host_claims WHERE warehouse_id = $1")
        .bind(warehouse.to_string())
}

/// Claims of other tenants, at least all that could stand against this one.
fn select_others<'q>(claim: &HostClaim) -> Statement<'q> {
    sql("SELECT warehouse_id, tenant_id, role, base FROM host_claims \
         WHERE tenant_id <> $1 AND (LOWER(base) LIKE $2 OR LOWER(role) LIKE $3)")
    .bind(claim.tenant_id.to_string())
    .bind(base_pattern(&claim.base))
    .bind(claim.role.as_deref().map(role_pattern).unwrap_or_default())
}

/// Bases in the same bucket or container, whatever the scheme and the account's host.
fn base_pattern(base: &Location) -> String {
    let bucket = base.authority().split('@').next().unwrap_or_default();
    format!("%://{}%", wildcards(bucket))
}

/// Roles of the same name.
fn role_pattern(role: &str) -> String {
    format!("%{}%", wildcards(role.trim().rsplit('/').next().unwrap_or_default()))
}

/// For `LIKE`: what has no case and is no letter of the pattern stands for itself, all else for
/// anything. It finds too much rather than too little.
fn wildcards(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '%' }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const BASES: [&str; 14] = [
        "s3://lake",
        "s3a://Lake/a",
        "s3n://lake/a/b",
        "s3://lake-2",
        "s3://la_ke/a",
        "gs://lake/a",
        "abfss://c@acct.dfs.core.windows.net/a",
        "wasbs://C@ACCT.blob.core.windows.net",
        "abfss://c@acct.z1.dfs.storage.azure.net/a",
        "abfss://d@acct.dfs.core.windows.net",
        "file:///srv/lake",
        "file:///srv/lake/a",
        "file:///srv/other",
        "s3://lake.a",
    ];
    const ROLES: [Option<&str>; 8] = [
        None,
        Some("arn:aws:iam::1:role/lake"),
        Some("ARN:AWS:iam::1:ROLE/LAKE"),
        Some("arn:aws:iam::2:role/path/lake"),
        Some("role/Lake"),
        Some(" arn:aws:iam::1:role/lake "),
        Some("arn:aws:iam::1:role/lake_2%"),
        Some("arn:aws:iam::1:role/lak\\e"),
    ];

    fn all() -> Vec<HostClaim> {
        let of = |base: &&str, role: &Option<&str>| HostClaim {
            warehouse_id: WarehouseId::generate(),
            tenant_id: TenantId::generate(),
            role: role.map(str::to_owned),
            base: Location::parse(base).unwrap(),
        };
        BASES.iter().flat_map(|base| ROLES.iter().map(move |role| of(base, role))).collect()
    }

    /// `LIKE` with `%` alone.
    fn is_like(text: &str, pattern: &str) -> bool {
        match pattern.split_once('%') {
            None => text == pattern,
            Some((lead, rest)) => text
                .strip_prefix(lead)
                .is_some_and(|text| (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| is_like(text, rest)))),
        }
    }

    #[test]
    fn what_stands_against_a_claim_is_always_read() {
        let (all, mut against, mut left_out) = (all(), 0, 0);
        for claim in &all {
            for other in &all {
                let base = is_like(&other.base.as_str().to_ascii_lowercase(), &base_pattern(&claim.base));
                let pattern = claim.role.as_deref().map(role_pattern).unwrap_or_default();
                let role = other.role.as_deref().is_some_and(|role| is_like(&role.to_ascii_lowercase(), &pattern));
                let stands = deputy::judge(claim, std::slice::from_ref(other), &[]);
                assert!(stands || base || role, "{claim:?} {other:?}");
                against += usize::from(!stands);
                left_out += usize::from(!base && !role);
            }
        }
        assert!(against > 1_000 && left_out > 1_000, "{against} {left_out}");
    }
}
