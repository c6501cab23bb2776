//! Forward migrations, embedded. A schema newer than the binary is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::audit;
use crate::db::{Db, sql};
use crate::dialect::Dialect;
use crate::error::backend;
use crate::open::OpenError;
use crate::row;
use crate::seal::KeyRing;
use crate::tx::Tx;
use crate::warehouses;

struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
}

/// In order; a number is never used again and a released text never changes.
const MIGRATIONS: [Migration; 10] = [
    Migration { version: 1, name: "tenancy", text: include_str!("../migrations/common/0001_tenancy.sql") },
    Migration { version: 2, name: "catalog", text: include_str!("../migrations/common/0002_catalog.sql") },
    Migration { version: 3, name: "audit", text: include_str!("../migrations/common/0003_audit.sql") },
    Migration { version: 4, name: "secret_refs", text: include_str!("../migrations/common/0004_secret_refs.sql") },
    Migration { version: 5, name: "leases", text: include_str!("../migrations/common/0005_leases.sql") },
    Migration { version: 6, name: "identity", text: include_str!("../migrations/common/0006_identity.sql") },
    Migration { version: 7, name: "audit_seals", text: include_str!("../migrations/common/0007_audit_seals.sql") },
    Migration { version: 8, name: "revocations", text: include_str!("../migrations/common/0008_revocations.sql") },
    Migration { version: 9, name: "search", text: include_str!("../migrations/common/0009_search.sql") },
    Migration {
        version: 10,
        name: "warehouse_seals",
        text: include_str!("../migrations/common/0010_warehouse_seals.sql"),
    },
];

/// The migrations that go beyond SQL: they seal the audit chains and the warehouses that are there.
const AUDIT_SEALS: i64 = 7;
const WAREHOUSE_SEALS: i64 = 10;

/// Where the schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationState {
    /// The newest migration in the database; 0 for an empty one.
    pub applied: i64,
    /// The newest migration that this binary has.
    pub latest: i64,
}

impl MigrationState {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.applied == self.latest
    }
}

fn latest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// What the database says was applied, against what this binary has.
fn judge(applied: &BTreeMap<i64, String>) -> Result<MigrationState, OpenError> {
    let state = MigrationState { applied: applied.keys().max().copied().unwrap_or(0), latest: latest() };
    if state.applied > state.latest {
        return Err(OpenError::SchemaNewer { applied: state.applied, latest: state.latest });
    }
    for migration in &MIGRATIONS {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum != checksum_of(migration) => {
                return Err(OpenError::MigrationChanged { version: migration.version });
            }
            None if migration.version < state.applied => {
                return Err(OpenError::MigrationChanged { version: migration.version });
            }
            _ => {}
        }
    }
    Ok(state)
}

fn checksum_of(migration: &Migration) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(migration.text.as_bytes()))
}

/// Brings the schema up to this binary, all or nothing.
pub(crate) async fn migrate(db: &Arc<Db>, keys: &KeyRing) -> Result<(), OpenError> {
    let mut tx = Tx::begin(db).await?;
    if let Some(lock) = db.dialect.lock_migrations() {
        tx.all(sql(lock)).await?;
    }
    tx.script(with_types(
        "CREATE TABLE IF NOT EXISTS schema_migrations \
         (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
        db.dialect,
    ))
    .await
    .map_err(backend)?;
    let mut applied = BTreeMap::new();
    for found in tx.all(sql(READ_APPLIED)).await? {
        applied.insert(row::int(&found, "version")?, row::text(&found, "checksum")?);
    }
    let state = judge(&applied)?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > state.applied) {
        tx.script(with_types(migration.text, db.dialect)).await.map_err(backend)?;
        match migration.version {
            AUDIT_SEALS => audit::adopt(&mut tx, keys).await?,
            WAREHOUSE_SEALS => warehouses::adopt(&mut tx, keys).await?,
            _ => {}
        }
        let done = sql("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(checksum_of(migration));
        tx.execute(done).await.map_err(backend)?;
        tracing::info!(version = migration.version, name = migration.name, "migration applied");
    }
    tx.commit().await?;
    Ok(())
}

/// Looks without changing anything.
pub(crate) async fn look(db: &Db) -> Result<MigrationState, OpenError> {
    let mut applied = BTreeMap::new();
    if db.optional(sql(has_migrations(db.dialect))).await?.is_some() {
        for found in db.all(sql(READ_APPLIED)).await? {
            applied.insert(row::int(&found, "version")?, row::text(&found, "checksum")?);
        }
    }
    judge(&applied)
}

/// The state of a database that is not there yet.
pub(crate) fn nothing_applied() -> MigrationState {
    MigrationState { applied: 0, latest: latest() }
}

const READ_APPLIED: &str = "SELECT version, checksum FROM schema_migrations ORDER BY version";

fn has_migrations(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE name = 'schema_migrations'",
        Dialect::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables \
             WHERE tablename = 'schema_migrations' AND schemaname = current_schema()"
        }
    }
}

fn with_types(text: &str, dialect: Dialect) -> String {
    text.replace("KEY_TEXT", dialect.key_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(up_to: i64) -> BTreeMap<i64, String> {
        MIGRATIONS.iter().filter(|m| m.version <= up_to).map(|m| (m.version, checksum_of(m))).collect()
    }

    #[test]
    fn versions_rise_by_one() {
        assert!(MIGRATIONS.iter().enumerate().all(|(at, m)| usize::try_from(m.version).unwrap() == at + 1));
    }

    #[test]
    fn an_older_schema_is_brought_up_and_a_newer_one_is_refused() {
        assert!(!judge(&applied(1)).unwrap().is_current());
        assert!(judge(&applied(latest())).unwrap().is_current());
        let mut newer = applied(latest());
        newer.insert(latest() + 1, "x".to_owned());
        let error = judge(&newer).unwrap_err();
        assert!(matches!(error, OpenError::SchemaNewer { .. }), "{error}");
    }

    #[test]
    fn a_changed_or_missing_migration_is_refused() {
        let mut changed = applied(latest());
        changed.insert(1, "x".to_owned());
        assert!(matches!(judge(&changed), Err(OpenError::MigrationChanged { version: 1 })));
        let mut gap = applied(latest());
        gap.remove(&2);
        assert!(matches!(judge(&gap), Err(OpenError::MigrationChanged { version: 2 })));
    }
}
