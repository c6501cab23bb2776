//! Opening a database: drivers, pools, lock, migrations.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use pangolin_core::clock::Clock;
use pangolin_core::ports::StoreError;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor};

use crate::config::{AuditSync, Consistency, StoreConfig};
use crate::db::{Db, Pools};
use crate::dialect::Dialect;
use crate::migrate::{self, MigrationState};
use crate::sqlite_file;
use crate::store::Store;

/// Connections that read a SQLite database beside the one that writes.
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
/// The audit trail and the poll.
const POSTGRES_TASKS: u32 = 2;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names neither a file nor a server.
    #[error("the database URL must be sqlite://<path of a file> or postgres://<user>@<host>/<database>")]
    Url,
    /// The file or its lock.
    #[error("the database file cannot be opened: {0}")]
    File(#[source] std::io::Error),
    /// Two hosts on one SQLite file would each believe their own memory.
    #[error("{} is in use by another process: only one host may open a SQLite database, use PostgreSQL for several", .0.display())]
    Locked(PathBuf),
    /// The server did not answer or refused.
    #[error("the database cannot be reached")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A newer host has been here.
    #[error("the database has schema {applied}, this host knows up to {latest}: use a newer host")]
    SchemaNewer {
        /// In the database.
        applied: i64,
        /// In the binary.
        latest: i64,
    },
    /// Nobody has migrated it yet.
    #[error("the database has schema {applied}, this command needs {latest}: run pangolin migrate first")]
    SchemaOlder {
        /// In the database.
        applied: i64,
        /// In the binary.
        latest: i64,
    },
    /// The schema was made by something else.
    #[error("migration {version} in the database is not the one of this host")]
    MigrationChanged {
        /// Which.
        version: i64,
    },
    /// A statement failed.
    #[error("the schema cannot be read or brought up")]
    Store(#[from] StoreError),
}

impl Store {
    /// Opens the database, creates it if it is a SQLite file, and brings its schema up.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(config: StoreConfig, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let dialect = Dialect::of_url(&config.url).ok_or(OpenError::Url)?;
        let (url, file) = match dialect {
            Dialect::Sqlite => {
                let path = sqlite_file::path_of(&config.url)?;
                let file = sqlite_file::take(&path)?;
                (sqlite_file::url_of(&path), Some(file))
            }
            Dialect::Postgres => (config.url.clone(), None),
        };
        let db = Arc::new(connect(dialect, &url, config.audit_sync, config.consistency).await?);
        migrate::migrate(&db, &config.keys).await?;
        db.read_revisions().await?;
        Ok(Self::start(db, file, config, clock))
    }

    /// The file that a database URL names; none: it names a server. Nobody is connected to.
    ///
    /// # Errors
    /// The URL cannot be used.
    pub fn file_of(url: &str) -> Result<Option<PathBuf>, OpenError> {
        match Dialect::of_url(url).ok_or(OpenError::Url)? {
            Dialect::Sqlite => sqlite_file::path_of(url).map(Some),
            Dialect::Postgres => {
                sqlx::any::install_default_drivers();
                AnyConnectOptions::from_str(url).map(|_| None).map_err(unreachable)
            }
        }
    }

    /// Whether a process holds the file of a SQLite database. Nothing is made or changed.
    ///
    /// # Errors
    /// The file of its lock cannot be opened.
    pub fn is_held(file: &std::path::Path) -> Result<bool, OpenError> {
        sqlite_file::is_held(file)
    }

    /// Looks at the schema without changing anything and without creating a file.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn check_migrations(config: &StoreConfig) -> Result<MigrationState, OpenError> {
        let dialect = Dialect::of_url(&config.url).ok_or(OpenError::Url)?;
        let url = match dialect {
            Dialect::Sqlite => {
                let path = sqlite_file::path_of(&config.url)?;
                if !path.try_exists().map_err(OpenError::File)? {
                    return Ok(migrate::nothing_applied());
                }
                sqlite_file::url_of(&path)
            }
            Dialect::Postgres => config.url.clone(),
        };
        let db = connect(dialect, &url, config.audit_sync, config.consistency).await?;
        let state = migrate::look(&db).await;
        db.close().await;
        state
    }
}

/// Connects to a database that has this version's schema, without lock and without changing
/// anything: a host may run beside.
pub(crate) async fn connect_to_read(config: &StoreConfig) -> Result<Db, OpenError> {
    let dialect = Dialect::of_url(&config.url).ok_or(OpenError::Url)?;
    let state = Store::check_migrations(config).await?;
    if !state.is_current() {
        return Err(OpenError::SchemaOlder { applied: state.applied, latest: state.latest });
    }
    let url = match dialect {
        Dialect::Sqlite => sqlite_file::url_of(&sqlite_file::path_of(&config.url)?),
        Dialect::Postgres => config.url.clone(),
    };
    connect(dialect, &url, config.audit_sync, config.consistency).await
}

async fn connect(dialect: Dialect, url: &str, sync: AuditSync, consistency: Consistency) -> Result<Db, OpenError> {
    sqlx::any::install_default_drivers();
    // Statement logging is off: a slow-statement line would be the only place with SQL in a log.
    let options = AnyConnectOptions::from_str(url).map_err(unreachable)?.disable_statement_logging();
    // A server that is not there shows at once; a pool would try until its time is up.
    let probe = AnyConnection::connect_with(&options).await.map_err(unreachable)?;
    probe.close().await.map_err(unreachable)?;
    let pool = |size, writes| pool(dialect, options.clone(), dialect.session(sync, writes), size);
    let pools = match dialect {
        // One writer, so that transactions queue here and never meet SQLITE_BUSY.
        Dialect::Sqlite => {
            let write = pool(1, true);
            Pools { read: pool(SQLITE_READERS, false), tasks: write.clone(), write }
        }
        Dialect::Postgres => {
            let write = pool(POSTGRES_CONNECTIONS, true);
            Pools { read: write.clone(), write, tasks: pool(POSTGRES_TASKS, true) }
        }
    };
    Ok(Db::new(dialect, pools, consistency))
}

fn unreachable(error: sqlx::Error) -> OpenError {
    OpenError::Connect(Box::new(error))
}

fn pool(dialect: Dialect, options: AnyConnectOptions, session: &'static [&'static str], size: u32) -> AnyPool {
    let pool = AnyPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE_TIMEOUT).after_connect(
        move |connection, _| {
            Box::pin(async move {
                for statement in session {
                    connection.execute(*statement).await?;
                }
                Ok(())
            })
        },
    );
    let pool = match dialect {
        // Connections to a file do not go stale.
        Dialect::Sqlite => pool.idle_timeout(None).max_lifetime(None).test_before_acquire(false),
        Dialect::Postgres => pool,
    };
    pool.connect_lazy_with(options)
}
