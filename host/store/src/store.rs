//! The store: connections, keys, clock, snapshots, and the tasks beside them.

use std::sync::Arc;
use std::time::Duration;

use pangolin_core::clock::Clock;
use pangolin_core::id::{CatalogId, LeaseId, TableId, TenantId, TokenId, UserId, WarehouseId};
use pangolin_core::lease::{ActiveLease, ResourceKey};
use pangolin_core::location::Location;
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Table, TokenRecord};
use pangolin_core::revocation::{Cut, RevokedKind};
use pangolin_core::warehouse::Warehouse;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::api_keys::{ApiKey, KeyHash};
use crate::audit::{AuditSeals, AuditWriter};
use crate::config::StoreConfig;
use crate::db::{Db, sql};
use crate::dialect::Dialect;
use crate::principals::PrincipalRecord;
use crate::seal::KeyRing;
use crate::snapshot::Snapshots;
use crate::sqlite_file::SqliteFile;
use crate::warehouses::WarehouseSeals;

/// How often a PostgreSQL is asked what other hosts changed. A change is seen within a second.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
const MAX_TOKENS: u64 = 50_000;
const MAX_API_KEYS: u64 = 20_000;
const MAX_PRINCIPALS: u64 = 20_000;
const MAX_WAREHOUSES: u64 = 5_000;
const MAX_CATALOGS: u64 = 5_000;
const MAX_TABLE_BYTES: u64 = 256 << 20;
const MAX_EXCLUSIVE: u64 = 50_000;
const MAX_LEASED: u64 = 10_000;
const MAX_CUTS: u64 = 100_000;

/// The store. Clones share everything.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) type TableKey = (CatalogId, String, String);

pub(crate) struct Inner {
    pub(crate) db: Arc<Db>,
    pub(crate) keys: KeyRing,
    pub(crate) warehouse_seals: WarehouseSeals,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) audit: AuditWriter,
    pub(crate) tokens: Snapshots<TokenId, TokenRecord>,
    pub(crate) api_keys: Snapshots<KeyHash, ApiKey>,
    pub(crate) principals: Snapshots<UserId, PrincipalRecord>,
    /// By tenant, issuer and subject.
    pub(crate) externals: Snapshots<(TenantId, String, String), UserId>,
    /// By user and the names of roles that its claims give.
    pub(crate) claimed: Snapshots<(UserId, Vec<String>), PrincipalRecord>,
    pub(crate) warehouses: Snapshots<(TenantId, String), Warehouse>,
    pub(crate) warehouses_by_id: Snapshots<(TenantId, WarehouseId), Warehouse>,
    pub(crate) catalogs: Snapshots<(TenantId, String), CatalogSnapshot>,
    pub(crate) tables: Snapshots<TableKey, Table>,
    pub(crate) exclusive: Snapshots<TableId, Vec<Location>>,
    pub(crate) leases: Snapshots<ResourceKey, Vec<ActiveLease>>,
    pub(crate) cuts: Snapshots<(RevokedKind, Uuid), Cut>,
    /// The name of this host.
    pub(crate) host: String,
    /// Tells this process from one that had the database before.
    pub(crate) run: String,
    poll: Option<JoinHandle<()>>,
    _file: Option<SqliteFile>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(poll) = &self.poll {
            poll.abort();
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dialect", &self.inner.db.dialect).finish_non_exhaustive()
    }
}

impl Store {
    pub(crate) fn start(db: Arc<Db>, file: Option<SqliteFile>, config: StoreConfig, clock: Arc<dyn Clock>) -> Self {
        let poll = (db.dialect == Dialect::Postgres).then(|| tokio::spawn(poll(Arc::clone(&db))));
        let inner = Inner {
            host: config.host_name.clone(),
            audit: AuditWriter::start(Arc::clone(&db), config.host_name, AuditSeals::of(&config.keys)),
            db,
            warehouse_seals: WarehouseSeals::of(&config.keys),
            keys: config.keys,
            clock,
            tokens: Snapshots::bounded(MAX_TOKENS),
            api_keys: Snapshots::bounded(MAX_API_KEYS),
            principals: Snapshots::bounded(MAX_PRINCIPALS),
            externals: Snapshots::bounded(MAX_PRINCIPALS),
            claimed: Snapshots::bounded(MAX_PRINCIPALS),
            warehouses: Snapshots::bounded(MAX_WAREHOUSES),
            warehouses_by_id: Snapshots::bounded(MAX_WAREHOUSES),
            catalogs: Snapshots::bounded(MAX_CATALOGS),
            tables: Snapshots::weighed(MAX_TABLE_BYTES, |table: &Table| table.metadata.len() + 512),
            exclusive: Snapshots::bounded(MAX_EXCLUSIVE),
            leases: Snapshots::bounded(MAX_LEASED),
            cuts: Snapshots::bounded(MAX_CUTS),
            run: LeaseId::generate().to_string(),
            poll,
            _file: file,
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn db(&self) -> &Arc<Db> {
        &self.inner.db
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db().optional(sql("SELECT value FROM revisions WHERE name = 'management'")).await.map(drop)
    }

    /// How many SQL statements requests have made this store run. The audit trail's own batches
    /// and the poll for changes of other hosts are not among them.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.db().statements()
    }

    /// Writes what waits for the audit trail, then closes every connection. Nothing works after.
    pub async fn close(&self) {
        self.inner.audit.close().await;
        if let Some(poll) = &self.inner.poll {
            poll.abort();
        }
        self.db().close().await;
    }
}

/// Takes note of what other hosts changed.
async fn poll(db: Arc<Db>) {
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        match db.read_revisions().await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(error = &error as &dyn std::error::Error, "changes of other hosts cannot be read");
                }
                failing = true;
            }
        }
    }
}
