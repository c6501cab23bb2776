//! How it stands with what a credential depends on.

use std::sync::Arc;

use async_trait::async_trait;
use pangolin_core::ports::{Revocations, StoreError};
use pangolin_core::revocation::{Cut, Cuts, Mint, RevokedKind, Targets};
use sqlx::any::AnyRow;
use uuid::Uuid;

use crate::db::sql;
use crate::generation::Slot;
use crate::row;
use crate::store::Store;

#[async_trait]
impl Revocations for Store {
    async fn cuts(&self, of: Targets) -> Result<Cuts, StoreError> {
        let Targets { user, warehouse, table } = of;
        Ok(Cuts {
            principal: self.cut(RevokedKind::Principal, user.0).await?,
            warehouse: self.cut(RevokedKind::Warehouse, warehouse.0).await?,
            table: self.cut(RevokedKind::Table, table.0).await?,
        })
    }

    async fn cuts_now(&self, of: Targets) -> Result<Cuts, StoreError> {
        let select = sql("SELECT c.kind, c.cut_at, r.id AS standing FROM cut_offs c \
             LEFT JOIN revocations r ON r.kind = c.kind AND r.target = c.target AND r.lifted_at IS NULL \
             WHERE (c.kind = 'principal' AND c.target = $1) OR (c.kind = 'warehouse' AND c.target = $2) \
             OR (c.kind = 'table' AND c.target = $3)")
        .bind(of.user.to_string())
        .bind(of.warehouse.to_string())
        .bind(of.table.to_string());
        let mut cuts = Cuts::default();
        for found in self.db().all(select).await? {
            let place = match row::word(&found, "kind")? {
                RevokedKind::Principal => &mut cuts.principal,
                RevokedKind::Warehouse => &mut cuts.warehouse,
                RevokedKind::Table => &mut cuts.table,
            };
            *place = read(&found)?;
        }
        Ok(cuts)
    }

    async fn write_down(&self, mint: &Mint) -> Result<Cuts, StoreError> {
        // In this order, each for itself: whoever revokes meanwhile sees the row, or is seen here.
        self.insert_mint(mint).await?;
        self.cuts_now(mint.targets()).await
    }
}

impl Store {
    /// How it stands with one target. Warm: from memory.
    pub(crate) async fn cut(&self, kind: RevokedKind, target: Uuid) -> Result<Cut, StoreError> {
        let generation = self.db().generation(Slot::of_cut(target)).await?;
        if let Some(known) = self.inner.cuts.get(&(kind, target), generation) {
            return Ok(*known);
        }
        let cut = Arc::new(self.cut_now(kind, target).await?);
        self.inner.cuts.keep((kind, target), generation, &cut);
        Ok(*cut)
    }

    /// The same, from the database.
    pub(crate) async fn cut_now(&self, kind: RevokedKind, target: Uuid) -> Result<Cut, StoreError> {
        let select = sql("SELECT c.cut_at, r.id AS standing FROM cut_offs c \
             LEFT JOIN revocations r ON r.kind = c.kind AND r.target = c.target AND r.lifted_at IS NULL \
             WHERE c.kind = $1 AND c.target = $2")
        .bind(kind.as_str())
        .bind(target.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose().map(Option::unwrap_or_default)
    }
}

fn read(found: &AnyRow) -> Result<Cut, StoreError> {
    Ok(Cut { at: Some(row::instant(found, "cut_at")?), standing: row::opt_text(found, "standing")?.is_some() })
}
