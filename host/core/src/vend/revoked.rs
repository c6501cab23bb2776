//! Where the pipeline meets the kill switch (A17): before anything is minted, and again before
//! what was minted leaves.

use std::sync::Arc;

use uuid::Uuid;

use super::mint::Job;
use super::{VendError, Vended, Vending};
use crate::clock::UnixMillis;
use crate::id::{LeaseId, TableId, UserId};
use crate::policy::{self, Authorised, Denied};
use crate::ports::{NothingRevoked, Presigned, Revocations, StoreError};
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::revocation::{Cuts, Mint, RevokedKind, Targets};
use crate::strategy::StrategyInfo;

/// Leases whose holders are remembered: more than that are written down again.
const HOLDERS: u64 = 50_000;

/// What the kill switch needs.
#[derive(Debug)]
pub(super) struct KillSwitch {
    book: Arc<dyn Revocations>,
    /// Who is written down as a holder of which lease, and for which table.
    holders: moka::sync::Cache<(LeaseId, UserId, TableId), ()>,
}

impl Default for KillSwitch {
    fn default() -> Self {
        Self::new(Arc::new(NothingRevoked))
    }
}

impl KillSwitch {
    pub(super) fn new(book: Arc<dyn Revocations>) -> Self {
        Self { book, holders: moka::sync::Cache::new(HOLDERS) }
    }

    /// How it stands with these.
    pub(super) async fn cuts(&self, of: Targets) -> Result<Cuts, StoreError> {
        self.book.cuts(of).await
    }
}

impl Vending {
    /// Refuses what is revoked. What passes knows what had been cut off by then.
    pub(super) async fn require_standing(
        &self,
        authorised: Authorised,
        authenticated: Option<UnixMillis>,
    ) -> Result<Authorised, VendError> {
        let cuts = self.kill_switch.cuts(authorised.targets()).await?;
        Ok(policy::require_standing(authorised, authenticated, cuts)?)
    }

    /// Whether signatures and credentials of the table would be refused as revoked. Whether the
    /// caller may know of the table is judged before.
    ///
    /// # Errors
    /// They would, or the store failed.
    pub async fn check_standing(
        &self,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
    ) -> Result<(), VendError> {
        let of = Targets { user: principal.user_id, warehouse: snapshot.warehouse.id, table: table.id };
        let cuts = self.kill_switch.cuts(of).await?;
        Ok(policy::not_revoked(principal.cut_off, &cuts)?)
    }

    /// Asked again by whoever waited for what others minted.
    pub(super) async fn still_standing(&self, authorised: &Authorised) -> Result<(), VendError> {
        let cuts = self.kill_switch.cuts(authorised.targets()).await?;
        if cuts.refuse(authorised.cuts()) { Err(Denied::Revoked.into()) } else { Ok(()) }
    }

    /// Writes down what was minted before it leaves; refuses it if it was cut off meanwhile. What
    /// the host minted for itself leaves by no way.
    pub(super) async fn before_it_leaves(&self, job: &Job, vended: &Vended) -> Result<(), VendError> {
        let authorised = &job.authorised;
        if authorised.user_id() == UserId::SYSTEM {
            return self.not_cut_off(authorised).await;
        }
        let holder = vended.lease.map(|lease| (lease, authorised.user_id(), authorised.table_id()));
        if holder.is_some_and(|holder| self.kill_switch.holders.contains_key(&holder)) {
            return Ok(());
        }
        let ends = |all: Option<UnixMillis>, end: Option<UnixMillis>| Some(all?.max(end?));
        let mint = Mint {
            warehouse: job.snapshot.warehouse.name.clone(),
            strategy: vended.strategy.clone(),
            issued: vended.issued.clone(),
            access: vended.access,
            unscoped: vended.unscoped,
            lease: vended.lease,
            fingerprint: vended.fingerprint.clone(),
            issued_at: vended.issued_at,
            expires_at: vended.credentials.iter().map(|one| one.expires_at).fold(vended.expires_at, ends),
            ..of(authorised, &job.context.request_id)
        };
        self.written_down(authorised, &mint).await?;
        if let Some(holder) = holder {
            self.kill_switch.holders.insert(holder, ());
        }
        Ok(())
    }

    /// The same for a URL that a strategy made.
    pub(super) async fn before_url_leaves(
        &self,
        authorised: &Authorised,
        strategy: &StrategyInfo,
        (warehouse, request_id): (&str, &str),
        presigned: &Presigned,
    ) -> Result<(), VendError> {
        let mint = Mint {
            warehouse: warehouse.to_owned(),
            strategy: strategy.description.name.clone(),
            issued: presigned.issued.clone(),
            issued_at: self.clock.now(),
            expires_at: Some(presigned.expires_at),
            ..of(authorised, request_id)
        };
        self.written_down(authorised, &mint).await
    }

    /// Forgets this host's cached credentials of what was revoked, and says how many there were. On
    /// other hosts they are not served any more, and go when room is needed.
    #[must_use]
    pub fn forget_cached(&self, kind: RevokedKind, target: Uuid) -> usize {
        self.cache.forget(kind, target)
    }

    async fn written_down(&self, authorised: &Authorised, mint: &Mint) -> Result<(), VendError> {
        let cuts = self.kill_switch.book.write_down(mint).await?;
        if cuts.refuse(authorised.cuts()) { Err(Denied::Revoked.into()) } else { Ok(()) }
    }

    async fn not_cut_off(&self, authorised: &Authorised) -> Result<(), VendError> {
        let cuts = self.kill_switch.book.cuts_now(authorised.targets()).await?;
        if cuts.refuse(authorised.cuts()) { Err(Denied::Revoked.into()) } else { Ok(()) }
    }
}

/// A mint of which only is known who may have what.
fn of(authorised: &Authorised, request_id: &str) -> Mint {
    Mint {
        tenant_id: authorised.tenant_id(),
        warehouse_id: authorised.warehouse_id(),
        warehouse: String::new(),
        table_id: authorised.table_id(),
        table: authorised.table_name().to_owned(),
        user_id: authorised.user_id(),
        principal: authorised.principal().to_owned(),
        strategy: String::new(),
        issued: Vec::new(),
        access: authorised.access(),
        unscoped: false,
        lease: None,
        fingerprint: None,
        request_id: request_id.to_owned(),
        issued_at: UnixMillis(0),
        expires_at: None,
    }
}

#[cfg(test)]
mod tests;
