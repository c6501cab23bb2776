//! Credentials that are out: one row per mint, until it ends. Never the credential.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::LeaseId;
use pangolin_core::ports::StoreError;
use pangolin_core::revocation::{Group, Mint, Outstanding, Revocation, RevokedKind};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;

use crate::db::sql;
use crate::error::backend;
use crate::row;
use crate::store::Store;

/// Credentials that a report shows, and issuers that it tells apart.
const SHOWN: i64 = 200;
const GROUPS: usize = 1_000;
/// Clocks of hosts and clouds differ: a row stays for a while after its end.
const SLACK_SECONDS: i64 = 300;
/// Marks of what is gone are kept longer than anything that was minted for it is held in memory.
const MARKS_SECONDS: i64 = 90 * 86_400;

impl Store {
    pub(crate) async fn insert_mint(&self, mint: &Mint) -> Result<(), StoreError> {
        let issued = row::to_json(&mint.issued)?;
        let insert = sql("INSERT INTO mints (id, tenant_id, warehouse_id, warehouse, table_id, table_name, user_id, \
             principal, strategy, issued, access, unscoped, lease_id, fingerprint, request_id, host, issued_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
             ON CONFLICT (id) DO UPDATE SET issued_at = excluded.issued_at, expires_at = excluded.expires_at, \
             request_id = excluded.request_id, host = excluded.host, warehouse = excluded.warehouse, \
             table_name = excluded.table_name, principal = excluded.principal")
        .bind(identifier(mint, &issued))
        .bind(mint.tenant_id.to_string())
        .bind(mint.warehouse_id.to_string())
        .bind(mint.warehouse.as_str())
        .bind(mint.table_id.to_string())
        .bind(mint.table.as_str())
        .bind(mint.user_id.to_string())
        .bind(mint.principal.as_str())
        .bind(mint.strategy.as_str())
        .bind(issued)
        .bind(row::to_json(&mint.access)?)
        .bind(i64::from(mint.unscoped))
        .bind(mint.lease.map(|lease| lease.to_string()))
        .bind(mint.fingerprint.clone())
        .bind(mint.request_id.as_str())
        .bind(self.inner.host.as_str())
        .bind(mint.issued_at.0)
        .bind(mint.expires_at.map(|at| at.0));
        self.db().execute(insert).await.map(drop).map_err(backend)
    }

    /// What is out that a revocation concerns and the host does not end: the newest, and by issuer.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outstanding(&self, revocation: &Revocation, now: UnixMillis) -> Result<Outstanding, StoreError> {
        let about = About::new(revocation, now);
        let select = format!("SELECT * FROM mints WHERE {} ORDER BY issued_at DESC, id DESC LIMIT {SHOWN}", about.text);
        let credentials: Result<Vec<Mint>, StoreError> =
            self.db().all(about.query(select)).await?.iter().map(read).collect();
        let grouped = format!(
            "SELECT strategy, warehouse, issued, COUNT(*) AS count, COUNT(*) - COUNT(expires_at) AS endless, \
             MAX(expires_at) AS latest FROM mints WHERE {} GROUP BY strategy, warehouse, issued \
             ORDER BY COUNT(*) DESC, issued, strategy, warehouse LIMIT {}",
            about.text,
            GROUPS + 1
        );
        let mut groups: Vec<Group> =
            self.db().all(about.query(grouped)).await?.iter().map(read_group).collect::<Result<_, _>>()?;
        let more_groups = groups.len() > GROUPS;
        groups.truncate(GROUPS);
        let total = format!(
            "SELECT COUNT(*) AS count, COUNT(*) - COUNT(expires_at) AS endless, MAX(expires_at) AS latest \
             FROM mints WHERE {}",
            about.text
        );
        let total = self.db().all(about.query(total)).await?;
        let (mut count, mut endless, mut latest_expiry) = (0, 0, None);
        if let Some(found) = total.first() {
            (count, endless) = (number(found, "count")?, number(found, "endless")?);
            latest_expiry = row::opt_instant(found, "latest")?;
        }
        Ok(Outstanding { credentials: credentials?, count, endless, latest_expiry, groups, more_groups })
    }

    /// Forgets credentials that have ended, and marks of what has been gone for long; says how many
    /// rows. Whichever host does it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_mints(&self, now: UnixMillis) -> Result<u64, StoreError> {
        let ended = sql("DELETE FROM mints WHERE expires_at < $1").bind(now.plus_seconds(-SLACK_SECONDS).0);
        let pruned = self.db().execute(ended).await.map_err(backend)?;
        let marks = sql("DELETE FROM cut_offs WHERE cut_at < $1 AND NOT EXISTS \
             (SELECT 1 FROM revocations WHERE revocations.kind = cut_offs.kind AND revocations.target = cut_offs.target)")
        .bind(now.plus_seconds(-MARKS_SECONDS).0);
        Ok(pruned + self.db().execute(marks).await.map_err(backend)?)
    }
}

/// A credential of which there is one row however often it is handed out: a lease's, by holder and
/// table, and one that never ends, by its finger print. Any other is a row of its own.
fn identifier(mint: &Mint, issued: &str) -> String {
    let (user, table) = (mint.user_id.to_string(), mint.table_id.to_string());
    let parts = match (mint.lease, mint.expires_at, &mint.fingerprint) {
        (Some(lease), _, _) => vec!["lease".to_owned(), lease.to_string(), user, table],
        (None, None, Some(fingerprint)) => {
            let access = mint.access.describe().to_owned();
            let warehouse = mint.warehouse_id.to_string();
            vec!["endless".to_owned(), warehouse, fingerprint.clone(), user, table, access, issued.to_owned()]
        }
        _ => return LeaseId::generate().to_string(),
    };
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which rows a revocation is about. After it is lifted: what was minted before that.
struct About {
    text: &'static str,
    target: String,
    warehouse: String,
    tenant: String,
    now: i64,
    until: i64,
}

impl About {
    fn new(revocation: &Revocation, now: UnixMillis) -> Self {
        let text = match revocation.kind {
            RevokedKind::Principal => {
                "tenant_id = $5 AND lease_id IS NULL AND user_id = $1 AND user_id <> $2 \
                 AND (expires_at IS NULL OR expires_at > $3) AND issued_at <= $4"
            }
            RevokedKind::Warehouse => {
                "tenant_id = $5 AND lease_id IS NULL AND warehouse_id = $1 AND warehouse_id = $2 \
                 AND (expires_at IS NULL OR expires_at > $3) AND issued_at <= $4"
            }
            // What opens the whole warehouse opens this table too.
            RevokedKind::Table => {
                "tenant_id = $5 AND lease_id IS NULL AND (table_id = $1 OR (warehouse_id = $2 AND unscoped = 1)) \
                 AND (expires_at IS NULL OR expires_at > $3) AND issued_at <= $4"
            }
        };
        let warehouse = revocation.warehouse_id.map(|id| id.to_string()).unwrap_or_default();
        let until = revocation.lifted_at.map_or(i64::MAX, |at| at.0);
        let (target, tenant) = (revocation.target.to_string(), revocation.tenant_id.to_string());
        Self { text, target, warehouse, tenant, now: now.0, until }
    }

    fn query(&self, text: String) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(text));
        let query = query.bind(self.target.clone()).bind(self.warehouse.clone()).bind(self.now).bind(self.until);
        query.bind(self.tenant.clone())
    }
}

fn read(found: &AnyRow) -> Result<Mint, StoreError> {
    Ok(Mint {
        tenant_id: row::parsed(found, "tenant_id")?,
        warehouse_id: row::parsed(found, "warehouse_id")?,
        warehouse: row::text(found, "warehouse")?,
        table_id: row::parsed(found, "table_id")?,
        table: row::text(found, "table_name")?,
        user_id: row::parsed(found, "user_id")?,
        principal: row::text(found, "principal")?,
        strategy: row::text(found, "strategy")?,
        issued: row::json(found, "issued")?,
        access: row::json(found, "access")?,
        unscoped: row::flag(found, "unscoped")?,
        lease: row::opt_parsed(found, "lease_id")?,
        fingerprint: row::opt_text(found, "fingerprint")?,
        request_id: row::text(found, "request_id")?,
        issued_at: row::instant(found, "issued_at")?,
        expires_at: row::opt_instant(found, "expires_at")?,
    })
}

fn read_group(found: &AnyRow) -> Result<Group, StoreError> {
    Ok(Group {
        strategy: row::text(found, "strategy")?,
        warehouse: row::text(found, "warehouse")?,
        issued: row::json(found, "issued")?,
        count: number(found, "count")?,
        endless: number(found, "endless")?,
        latest_expiry: row::opt_instant(found, "latest")?,
    })
}

fn number(found: &AnyRow, column: &'static str) -> Result<u64, StoreError> {
    row::int(found, column).map(|value| u64::try_from(value).unwrap_or_default())
}
