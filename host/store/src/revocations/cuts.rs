//! How it stands with what a credential depends on.

use std::sync::Arc;

use async_trait::async_trait;
use pangolin_core::ports::{Revocations, StoreError};
use pangolin_core::revocation::{Cut, Cuts, Mint, Targets};
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
            principal: self.cut(user.0).await?,
            warehouse: self.cut(warehouse.0).await?,
            table: self.cut(table.0).await?,
        })
    }

    async fn cuts_now(&self, of: Targets) -> Result<Cuts, StoreError> {
        let select = sql("SELECT c.target, c.cut_at, r.id AS standing FROM cut_offs c \
             LEFT JOIN revocations r ON r.target = c.target AND r.lifted_at IS NULL WHERE c.target IN ($1, $2, $3)")
        .bind(of.user.to_string())
        .bind(of.warehouse.to_string())
        .bind(of.table.to_string());
        let mut cuts = Cuts::default();
        for found in self.db().all(select).await? {
            let target: Uuid = row::parsed(&found, "target")?;
            let cut = read(&found)?;
            for (id, place) in
                [(of.user.0, &mut cuts.principal), (of.warehouse.0, &mut cuts.warehouse), (of.table.0, &mut cuts.table)]
            {
                if id == target {
                    *place = cut;
                }
            }
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
    pub(crate) async fn cut(&self, target: Uuid) -> Result<Cut, StoreError> {
        let generation = self.db().generation(Slot::of_cut(target)).await?;
        if let Some(known) = self.inner.cuts.get(&target, generation) {
            return Ok(*known);
        }
        let cut = Arc::new(self.cut_now(target).await?);
        self.inner.cuts.keep(target, generation, &cut);
        Ok(*cut)
    }

    /// The same, from the database.
    pub(crate) async fn cut_now(&self, target: Uuid) -> Result<Cut, StoreError> {
        let select = sql("SELECT c.cut_at, r.id AS standing FROM cut_offs c \
             LEFT JOIN revocations r ON r.target = c.target AND r.lifted_at IS NULL WHERE c.target = $1")
        .bind(target.to_string());
        self.db().optional(select).await?.as_ref().map(read).transpose().map(Option::unwrap_or_default)
    }
}

fn read(found: &AnyRow) -> Result<Cut, StoreError> {
    Ok(Cut { at: Some(row::instant(found, "cut_at")?), standing: row::opt_text(found, "standing")?.is_some() })
}
