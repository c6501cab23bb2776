//! Roles, and who holds them.

use pangolin_core::id::{RoleId, TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::Role;
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, on_write};
use crate::page::OffsetPage;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Creates a role.
    ///
    /// # Errors
    /// The identifier or the name is taken, or there is no such tenant.
    pub async fn create_role(&self, role: &Role) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        insert(&mut tx, role).await?;
        tx.commit().await
    }

    /// One role of a tenant.
    ///
    /// # Errors
    /// The database failed.
    pub async fn role(&self, tenant: TenantId, id: RoleId) -> Result<Option<Role>, StoreError> {
        let select =
            sql("SELECT * FROM roles WHERE tenant_id = $1 AND id = $2").bind(tenant.to_string()).bind(id.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// One role of a tenant by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn role_by_name(&self, tenant: TenantId, name: &str) -> Result<Option<Role>, StoreError> {
        let select = sql("SELECT * FROM roles WHERE tenant_id = $1 AND name = $2").bind(tenant.to_string()).bind(name);
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// Roles of a tenant by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_roles(&self, tenant: TenantId, page: &OffsetPage) -> Result<Vec<Role>, StoreError> {
        let select = sql("SELECT * FROM roles WHERE tenant_id = $1 ORDER BY name LIMIT $2 OFFSET $3")
            .bind(tenant.to_string())
            .bind(page.sql_limit())
            .bind(page.sql_offset());
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Replaces name, description and permissions.
    ///
    /// # Errors
    /// There is no such role of that tenant, it is built in, or the name is taken.
    pub async fn update_role(&self, role: &Role) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        refuse_built_in(&mut tx, role.tenant_id, role.id, "changed").await?;
        let update = sql("UPDATE roles SET name = $3, description = $4, permissions = $5, updated_at = $6 \
             WHERE tenant_id = $1 AND id = $2")
        .bind(role.tenant_id.to_string())
        .bind(role.id.to_string())
        .bind(role.name.as_str())
        .bind(role.description.clone())
        .bind(row::to_json(&role.permissions)?)
        .bind(role.updated_at.0);
        tx.execute(update).await.map_err(on_write("role", "tenant"))?;
        tx.commit().await
    }

    /// Deletes a role; nobody holds it any more.
    ///
    /// # Errors
    /// There is no such role of that tenant, or it is built in.
    pub async fn delete_role(&self, tenant: TenantId, id: RoleId) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        refuse_built_in(&mut tx, tenant, id, "deleted").await?;
        tx.execute(sql("DELETE FROM roles WHERE id = $1").bind(id.to_string())).await.map_err(backend)?;
        tx.commit().await
    }

    /// Gives a role to a user; giving it twice is no error.
    ///
    /// # Errors
    /// The user or the role is not of that tenant.
    pub async fn assign_role(&self, tenant: TenantId, user: UserId, role: RoleId) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        both_exist(&mut tx, tenant, user, role).await?;
        let insert = sql("INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(user.to_string())
            .bind(role.to_string());
        tx.execute(insert).await.map_err(backend)?;
        tx.commit().await
    }

    /// Takes a role from a user; taking what is not held is no error.
    ///
    /// # Errors
    /// The user or the role is not of that tenant.
    pub async fn unassign_role(&self, tenant: TenantId, user: UserId, role: RoleId) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        both_exist(&mut tx, tenant, user, role).await?;
        let delete = sql("DELETE FROM user_roles WHERE user_id = $1 AND role_id = $2")
            .bind(user.to_string())
            .bind(role.to_string());
        tx.execute(delete).await.map_err(backend)?;
        tx.commit().await
    }

    /// The roles that a user of a tenant holds, by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn roles_of(&self, tenant: TenantId, user: UserId) -> Result<Vec<Role>, StoreError> {
        let select = sql("SELECT roles.* FROM roles JOIN user_roles ON user_roles.role_id = roles.id \
             WHERE user_roles.user_id = $1 AND roles.tenant_id = $2 ORDER BY roles.name")
        .bind(user.to_string())
        .bind(tenant.to_string());
        self.db().all(select).await?.iter().map(read).collect()
    }
}

/// Inserts a role, as part of a transaction.
pub(crate) async fn insert(tx: &mut Tx, role: &Role) -> Result<(), StoreError> {
    let insert = sql(
        "INSERT INTO roles (id, tenant_id, name, description, permissions, built_in, created_by, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(role.id.to_string())
    .bind(role.tenant_id.to_string())
    .bind(role.name.as_str())
    .bind(role.description.clone())
    .bind(row::to_json(&role.permissions)?)
    .bind(i64::from(role.built_in))
    .bind(role.created_by.to_string())
    .bind(role.created_at.0)
    .bind(role.updated_at.0);
    tx.execute(insert).await.map(drop).map_err(on_write("role", "tenant"))
}

async fn refuse_built_in(tx: &mut Tx, tenant: TenantId, id: RoleId, what: &str) -> Result<(), StoreError> {
    let select = sql("SELECT name, built_in FROM roles WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string());
    let found = tx.optional(select).await?.ok_or(StoreError::NotFound("role"))?;
    if row::flag(&found, "built_in")? {
        let name = row::text(&found, "name")?;
        return Err(StoreError::InUse(format!("built-in role {name} cannot be {what}")));
    }
    Ok(())
}

async fn both_exist(tx: &mut Tx, tenant: TenantId, user: UserId, role: RoleId) -> Result<(), StoreError> {
    let user =
        sql("SELECT id FROM users WHERE id = $1 AND tenant_id = $2").bind(user.to_string()).bind(tenant.to_string());
    if !tx.exists(user).await? {
        return Err(StoreError::NotFound("user"));
    }
    let role =
        sql("SELECT id FROM roles WHERE id = $1 AND tenant_id = $2").bind(role.to_string()).bind(tenant.to_string());
    if tx.exists(role).await? { Ok(()) } else { Err(StoreError::NotFound("role")) }
}

/// A row of `roles`.
pub(crate) fn read(found: &AnyRow) -> Result<Role, StoreError> {
    Ok(Role {
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        name: row::text(found, "name")?,
        description: row::opt_text(found, "description")?,
        permissions: row::json(found, "permissions")?,
        built_in: row::flag(found, "built_in")?,
        created_by: row::parsed(found, "created_by")?,
        created_at: row::instant(found, "created_at")?,
        updated_at: row::instant(found, "updated_at")?,
    })
}
