//! Everything in which the two databases differ.

use crate::config::AuditSync;

/// The database behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// By the scheme of a URL.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    /// Starts a transaction that writes. SQLite takes its one write lock at once, so that a
    /// transaction never fails half way; PostgreSQL takes row locks as it goes.
    pub(crate) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// Locks a catalog's row until the end of the transaction. SQLite has no row locks and
    /// needs none: there is one writer.
    pub(crate) fn lock_catalog(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT id FROM catalogs WHERE id = $1",
            Self::Postgres => "SELECT id FROM catalogs WHERE id = $1 FOR NO KEY UPDATE",
        }
    }

    /// Keeps a revision from being raised until the end of the transaction. On SQLite nobody else
    /// writes meanwhile.
    pub(crate) fn hold_revision(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT value FROM revisions WHERE name = $1 FOR SHARE"),
        }
    }

    /// Lets nobody else write the audit trail until the end of the transaction. It is taken whole
    /// before a statement writes anything, so nobody waits in a circle. SQLite has one writer.
    pub(crate) fn lock_trail(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("LOCK TABLE audit_events IN SHARE ROW EXCLUSIVE MODE"),
        }
    }

    /// Keeps two hosts from migrating at once.
    pub(crate) fn lock_migrations(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(7310596325)"),
        }
    }

    /// Text that is compared by its bytes, as SQLite compares all text.
    pub(crate) fn key_text(self) -> &'static str {
        match self {
            Self::Sqlite => "TEXT",
            Self::Postgres => "TEXT COLLATE \"C\"",
        }
    }

    /// What each new connection is told first.
    pub(crate) fn session(self, sync: AuditSync, writes: bool) -> &'static [&'static str] {
        match (self, writes, sync) {
            (Self::Sqlite, true, AuditSync::Full) => &[
                "PRAGMA busy_timeout = 10000",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA foreign_keys = ON",
            ],
            (Self::Sqlite, true, AuditSync::Normal) => &[
                "PRAGMA busy_timeout = 10000",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = NORMAL",
                "PRAGMA foreign_keys = ON",
            ],
            (Self::Sqlite, false, _) => &["PRAGMA busy_timeout = 10000", "PRAGMA query_only = ON"],
            (Self::Postgres, _, AuditSync::Full) => &[],
            (Self::Postgres, _, AuditSync::Normal) => &["SET synchronous_commit TO off"],
        }
    }
}
