//! Tokens that the host issued: what is known of them, never the token itself.

use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TokenId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::TokenRecord;
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Records a token. Snapshots stay as they are: an unknown token is never remembered.
    ///
    /// # Errors
    /// The identifier is taken.
    pub async fn insert_token(&self, token: &TokenRecord) -> Result<(), StoreError> {
        let insert =
            sql("INSERT INTO tokens (id, user_id, tenant_id, username, role, created_at, expires_at, revoked_at, family, roles) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(token.id.to_string())
            .bind(token.user_id.to_string())
            .bind(token.tenant_id.map(|tenant| tenant.to_string()))
            .bind(token.username.as_str())
            .bind(token.role.as_str())
            .bind(token.created_at.0)
            .bind(token.expires_at.0)
            .bind(token.revoked_at.map(|at| at.0))
            .bind(token.family.to_string())
            .bind(token.roles.as_ref().map(row::to_json).transpose()?);
        self.db().execute(insert).await.map(drop).map_err(on_write("token", "user"))
    }

    /// One token. Warm: from memory.
    ///
    /// # Errors
    /// The database failed.
    pub async fn token(&self, id: TokenId) -> Result<Option<Arc<TokenRecord>>, StoreError> {
        let generation = self.db().generation(Slot::Tokens).await?;
        if let Some(known) = self.inner.tokens.get(&id, generation) {
            return Ok(Some(known));
        }
        let select = sql("SELECT * FROM tokens WHERE id = $1").bind(id.to_string());
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let token = Arc::new(read(&found)?);
        self.inner.tokens.keep(id, generation, &token);
        Ok(Some(token))
    }

    /// Revokes a token; `false` if there is none or it was revoked before.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_token(&self, id: TokenId, at: UnixMillis) -> Result<bool, StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let update = sql("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(id.to_string())
            .bind(at.0);
        let revoked = tx.execute(update).await.map_err(backend)?;
        if revoked > 0 {
            tx.commit().await?;
        }
        Ok(revoked > 0)
    }

    /// Revokes every token of a user and says how many there were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_tokens_of(&self, user: UserId, at: UnixMillis) -> Result<u64, StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let update = sql("UPDATE tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL")
            .bind(user.to_string())
            .bind(at.0);
        let revoked = tx.execute(update).await.map_err(backend)?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// Every token of a user, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_tokens(&self, user: UserId) -> Result<Vec<TokenRecord>, StoreError> {
        let select =
            sql("SELECT * FROM tokens WHERE user_id = $1 ORDER BY created_at DESC, id DESC").bind(user.to_string());
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Forgets tokens that ended before `at` and says how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_tokens_expired_before(&self, at: UnixMillis) -> Result<u64, StoreError> {
        // A snapshot may outlive the row; the token in it has ended all the same.
        self.db().execute(sql("DELETE FROM tokens WHERE expires_at < $1").bind(at.0)).await.map_err(backend)
    }
}

fn read(found: &AnyRow) -> Result<TokenRecord, StoreError> {
    let id = row::parsed(found, "id")?;
    let roles = row::opt_text(found, "roles")?.map(|_| row::json(found, "roles")).transpose()?;
    Ok(TokenRecord {
        id,
        // Tokens that are older than chains stand for themselves.
        family: row::opt_parsed(found, "family")?.unwrap_or(id),
        roles,
        user_id: row::parsed(found, "user_id")?,
        tenant_id: row::opt_parsed(found, "tenant_id")?,
        username: row::text(found, "username")?,
        role: row::parsed(found, "role")?,
        created_at: row::instant(found, "created_at")?,
        expires_at: row::instant(found, "expires_at")?,
        revoked_at: row::opt_instant(found, "revoked_at")?,
    })
}
