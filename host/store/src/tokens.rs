//! Tokens that the host issued: what is known of them, never the token itself.

use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, TokenId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::TokenRecord;
use sqlx::any::AnyRow;

use crate::api_keys::KeyHash;
use crate::db::{Statement, sql};
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::page::OffsetPage;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

/// What a new token comes of. It is recorded only if that still stands.
#[derive(Debug, Clone, Copy)]
pub enum Basis<'a> {
    /// Another token, which was exchanged.
    Token(TokenId),
    /// A key of a service user.
    Key(&'a KeyHash),
    /// The password of a user, by its hash.
    Password(UserId, &'a str),
}

impl Store {
    /// Records a token. Snapshots stay as they are: an unknown token is never remembered.
    ///
    /// # Errors
    /// The identifier is taken.
    pub async fn insert_token(&self, token: &TokenRecord) -> Result<(), StoreError> {
        self.db().execute(insert(token)?).await.map(drop).map_err(on_write("token", "user"))
    }

    /// Records a token that comes of something else; `false` if that was revoked meanwhile. It
    /// ends when its basis is to end.
    ///
    /// # Errors
    /// The identifier is taken.
    pub async fn insert_token_of(
        &self,
        basis: Basis<'_>,
        token: &TokenRecord,
        at: UnixMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        // Whoever revokes raises this first, and so either sees the new token or is seen here.
        tx.hold(Slot::Tokens).await?;
        let Some(revoked_at) = end_of(&mut tx, basis, at).await? else { return Ok(false) };
        let token = TokenRecord { revoked_at, ..token.clone() };
        tx.execute(insert(&token)?).await.map_err(on_write("token", "user"))?;
        tx.commit().await?;
        Ok(true)
    }

    /// Revokes the chain of `old` and records `new` in its place, at the end of that chain: whoever
    /// revokes any of it reaches `new`. `false` if `old` was revoked before; of two that ask at once
    /// one gets a token.
    ///
    /// # Errors
    /// The identifier is taken.
    pub async fn replace_token(&self, old: TokenId, new: &TokenRecord, at: UnixMillis) -> Result<bool, StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let Some(revoked_at) = end_of(&mut tx, Basis::Token(old), at).await? else { return Ok(false) };
        revoke_family(&mut tx, old, at).await?;
        let new = TokenRecord { revoked_at, ..new.clone() };
        tx.execute(insert(&new)?).await.map_err(on_write("token", "user"))?;
        tx.commit().await?;
        Ok(true)
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

    /// Revokes a token and all others of its chain, what came of its rotation among them; `false`
    /// if none of them stood.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_token(&self, id: TokenId, at: UnixMillis) -> Result<bool, StoreError> {
        let mut tx = Tx::begin(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let revoked = revoke_family(&mut tx, id, at).await? > 0;
        if revoked {
            tx.commit().await?;
        }
        Ok(revoked)
    }

    /// Tokens of a user, the newest first: all, or those of one chain.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_tokens(
        &self,
        user: UserId,
        chain: Option<TokenId>,
        page: &OffsetPage,
    ) -> Result<Vec<TokenRecord>, StoreError> {
        let select = sql("SELECT * FROM tokens WHERE user_id = $3 AND ($4 IS NULL OR family = $4) \
             ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2")
        .bind(page.sql_limit())
        .bind(page.sql_offset())
        .bind(user.to_string())
        .bind(chain.map(|chain| chain.to_string()));
        self.db().all(select).await?.iter().map(read).collect()
    }

    /// Forgets tokens that ended before `at`, of one tenant or of all, and says how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_tokens_expired_before(
        &self,
        at: UnixMillis,
        tenant: Option<TenantId>,
    ) -> Result<u64, StoreError> {
        // A snapshot may outlive the row; the token in it has ended all the same.
        let delete = match tenant {
            Some(tenant) => {
                sql("DELETE FROM tokens WHERE expires_at < $1 AND tenant_id = $2").bind(at.0).bind(tenant.to_string())
            }
            None => sql("DELETE FROM tokens WHERE expires_at < $1").bind(at.0),
        };
        self.db().execute(delete).await.map_err(backend)
    }
}

fn insert(token: &TokenRecord) -> Result<Statement<'static>, StoreError> {
    Ok(sql("INSERT INTO tokens \
         (id, user_id, tenant_id, username, role, created_at, expires_at, revoked_at, family, roles) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(token.id.to_string())
    .bind(token.user_id.to_string())
    .bind(token.tenant_id.map(|tenant| tenant.to_string()))
    .bind(token.username.clone())
    .bind(token.role.as_str())
    .bind(token.created_at.0)
    .bind(token.expires_at.0)
    .bind(token.revoked_at.map(|at| at.0))
    .bind(token.family.to_string())
    .bind(token.roles.as_ref().map(row::to_json).transpose()?))
}

/// When a basis is to end, if it stands at `at`; none: it does not.
async fn end_of(tx: &mut Tx, basis: Basis<'_>, at: UnixMillis) -> Result<Option<Option<UnixMillis>>, StoreError> {
    let select = match basis {
        Basis::Password(user, hash) => {
            let select = sql("SELECT id FROM users WHERE id = $1 AND password_hash = $2 AND active = 1")
                .bind(user.to_string())
                .bind(hash);
            return Ok(tx.exists(select).await?.then_some(None));
        }
        Basis::Token(id) => sql("SELECT revoked_at AS ends FROM tokens WHERE id = $1").bind(id.to_string()),
        Basis::Key(hash) => sql("SELECT expires_at AS ends FROM api_keys WHERE hash = $1").bind(hash.to_string()),
    };
    let Some(found) = tx.optional(select).await? else { return Ok(None) };
    let ends = row::opt_instant(&found, "ends")?;
    Ok(ends.is_none_or(|ends| ends > at).then_some(ends))
}

/// Revokes a token and its chain, as part of a transaction that has raised the revision; says how
/// many of them stood.
async fn revoke_family(tx: &mut Tx, id: TokenId, at: UnixMillis) -> Result<u64, StoreError> {
    let update = sql("UPDATE tokens SET revoked_at = $2 \
         WHERE family = (SELECT family FROM tokens WHERE id = $1) AND (revoked_at IS NULL OR revoked_at > $2)")
    .bind(id.to_string())
    .bind(at.0);
    tx.execute(update).await.map_err(backend)
}

/// Revokes every token of a user from `at` on, as part of a transaction that has raised the
/// revision.
pub(crate) async fn revoke_all_of(tx: &mut Tx, user: UserId, at: UnixMillis) -> Result<u64, StoreError> {
    let update = sql("UPDATE tokens SET revoked_at = $2 \
         WHERE user_id = $1 AND (revoked_at IS NULL OR revoked_at > $2)")
    .bind(user.to_string())
    .bind(at.0);
    tx.execute(update).await.map_err(backend)
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
