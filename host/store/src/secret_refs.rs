//! Secret references are one name space for the whole host. A name belongs to the tenant whose
//! warehouse uses it; another tenant that names it would get at that tenant's secret.

use std::collections::BTreeSet;

use pangolin_core::ports::StoreError;
use pangolin_core::secret::SecretValue;
use pangolin_core::secret_ref;
use pangolin_core::warehouse::Warehouse;

use crate::db::sql;
use crate::error::backend;
use crate::tx::Tx;

/// Replaces the names that a warehouse uses and refuses those of another tenant.
pub(crate) async fn replace(tx: &mut Tx, warehouse: &Warehouse) -> Result<(), StoreError> {
    let id = warehouse.id.to_string();
    let tenant = warehouse.tenant_id.to_string();
    let delete = sql("DELETE FROM secret_ref_claims WHERE warehouse_id = $1").bind(id.as_str());
    tx.execute(delete).await.map_err(backend)?;
    for name in names(warehouse) {
        let taken = sql("SELECT name FROM secret_ref_claims WHERE name = $1 AND tenant_id <> $2 LIMIT 1")
            .bind(name.as_str())
            .bind(tenant.as_str());
        if tx.optional(taken).await?.is_some() {
            return Err(StoreError::SecretRefTaken);
        }
        let insert = sql("INSERT INTO secret_ref_claims (name, warehouse_id, tenant_id) VALUES ($1, $2, $3)")
            .bind(name.as_str())
            .bind(id.as_str())
            .bind(tenant.as_str());
        tx.execute(insert).await.map_err(backend)?;
    }
    Ok(())
}

/// The environment does not tell `a-b` from `A_B`, so neither do claims.
fn names(warehouse: &Warehouse) -> BTreeSet<String> {
    let references = warehouse.secrets.values().filter_map(|secret| match secret {
        SecretValue::Reference(name) => Some(secret_ref::variable(name)),
        SecretValue::Literal(_) => None,
    });
    references.collect()
}
