//! Revocations: what is cut off, since when, and until somebody lifts it.

mod cuts;
mod effect;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{RevocationId, TenantId, UserId};
use pangolin_core::lease::Lease;
use pangolin_core::ports::StoreError;
use pangolin_core::revocation::{Revocation, RevokedKind};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use uuid::Uuid;

use crate::db::sql;
use crate::error::backend;
use crate::generation::Slot;
use crate::leases;
use crate::page::OffsetPage;
use crate::row;
use crate::store::Store;
use crate::tokens;
use crate::tx::Tx;

pub(crate) use self::effect::{Gone, cut_off};

/// Leases that a report shows.
const SHOWN_LEASES: i64 = 200;

/// What became of a wish to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// What stands now.
    pub revocation: Revocation,
    /// Whether it stood before, so that nothing was done.
    pub stood: bool,
    /// Tokens that it ended.
    pub tokens: u64,
}

/// Which revocations; every condition that is given must hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RevocationFilter {
    /// Of one tenant.
    pub tenant: Option<TenantId>,
    /// Of one kind.
    pub kind: Option<RevokedKind>,
    /// Those that stand, or those that were lifted.
    pub standing: Option<bool>,
}

impl Store {
    /// Revokes. In one transaction: the revocation stands, nothing minted before is served, a
    /// principal's tokens end, and leases are to be ended. One that stands already is answered.
    ///
    /// # Errors
    /// There is no such tenant, or the database failed.
    pub async fn revoke(&self, wanted: &Revocation) -> Result<Revoked, StoreError> {
        let now = self.inner.clock.now();
        let target = wanted.target.to_string();
        let is_principal = wanted.kind == RevokedKind::Principal;
        let mut tx = if is_principal { Tx::management(self.db()).await? } else { Tx::begin(self.db()).await? };
        let insert =
            sql("INSERT INTO revocations (id, tenant_id, kind, target, target_name, warehouse_id, locations, \
             reason, revoked_by, revoked_by_name, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT DO NOTHING")
            .bind(wanted.id.to_string())
            .bind(wanted.tenant_id.to_string())
            .bind(wanted.kind.as_str())
            .bind(target.as_str())
            .bind(wanted.name.as_str())
            .bind(wanted.warehouse_id.map(|id| id.to_string()))
            .bind(row::to_json(&wanted.locations)?)
            .bind(wanted.reason.clone())
            .bind(wanted.revoked_by.to_string())
            .bind(wanted.revoked_by_name.as_str())
            .bind(wanted.revoked_at.0);
        if tx.execute(insert).await.map_err(crate::error::on_write("revocation", "tenant"))? == 0 {
            drop(tx);
            return self.standing_revocation(wanted).await;
        }
        let mut tokens = 0;
        if is_principal {
            tx.raise([Slot::Tokens]).await?;
            tokens = tokens::revoke_all_of(&mut tx, UserId(wanted.target), now).await?;
        }
        cut_off(&mut tx, wanted.tenant_id, Gone::of(wanted), now, []).await?;
        tx.commit().await?;
        Ok(Revoked { revocation: wanted.clone(), stood: false, tokens })
    }

    async fn standing_revocation(&self, wanted: &Revocation) -> Result<Revoked, StoreError> {
        let select = sql("SELECT * FROM revocations WHERE tenant_id = $1 AND kind = $2 AND target = $3 \
             AND lifted_at IS NULL")
        .bind(wanted.tenant_id.to_string())
        .bind(wanted.kind.as_str())
        .bind(wanted.target.to_string());
        // Lifted between the two questions: to be asked for again.
        let found = self.db().optional(select).await?.ok_or(StoreError::Conflict("revocation"))?;
        Ok(Revoked { revocation: read(&found)?, stood: true, tokens: 0 })
    }

    /// One revocation, of one tenant or of all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revocation(
        &self,
        tenant: Option<TenantId>,
        id: RevocationId,
    ) -> Result<Option<Revocation>, StoreError> {
        let select = sql("SELECT * FROM revocations WHERE id = $1").bind(id.to_string());
        let found = self.db().optional(select).await?.as_ref().map(read).transpose()?;
        Ok(found.filter(|found| tenant.is_none_or(|tenant| found.tenant_id == tenant)))
    }

    /// Revocations, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_revocations(
        &self,
        filter: RevocationFilter,
        page: &OffsetPage,
    ) -> Result<Vec<Revocation>, StoreError> {
        let given = [
            ("tenant_id", filter.tenant.map(|tenant| tenant.to_string())),
            ("kind", filter.kind.map(|kind| kind.as_str().to_owned())),
        ];
        let (mut conditions, mut values) = (vec!["1 = 1".to_owned()], Vec::new());
        for (column, value) in given {
            let Some(value) = value else { continue };
            values.push(value);
            conditions.push(format!("{column} = ${}", values.len()));
        }
        match filter.standing {
            Some(true) => conditions.push("lifted_at IS NULL".to_owned()),
            Some(false) => conditions.push("lifted_at IS NOT NULL".to_owned()),
            None => {}
        }
        let (limit, offset) = (values.len() + 1, values.len() + 2);
        // Only names and places are part of the text.
        let text = format!(
            "SELECT * FROM revocations WHERE {} ORDER BY revoked_at DESC, id DESC LIMIT ${limit} OFFSET ${offset}",
            conditions.join(" AND ")
        );
        let query = values.into_iter().fold(sqlx::query(AssertSqlSafe(text)), |query, value| query.bind(value));
        let query = query.bind(page.sql_limit()).bind(page.sql_offset());
        self.db().all(query).await?.iter().map(read).collect()
    }

    /// Lifts a revocation. One that was lifted before stays as it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lift_revocation(&self, revocation: &Revocation, by: UserId, at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = match revocation.kind {
            RevokedKind::Principal => Tx::management(self.db()).await?,
            RevokedKind::Warehouse | RevokedKind::Table => Tx::begin(self.db()).await?,
        };
        let update = sql("UPDATE revocations SET lifted_by = $2, lifted_at = $3 WHERE id = $1 AND lifted_at IS NULL")
            .bind(revocation.id.to_string())
            .bind(by.to_string())
            .bind(at.0);
        tx.execute(update).await.map_err(backend)?;
        tx.raise([Slot::of_cut(revocation.target)]).await?;
        tx.commit().await
    }

    /// Leases that a revocation concerns, the newest first, and how many there are.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoked_leases(&self, revocation: &Revocation) -> Result<(Vec<Lease>, u64), StoreError> {
        let gone = Gone::of(revocation);
        let since = revocation.revoked_at.0;
        let until = revocation.lifted_at.map_or(i64::MAX, |at| at.0);
        let concerned = format!(
            "FROM leases WHERE {} AND (revoked_at IS NULL OR revoked_at >= $3) AND started_at <= $4 \
             AND (state <> 'lost' OR next_attempt_at IS NOT NULL)",
            gone.leases()
        );
        let (target, tenant) = (revocation.target.to_string(), revocation.tenant_id.to_string());
        let ask = |text: String| {
            let query = sqlx::query(AssertSqlSafe(text)).bind(target.clone()).bind(tenant.clone());
            query.bind(since).bind(until)
        };
        let counted = ask(format!("SELECT COUNT(*) AS leases {concerned}"));
        let count = self.db().optional(counted).await?.map(|found| row::int(&found, "leases")).transpose()?;
        let select = ask(format!("SELECT * {concerned} ORDER BY started_at DESC, id DESC LIMIT {SHOWN_LEASES}"));
        let leases: Result<Vec<Lease>, StoreError> = self.db().all(select).await?.iter().map(leases::read).collect();
        Ok((leases?, u64::try_from(count.unwrap_or_default()).unwrap_or_default()))
    }
}

fn read(found: &AnyRow) -> Result<Revocation, StoreError> {
    Ok(Revocation {
        id: row::parsed(found, "id")?,
        tenant_id: row::parsed(found, "tenant_id")?,
        kind: row::word(found, "kind")?,
        target: row::parsed::<Uuid>(found, "target")?,
        name: row::text(found, "target_name")?,
        warehouse_id: row::opt_parsed(found, "warehouse_id")?,
        locations: row::json(found, "locations")?,
        reason: row::opt_text(found, "reason")?,
        revoked_by: row::parsed(found, "revoked_by")?,
        revoked_by_name: row::text(found, "revoked_by_name")?,
        revoked_at: row::instant(found, "revoked_at")?,
        lifted_by: row::opt_parsed(found, "lifted_by")?,
        lifted_at: row::opt_instant(found, "lifted_at")?,
    })
}
