//! Keys of service users, by their hash: the key itself is nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{ApiKeyId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::secret::Secret;
use sha2::{Digest as _, Sha256};

use crate::db::sql;
use crate::error::{backend, on_write};
use crate::generation::Slot;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

/// How exactly the last use of a key is kept.
const USE_NOTED_EVERY_MS: i64 = 60_000;

/// SHA-256 of a key. A key is 32 random bytes, so its hash is found by no search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a key.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the key goes into its hash and nowhere else")]
    pub fn of(key: &Secret<String>) -> Self {
        Self(Sha256::digest(key.expose().as_bytes()).into())
    }
}

impl std::fmt::Display for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A key that is about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewApiKey {
    /// Names the key in the audit trail.
    pub id: ApiKeyId,
    /// What is stored of it.
    pub hash: KeyHash,
}

/// What is known of a key.
#[derive(Debug)]
pub struct ApiKey {
    /// Names the key in the audit trail.
    pub id: ApiKeyId,
    /// Whose.
    pub user_id: UserId,
    /// When it ends; none: with its service user.
    pub ends_at: Option<UnixMillis>,
    /// The last use that is on its way to the database.
    noted_use: AtomicI64,
}

impl Store {
    /// A key by its hash. Warm: from memory.
    ///
    /// # Errors
    /// The database failed.
    pub async fn api_key(&self, hash: &KeyHash) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let generation = self.db().generation(Slot::Tokens).await?;
        if let Some(known) = self.inner.api_keys.get(hash, generation) {
            return Ok(Some(known));
        }
        let select =
            sql("SELECT id, user_id, expires_at, last_used FROM api_keys WHERE hash = $1").bind(hash.to_string());
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let key = Arc::new(ApiKey {
            id: row::parsed(&found, "id")?,
            user_id: row::parsed(&found, "user_id")?,
            ends_at: row::opt_instant(&found, "expires_at")?,
            noted_use: AtomicI64::new(row::opt_int(&found, "last_used")?.unwrap_or(i64::MIN)),
        });
        self.inner.api_keys.keep(*hash, generation, &key);
        Ok(Some(key))
    }

    /// Notes that a key was used: once a minute, beside the request. Nothing is decided by it, so
    /// a note that is lost is lost.
    pub fn note_key_use(&self, key: &ApiKey, at: UnixMillis) {
        let noted = key.noted_use.load(Ordering::Relaxed);
        let due = at.0.saturating_sub(noted) >= USE_NOTED_EVERY_MS;
        if !due || key.noted_use.compare_exchange(noted, at.0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (db, id) = (Arc::clone(self.db()), key.id);
        tokio::spawn(async move {
            let update =
                sql("UPDATE api_keys SET last_used = $2 WHERE id = $1 AND (last_used IS NULL OR last_used < $2)")
                    .bind(id.to_string())
                    .bind(at.0);
            if let Err(error) = db.execute(update).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the use of a key was not noted");
            }
        });
    }
}

/// Stores a key, as part of a transaction.
pub(crate) async fn insert(tx: &mut Tx, user: UserId, key: &NewApiKey, at: UnixMillis) -> Result<(), StoreError> {
    let insert = sql("INSERT INTO api_keys (hash, id, user_id, created_at) VALUES ($1, $2, $3, $4)")
        .bind(key.hash.to_string())
        .bind(key.id.to_string())
        .bind(user.to_string())
        .bind(at.0);
    tx.execute(insert).await.map(drop).map_err(on_write("API key", "service user"))
}

/// Ends every key of a service user at `ends_at`, as part of a transaction that has raised the
/// revision of tokens. A key that ends sooner anyway does.
pub(crate) async fn end_all_of(tx: &mut Tx, user: UserId, ends_at: UnixMillis) -> Result<u64, StoreError> {
    let update = sql("UPDATE api_keys SET expires_at = $2 \
         WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2)")
    .bind(user.to_string())
    .bind(ends_at.0);
    tx.execute(update).await.map_err(backend)
}
