//! Tenants.

use pangolin_core::id::{RoleId, TenantId, UserId};
use pangolin_core::permission::{BUILT_IN_ROLES, Grant, PermissionScope};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{HostIdentityPins, Role, Tenant};
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, on_delete, on_write};
use crate::page::OffsetPage;
use crate::roles;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Creates a tenant with the built-in roles.
    ///
    /// # Errors
    /// The identifier or the name is taken.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let insert = sql("INSERT INTO tenants (id, name, properties, host_identity) VALUES ($1, $2, $3, $4)")
            .bind(tenant.id.to_string())
            .bind(tenant.name.as_str())
            .bind(row::to_json(&tenant.properties)?)
            .bind(pins_text(&tenant.host_identity)?);
        tx.execute(insert).await.map_err(on_write("tenant", "tenant"))?;
        let now = self.inner.clock.now();
        for built_in in BUILT_IN_ROLES {
            let role = Role {
                id: RoleId::generate(),
                tenant_id: tenant.id,
                name: built_in.name.to_owned(),
                description: Some(built_in.description.to_owned()),
                permissions: vec![Grant { scope: PermissionScope::Tenant, actions: built_in.actions.to_vec() }],
                built_in: true,
                created_by: UserId::ROOT,
                created_at: now,
                updated_at: now,
            };
            roles::insert(&mut tx, &role).await?;
        }
        tx.commit().await
    }

    /// One tenant.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        let select = sql("SELECT id, name, properties, host_identity FROM tenants WHERE id = $1").bind(id.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// All tenants by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_tenants(&self, page: &OffsetPage) -> Result<Vec<Tenant>, StoreError> {
        let select = sql("SELECT id, name, properties, host_identity FROM tenants ORDER BY name LIMIT $1 OFFSET $2")
            .bind(page.sql_limit())
            .bind(page.sql_offset());
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Replaces name, properties and pins.
    ///
    /// # Errors
    /// There is no such tenant, or the name is taken.
    pub async fn update_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let update = sql("UPDATE tenants SET name = $2, properties = $3, host_identity = $4 WHERE id = $1")
            .bind(tenant.id.to_string())
            .bind(tenant.name.as_str())
            .bind(row::to_json(&tenant.properties)?)
            .bind(pins_text(&tenant.host_identity)?);
        if tx.execute(update).await.map_err(on_write("tenant", "tenant"))? == 0 {
            return Err(StoreError::NotFound("tenant"));
        }
        tx.commit().await
    }

    /// Deletes a tenant with its users, roles, grants and tokens.
    ///
    /// # Errors
    /// There is no such tenant, or it still has warehouses or catalogs.
    pub async fn delete_tenant(&self, id: TenantId) -> Result<(), StoreError> {
        const IN_USE: &str = "the tenant still has warehouses or catalogs";
        let mut tx = Tx::management(self.db()).await?;
        tx.raise([crate::generation::Slot::Tokens]).await?;
        let id = id.to_string();
        tx.execute(sql("DELETE FROM tokens WHERE tenant_id = $1").bind(id.as_str())).await.map_err(backend)?;
        let deleted = tx.execute(sql("DELETE FROM tenants WHERE id = $1").bind(id.as_str())).await;
        if deleted.map_err(on_delete(IN_USE))? == 0 {
            return Err(StoreError::NotFound("tenant"));
        }
        tx.commit().await
    }
}

/// Pins as stored: nothing where there are none, so that the judge reads only those that count.
fn pins_text(pins: &HostIdentityPins) -> Result<Option<String>, StoreError> {
    if *pins == HostIdentityPins::default() { Ok(None) } else { row::to_json(pins).map(Some) }
}

fn read(found: &AnyRow) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row::parsed(found, "id")?,
        name: row::text(found, "name")?,
        properties: row::json(found, "properties")?,
        host_identity: row::opt_json(found, "host_identity")?.unwrap_or_default(),
    })
}
