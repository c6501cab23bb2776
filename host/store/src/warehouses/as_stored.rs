//! A warehouse as its row stands, used for nothing: to be shown, written anew or deleted.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, WarehouseId};
use pangolin_core::ports::StoreError;
use pangolin_core::warehouse::Warehouse;

use super::read_with;
use crate::db::sql;
use crate::row;
use crate::store::Store;

/// What a row says, without its secrets.
#[derive(Debug)]
pub struct WarehouseAsStored {
    /// Identifier.
    pub id: WarehouseId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Name.
    pub name: String,
    /// What a change is compared with.
    pub revision: i64,
    /// When made.
    pub created_at: UnixMillis,
    /// The definition without secrets; none where the row makes no sense.
    pub shown: Option<Warehouse>,
    /// Whether the host wrote all of it: then only the secrets are missing. Of one that it did not
    /// write nothing may be kept.
    pub is_genuine: bool,
}

impl Store {
    /// One warehouse of a tenant by name as its row stands.
    ///
    /// # Errors
    /// The database failed.
    pub async fn warehouse_as_stored(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<WarehouseAsStored>, StoreError> {
        let select =
            sql("SELECT * FROM warehouses WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        Ok(Some(WarehouseAsStored {
            id: row::parsed(&found, "id")?,
            tenant_id: tenant,
            name: row::text(&found, "name")?,
            revision: row::int(&found, "revision")?,
            created_at: row::instant(&found, "created_at")?,
            shown: read_with(&found, Default::default()).ok(),
            is_genuine: self.inner.warehouse_seals.check(&found).is_ok(),
        }))
    }
}
