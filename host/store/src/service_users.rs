//! Service users: programs with keys instead of a password. Each is a row of `users`, so grants
//! and roles are the same as for people, and a row of `service_users` with the rest.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::User;
use sqlx::any::AnyRow;

use crate::api_keys::{self, NewApiKey};
use crate::db::sql;
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::page::OffsetPage;
use crate::revocations::{Gone, cut_off};
use crate::store::Store;
use crate::tx::Tx;
use crate::{row, tokens, users};

/// A key that ended this long ago is forgotten when the next one is made.
const ENDED_KEYS_KEPT_MS: i64 = 30 * 86_400_000;

/// A service user.
#[derive(Debug, Clone)]
pub struct ServiceUser {
    /// The account.
    pub user: User,
    /// What it is for.
    pub description: Option<String>,
    /// Who made it.
    pub created_by: UserId,
    /// When it ends, and its keys and tokens with it.
    pub expires_at: Option<UnixMillis>,
    /// When one of its keys was last used, to a minute.
    pub last_used: Option<UnixMillis>,
}

/// The columns of a service user, and which ones.
macro_rules! select {
    ($which:literal) => {
        sql(concat!(
            "SELECT users.*, service_users.description, service_users.created_by, service_users.expires_at, \
             (SELECT MAX(last_used) FROM api_keys WHERE api_keys.user_id = users.id) AS last_used \
             FROM users JOIN service_users ON service_users.user_id = users.id ",
            $which
        ))
    };
}

/// A change of a service user: what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ServiceUserChange {
    /// Name, unique in the tenant.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it may do anything.
    pub active: Option<bool>,
    /// When it ends.
    pub expires_at: Option<UnixMillis>,
}

impl Store {
    /// Creates a service user with its first key.
    ///
    /// # Errors
    /// The identifier or the name is taken, or there is no such tenant.
    pub async fn create_service_user(&self, made: &ServiceUser, key: &NewApiKey) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        users::insert(&mut tx, &made.user).await?;
        let insert = sql("INSERT INTO service_users (user_id, description, created_by, expires_at) \
             VALUES ($1, $2, $3, $4)")
        .bind(made.user.id.to_string())
        .bind(made.description.clone())
        .bind(made.created_by.to_string())
        .bind(made.expires_at.map(|at| at.0));
        tx.execute(insert).await.map_err(on_write("service user", "user"))?;
        api_keys::insert(&mut tx, made.user.id, key, made.user.created_at).await?;
        tx.commit().await
    }

    /// One service user of a tenant.
    ///
    /// # Errors
    /// The database failed.
    pub async fn service_user(&self, tenant: TenantId, id: UserId) -> Result<Option<ServiceUser>, StoreError> {
        let select =
            select!("WHERE users.tenant_id = $1 AND users.id = $2").bind(tenant.to_string()).bind(id.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// Service users of a tenant by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_service_users(
        &self,
        tenant: TenantId,
        page: &OffsetPage,
    ) -> Result<Vec<ServiceUser>, StoreError> {
        let select = select!("WHERE users.tenant_id = $1 ORDER BY users.username LIMIT $2 OFFSET $3")
            .bind(tenant.to_string())
            .bind(page.sql_limit())
            .bind(page.sql_offset());
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Changes what is named and nothing else. Its tokens are revoked if it is not active any more.
    ///
    /// # Errors
    /// There is no such service user of that tenant, or the name is taken.
    pub async fn update_service_user(
        &self,
        tenant: TenantId,
        id: UserId,
        change: &ServiceUserChange,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let update = sql("UPDATE users SET username = COALESCE($3, username), active = COALESCE($4, active) \
             WHERE id = $1 AND tenant_id = $2 AND kind = 'service'")
        .bind(id.to_string())
        .bind(tenant.to_string())
        .bind(change.name.clone())
        .bind(change.active.map(i64::from));
        if tx.execute(update).await.map_err(on_write("user", "tenant"))? == 0 {
            return Err(StoreError::NotFound("service user"));
        }
        let update = sql("UPDATE service_users SET description = COALESCE($2, description), \
             expires_at = COALESCE($3, expires_at) WHERE user_id = $1")
        .bind(id.to_string())
        .bind(change.description.clone())
        .bind(change.expires_at.map(|at| at.0));
        tx.execute(update).await.map_err(backend)?;
        if change.active == Some(false) {
            tokens::revoke_all_of(&mut tx, id, self.inner.clock.now()).await?;
            cut_off(&mut tx, tenant, Gone::User(id), self.inner.clock.now(), []).await?;
        }
        tx.commit().await
    }

    /// Gives a service user a new key. The keys and tokens before it end at `ends_at`.
    ///
    /// # Errors
    /// There is no such service user.
    pub async fn rotate_api_key(
        &self,
        id: UserId,
        key: &NewApiKey,
        now: UnixMillis,
        ends_at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let forget = sql("DELETE FROM api_keys WHERE user_id = $1 AND expires_at < $2")
            .bind(id.to_string())
            .bind(now.0.saturating_sub(ENDED_KEYS_KEPT_MS));
        tx.execute(forget).await.map_err(backend)?;
        api_keys::end_all_of(&mut tx, id, ends_at).await?;
        tokens::revoke_all_of(&mut tx, id, ends_at).await?;
        api_keys::insert(&mut tx, id, key, now).await?;
        tx.commit().await
    }

    /// When a service user ends, if ever.
    pub(crate) async fn end_of_service_user(&self, id: UserId) -> Result<Option<UnixMillis>, StoreError> {
        let select = sql("SELECT expires_at FROM service_users WHERE user_id = $1").bind(id.to_string());
        match self.db().optional(select).await? {
            Some(found) => row::opt_instant(&found, "expires_at"),
            None => Ok(None),
        }
    }
}

fn read(found: &AnyRow) -> Result<ServiceUser, StoreError> {
    Ok(ServiceUser {
        user: users::read(found)?,
        description: row::opt_text(found, "description")?,
        created_by: row::parsed(found, "created_by")?,
        expires_at: row::opt_instant(found, "expires_at")?,
        last_used: row::opt_instant(found, "last_used")?,
    })
}
