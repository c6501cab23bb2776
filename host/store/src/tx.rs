//! Transactions that write.

use std::sync::Arc;

use pangolin_core::ports::StoreError;
use sqlx::Transaction;
use sqlx::any::{Any, AnyRow};

use crate::db::{Db, Statement, sql};
use crate::error::{backend, broken};
use crate::generation::Slot;
use crate::row;

/// A transaction that writes. Dropped before [`Tx::commit`], nothing of it stays.
pub(crate) struct Tx {
    db: Arc<Db>,
    inner: Transaction<'static, Any>,
    raised: Vec<(Slot, i64)>,
}

impl Tx {
    /// Starts one.
    pub(crate) async fn begin(db: &Arc<Db>) -> Result<Self, StoreError> {
        db.count();
        let inner = db.write.begin_with(db.dialect.begin_write()).await.map_err(backend)?;
        Ok(Self { db: Arc::clone(db), inner, raised: Vec::new() })
    }

    /// Starts one that changes management records. Raising the revision first is also the lock
    /// that puts such transactions in a row on PostgreSQL.
    pub(crate) async fn management(db: &Arc<Db>) -> Result<Self, StoreError> {
        let mut tx = Self::begin(db).await?;
        tx.raise([Slot::Management]).await?;
        Ok(tx)
    }

    /// Changes rows and says how many.
    pub(crate) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        self.db.count();
        statement.execute(&mut *self.inner).await.map(|done| done.rows_affected())
    }

    /// At most one row.
    pub(crate) async fn optional(&mut self, statement: Statement<'_>) -> Result<Option<AnyRow>, StoreError> {
        self.db.count();
        statement.fetch_optional(&mut *self.inner).await.map_err(backend)
    }

    /// Changes at most one row and reads it back.
    pub(crate) async fn returning(&mut self, statement: Statement<'_>) -> Result<Option<AnyRow>, sqlx::Error> {
        self.db.count();
        // Read to the end: a statement that is left half-way has not done all of its work.
        Ok(statement.fetch_all(&mut *self.inner).await?.pop())
    }

    /// All rows.
    pub(crate) async fn all(&mut self, statement: Statement<'_>) -> Result<Vec<AnyRow>, StoreError> {
        self.db.count();
        statement.fetch_all(&mut *self.inner).await.map_err(backend)
    }

    /// Whether there is a row.
    pub(crate) async fn exists(&mut self, statement: Statement<'_>) -> Result<bool, StoreError> {
        Ok(self.optional(statement).await?.is_some())
    }

    /// Runs a script of several statements.
    pub(crate) async fn script(&mut self, text: String) -> Result<(), sqlx::Error> {
        self.db.count();
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut *self.inner).await.map(drop)
    }

    /// Locks a catalog until the end: whoever creates, moves or drops tables there, or changes
    /// their locations, goes alone.
    pub(crate) async fn lock_catalog(&mut self, catalog: pangolin_core::id::CatalogId) -> Result<(), StoreError> {
        let statement = sql(self.db.dialect.lock_catalog()).bind(catalog.to_string());
        if self.exists(statement).await? { Ok(()) } else { Err(StoreError::NotFound("catalog")) }
    }

    /// Keeps a revision from being raised until the end: what is read from now on still stands
    /// when this transaction commits.
    pub(crate) async fn hold(&mut self, slot: Slot) -> Result<(), StoreError> {
        match self.db.dialect.hold_revision() {
            Some(statement) => self.optional(sql(statement).bind(slot.name())).await.map(drop),
            None => Ok(()),
        }
    }

    /// Raises revisions, in the one order that all transactions keep.
    pub(crate) async fn raise(&mut self, slots: impl IntoIterator<Item = Slot>) -> Result<(), StoreError> {
        let mut slots: Vec<Slot> = slots.into_iter().collect();
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            let statement = sql("INSERT INTO revisions (name, value) VALUES ($1, 1) \
                 ON CONFLICT (name) DO UPDATE SET value = revisions.value + 1 RETURNING value")
            .bind(slot.name());
            let raised = self.returning(statement).await.map_err(backend)?;
            let raised = raised.ok_or_else(|| broken("a revision was not raised"))?;
            self.raised.push((slot, row::int(&raised, "value")?));
        }
        Ok(())
    }

    /// Commits, then makes the snapshots of this host stale. Both happen even if the caller goes
    /// away meanwhile: a commit without the second half would leave stale snapshots for good.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let committed = tokio::spawn(async move {
            self.db.count();
            self.inner.commit().await?;
            for (slot, revision) in self.raised {
                self.db.generations.raise(slot, revision);
            }
            Ok(())
        });
        committed.await.map_err(broken)?.map_err(backend)
    }
}
