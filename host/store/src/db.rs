//! Connections and the count of statements.

use std::sync::atomic::{AtomicU64, Ordering};

use pangolin_core::ports::StoreError;
use sqlx::AnyPool;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;

use crate::config::Consistency;
use crate::dialect::Dialect;
use crate::error::backend;
use crate::generation::{Generations, Slot};
use crate::row;

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Any, AnyArguments>;

/// A statement without values yet.
pub(crate) fn sql<'q>(text: &'static str) -> Statement<'q> {
    sqlx::query(text)
}

/// The connections of a database.
pub(crate) struct Pools {
    pub(crate) read: AnyPool,
    pub(crate) write: AnyPool,
    pub(crate) tasks: AnyPool,
}

/// The database.
#[derive(Debug)]
pub(crate) struct Db {
    pub(crate) dialect: Dialect,
    pub(crate) read: AnyPool,
    pub(crate) write: AnyPool,
    /// For the audit trail and the poll: requests in their numbers do not hold them up.
    pub(crate) tasks: AnyPool,
    pub(crate) generations: Generations,
    pub(crate) consistency: Consistency,
    statements: AtomicU64,
}

impl Db {
    pub(crate) fn new(dialect: Dialect, pools: Pools, consistency: Consistency) -> Self {
        let Pools { read, write, tasks } = pools;
        let statements = AtomicU64::new(0);
        Self { dialect, read, write, tasks, generations: Generations::new(), consistency, statements }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
        self.tasks.close().await;
    }

    /// Counts a statement that is about to run.
    pub(crate) fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// How many statements ran.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// At most one row.
    pub(crate) async fn optional(&self, statement: Statement<'_>) -> Result<Option<AnyRow>, StoreError> {
        self.count();
        statement.fetch_optional(&self.read).await.map_err(backend)
    }

    /// All rows.
    pub(crate) async fn all(&self, statement: Statement<'_>) -> Result<Vec<AnyRow>, StoreError> {
        self.count();
        statement.fetch_all(&self.read).await.map_err(backend)
    }

    /// Runs one statement that changes something and touches no snapshot.
    pub(crate) async fn execute(&self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        self.count();
        statement.execute(&self.write).await.map(|done| done.rows_affected())
    }

    /// The generation of a slot, to be noted before the database is asked. With strict
    /// consistency it is read from the database; a SQLite database has no other writer.
    pub(crate) async fn generation(&self, slot: Slot) -> Result<i64, StoreError> {
        if self.consistency == Consistency::Strict {
            self.see_others(slot).await?;
        }
        Ok(self.generations.get(slot))
    }

    /// What other hosts changed in a slot until now makes this host's snapshots of it stale.
    pub(crate) async fn see_others(&self, slot: Slot) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            let found = self.optional(sql("SELECT value FROM revisions WHERE name = $1").bind(slot.name())).await?;
            if let Some(found) = found {
                self.generations.raise(slot, row::int(&found, "value")?);
            }
        }
        Ok(())
    }

    /// Takes note of every revision in the database: at the start, and what other hosts changed.
    /// Not counted: it belongs to no request.
    pub(crate) async fn read_revisions(&self) -> Result<(), StoreError> {
        for found in sql("SELECT name, value FROM revisions").fetch_all(&self.tasks).await.map_err(backend)? {
            if let Some(slot) = Slot::parse(&row::text(&found, "name")?) {
                self.generations.raise(slot, row::int(&found, "value")?);
            }
        }
        Ok(())
    }
}
