//! Users of tenants.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::principal::AccountKind;
use pangolin_core::record::{ExternalIdentity, User};
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::page::OffsetPage;
use crate::revocations::{Gone, cut_off};
use crate::row;
use crate::store::Store;
use crate::tokens;
use crate::tx::Tx;

/// A change of a user: what is absent stays.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Mail address.
    pub email: Option<String>,
    /// Whether it may do anything.
    pub active: Option<bool>,
    /// Argon2id hash in PHC form.
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for UserChange {
    /// Without the hash of the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserChange").field("email", &self.email).field("active", &self.active).finish_non_exhaustive()
    }
}

impl Store {
    /// Creates a user.
    ///
    /// # Errors
    /// The identifier or the name is taken, or there is no such tenant.
    pub async fn create_user(&self, user: &User) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        insert(&mut tx, user).await?;
        tx.commit().await
    }

    /// One user.
    ///
    /// # Errors
    /// The database failed.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let select = sql("SELECT * FROM users WHERE id = $1").bind(id.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// One user of a tenant by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn user_by_name(&self, tenant: TenantId, username: &str) -> Result<Option<User>, StoreError> {
        let select =
            sql("SELECT * FROM users WHERE tenant_id = $1 AND username = $2").bind(tenant.to_string()).bind(username);
        self.db().optional(select).await?.as_ref().map(read).transpose()
    }

    /// People and external users by name, of one tenant or of all. Service users are listed by
    /// [`Store::list_service_users`].
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_users(&self, tenant: Option<TenantId>, page: &OffsetPage) -> Result<Vec<User>, StoreError> {
        let select = match tenant {
            Some(tenant) => sql("SELECT * FROM users WHERE tenant_id = $3 AND kind <> 'service' \
                 ORDER BY username, id LIMIT $1 OFFSET $2")
            .bind(page.sql_limit())
            .bind(page.sql_offset())
            .bind(tenant.to_string()),
            None => sql("SELECT * FROM users WHERE kind <> 'service' ORDER BY username, id LIMIT $1 OFFSET $2")
                .bind(page.sql_limit())
                .bind(page.sql_offset()),
        };
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Changes what is named and nothing else, so that two changes at once do not undo each other. With
    /// a new password, and of one who is not active any more, the tokens are revoked with it; of the
    /// latter the leases are ended, and nothing minted before is served.
    ///
    /// # Errors
    /// There is no such user of that tenant.
    pub async fn update_user(&self, tenant: TenantId, id: UserId, change: &UserChange) -> Result<(), StoreError> {
        let UserChange { email, active, password_hash } = change;
        let (now, goes) = (self.inner.clock.now(), *active == Some(false));
        let mut tx = Tx::management(self.db()).await?;
        let update = sql("UPDATE users SET email = COALESCE($3, email), password_hash = COALESCE($4, password_hash), \
             active = COALESCE($5, active) WHERE id = $1 AND tenant_id = $2")
        .bind(id.to_string())
        .bind(tenant.to_string())
        .bind(email.clone())
        .bind(password_hash.clone())
        .bind(active.map(i64::from));
        if tx.execute(update).await.map_err(on_write("user", "tenant"))? == 0 {
            return Err(StoreError::NotFound("user"));
        }
        if goes || password_hash.is_some() {
            tx.raise([Slot::Tokens]).await?;
            tokens::revoke_all_of(&mut tx, id, now).await?;
        }
        if goes {
            cut_off(&mut tx, tenant, Gone::User(id), now, []).await?;
        }
        tx.commit().await
    }

    /// Deletes a user with the roles held and the grants; the tokens are revoked, the leases ended.
    ///
    /// # Errors
    /// There is no such user. `InUse`: a revoked account of an issuer, whose next token would make it
    /// anew, and not revoked.
    pub async fn delete_user(&self, id: UserId) -> Result<(), StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        tokens::revoke_all_of(&mut tx, id, self.inner.clock.now()).await?;
        let select = sql("SELECT tenant_id, kind FROM users WHERE id = $1").bind(id.to_string());
        let found = tx.optional(select).await?.ok_or(StoreError::NotFound("user"))?;
        let tenant: TenantId = row::parsed(&found, "tenant_id")?;
        let stands = sql("SELECT id FROM revocations WHERE tenant_id = $1 AND kind = 'principal' AND target = $2 \
             AND lifted_at IS NULL")
        .bind(tenant.to_string())
        .bind(id.to_string());
        if row::parsed::<AccountKind>(&found, "kind")? == AccountKind::External && tx.exists(stands).await? {
            let why = "the account is revoked, and its issuer's next token would make it anew: lift that before, or \
                       deactivate the account instead";
            return Err(StoreError::InUse(why.to_owned()));
        }
        tx.execute(sql("DELETE FROM users WHERE id = $1").bind(id.to_string())).await.map_err(backend)?;
        cut_off(&mut tx, tenant, Gone::User(id), self.inner.clock.now(), []).await?;
        tx.commit().await
    }

    /// Notes a login. Snapshots stay as they are: nothing is decided by it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn touch_login(&self, id: UserId, at: UnixMillis) -> Result<(), StoreError> {
        let update = sql("UPDATE users SET last_login = $2 WHERE id = $1").bind(id.to_string()).bind(at.0);
        self.db().execute(update).await.map(drop).map_err(backend)
    }
}

/// Inserts a user, as part of a transaction.
pub(crate) async fn insert(tx: &mut Tx, user: &User) -> Result<(), StoreError> {
    let insert = sql(
        "INSERT INTO users (id, tenant_id, username, email, role, password_hash, active, created_at, last_login, kind, issuer, \
         subject) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(user.id.to_string())
    .bind(user.tenant_id.to_string())
    .bind(user.username.as_str())
    .bind(user.email.clone())
    .bind(user.role.as_str())
    .bind(user.password_hash.clone())
    .bind(i64::from(user.active))
    .bind(user.created_at.0)
    .bind(user.last_login.map(|at| at.0))
    .bind(user.kind.as_str())
    .bind(user.external.as_ref().map(|external| external.issuer.clone()))
    .bind(user.external.as_ref().map(|external| external.subject.clone()));
    tx.execute(insert).await.map(drop).map_err(on_write("user", "tenant"))
}

/// A row of `users`.
pub(crate) fn read(found: &AnyRow) -> Result<User, StoreError> {
    let issuer = row::opt_text(found, "issuer")?;
    let external = match (issuer, row::opt_text(found, "subject")?) {
        (Some(issuer), Some(subject)) => Some(ExternalIdentity { issuer, subject }),
        _ => None,
    };
    Ok(User {
        kind: row::parsed(found, "kind")?,
        external,
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        username: row::text(found, "username")?,
        email: row::opt_text(found, "email")?,
        role: row::parsed(found, "role")?,
        password_hash: row::opt_text(found, "password_hash")?,
        active: row::flag(found, "active")?,
        created_at: row::instant(found, "created_at")?,
        last_login: row::opt_instant(found, "last_login")?,
    })
}
