//! A user's own password: changed only if it is still the one that was proven.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::TokenId;
use pangolin_core::ports::StoreError;
use pangolin_core::record::User;

use crate::db::sql;
use crate::error::backend;
use crate::generation::Slot;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Replaces the hash of `user`, and ends all tokens but `kept`, those of its chain too: what was
    /// exchanged for it may be in other hands. Says how many.
    ///
    /// # Errors
    /// The user is gone, or has another hash by now.
    pub async fn change_password(
        &self,
        user: &User,
        hash: String,
        kept: Option<TokenId>,
        at: UnixMillis,
    ) -> Result<u64, StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        tx.raise([Slot::Tokens]).await?;
        let update = sql("UPDATE users SET password_hash = $2 WHERE id = $1 AND password_hash = $3")
            .bind(user.id.to_string())
            .bind(hash)
            .bind(user.password_hash.clone());
        if tx.execute(update).await.map_err(backend)? == 0 {
            return Err(StoreError::Conflict("user"));
        }
        let revoke = sql("UPDATE tokens SET revoked_at = $2 WHERE user_id = $1 \
             AND (revoked_at IS NULL OR revoked_at > $2) AND id <> $3")
        .bind(user.id.to_string())
        .bind(at.0)
        .bind(kept.map(|kept| kept.to_string()).unwrap_or_default());
        let ended = tx.execute(revoke).await.map_err(backend)?;
        tx.commit().await?;
        Ok(ended)
    }
}
