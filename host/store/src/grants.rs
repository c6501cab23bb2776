//! Grants given to single users.

pub(crate) mod named;

use pangolin_core::id::{GrantId, TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::UserGrant;
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, on_write};
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Gives a grant.
    ///
    /// # Errors
    /// The identifier is taken, or the user is not of that tenant.
    pub async fn create_grant(&self, grant: &UserGrant) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let user = sql("SELECT id FROM users WHERE id = $1 AND tenant_id = $2")
            .bind(grant.user_id.to_string())
            .bind(grant.tenant_id.to_string());
        if !tx.exists(user).await? {
            return Err(StoreError::NotFound("user"));
        }
        let insert = sql("INSERT INTO grants (id, tenant_id, user_id, content, granted_by, granted_at) \
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(grant.id.to_string())
        .bind(grant.tenant_id.to_string())
        .bind(grant.user_id.to_string())
        .bind(row::to_json(&grant.grant)?)
        .bind(grant.granted_by.to_string())
        .bind(grant.granted_at.0);
        tx.execute(insert).await.map_err(on_write("grant", "user"))?;
        tx.commit().await
    }

    /// One grant of a tenant.
    ///
    /// # Errors
    /// The database failed.
    pub async fn grant(&self, tenant: TenantId, id: GrantId) -> Result<Option<UserGrant>, StoreError> {
        let select =
            sql("SELECT * FROM grants WHERE tenant_id = $1 AND id = $2").bind(tenant.to_string()).bind(id.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// Grants of a tenant, or of one of its users, the oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_grants(&self, tenant: TenantId, user: Option<UserId>) -> Result<Vec<UserGrant>, StoreError> {
        let select = match user {
            Some(user) => sql("SELECT * FROM grants WHERE tenant_id = $1 AND user_id = $2 ORDER BY granted_at, id")
                .bind(tenant.to_string())
                .bind(user.to_string()),
            None => sql("SELECT * FROM grants WHERE tenant_id = $1 ORDER BY granted_at, id").bind(tenant.to_string()),
        };
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// There is no such grant of that tenant.
    pub async fn delete_grant(&self, tenant: TenantId, id: GrantId) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let delete =
            sql("DELETE FROM grants WHERE tenant_id = $1 AND id = $2").bind(tenant.to_string()).bind(id.to_string());
        if tx.execute(delete).await.map_err(backend)? == 0 {
            return Err(StoreError::NotFound("grant"));
        }
        tx.commit().await
    }
}

/// A row of `grants`.
pub(crate) fn read(found: &AnyRow) -> Result<UserGrant, StoreError> {
    Ok(UserGrant {
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        user_id: row::parsed(found, "user_id")?,
        grant: row::json(found, "content")?,
        granted_by: row::parsed(found, "granted_by")?,
        granted_at: row::instant(found, "granted_at")?,
    })
}
