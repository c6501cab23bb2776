//! Ending a lease: no longer handed out first, then revoked, then settled. A failure is kept and
//! tried again later.

use std::sync::Arc;
use std::time::Duration;

use super::rows;
use super::turn::Turn;
use super::upkeep::is_about_secrets;
use crate::audit::RequestContext;
use crate::clock::UnixMillis;
use crate::id::{LeaseId, TenantId, UserId};
use crate::lease::{Lease, LeasePapers, LeaseState};
use crate::ports::UpkeepCall;
use crate::random;
use crate::secret::Secret;
use crate::vend::mint::Job;
use crate::vend::{VendError, Vending};

/// First and longest pause after a failed attempt.
const PAUSE_MS: std::ops::RangeInclusive<i64> = 5_000..=3_600_000;
/// How long somebody who asks for an end waits for the resource.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who has a lease ended or recovered, for the audit rows.
#[derive(Debug, Clone)]
pub struct LeaseActor {
    /// Who.
    pub user_id: UserId,
    /// Name of who.
    pub name: String,
    /// Where the request comes from.
    pub context: RequestContext,
}

/// How the end of a lease went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseEnd {
    /// It is ended.
    Ended,
    /// Not yet, and why; it is no longer handed out, and the host tries again.
    NotYet(String),
}

impl LeaseActor {
    /// The host itself.
    #[must_use]
    pub fn system() -> Self {
        let context = RequestContext { request_id: LeaseId::generate().to_string(), ..RequestContext::default() };
        Self { user_id: UserId::SYSTEM, name: "system".to_owned(), context }
    }

    /// Whoever's vend it serves.
    pub(super) fn of(job: &Job) -> Self {
        Self {
            user_id: job.authorised.user_id(),
            name: job.authorised.principal().to_owned(),
            context: job.context.clone(),
        }
    }
}

impl Vending {
    /// Ends a lease of a tenant now, if that can be done; none: there is no such lease. After this
    /// no host hands it out.
    ///
    /// # Errors
    /// The store or the audit trail failed. That it could not be ended is no error.
    pub async fn end_lease(
        self: &Arc<Self>,
        tenant: TenantId,
        id: LeaseId,
        actor: LeaseActor,
    ) -> Result<Option<(Lease, LeaseEnd)>, VendError> {
        // A task of its own: a caller who hangs up does not leave it half done.
        let this = Arc::clone(self);
        let ending = tokio::spawn(async move { this.end_asked_for(tenant, id, &actor).await });
        ending.await.unwrap_or_else(|_| Err(VendError::interrupted()))
    }

    async fn end_asked_for(
        &self,
        tenant: TenantId,
        id: LeaseId,
        actor: &LeaseActor,
    ) -> Result<Option<(Lease, LeaseEnd)>, VendError> {
        let leasing = self.leasing()?;
        let Some(lease) = leasing.book.ask_end(tenant, id, self.clock.now()).await? else { return Ok(None) };
        let not_yet = |reason: &str| LeaseEnd::NotYet(reason.to_owned());
        // An attempt has a row of its own.
        let mut is_only_asked = lease.state == LeaseState::Minting;
        let end = match lease.state {
            LeaseState::Revoked | LeaseState::Lost => LeaseEnd::Ended,
            LeaseState::Undecided => not_yet("the host cannot tell what belongs to this lease: end it at the store"),
            LeaseState::Minting => not_yet("it is being made, or that was interrupted; it is ended when that is known"),
            LeaseState::Active | LeaseState::Revoking => {
                match Turn::take(&leasing.book, &self.clock, &lease.resource, PATIENCE).await? {
                    Some(turn) => {
                        let end = self.end(&lease, actor).await;
                        turn.end().await;
                        end?
                    }
                    None => {
                        is_only_asked = true;
                        not_yet("another request works on the same identity")
                    }
                }
            }
        };
        if let (LeaseEnd::NotYet(reason), true) = (&end, is_only_asked) {
            self.audit.record(rows::asked(self.clock.now(), &lease, actor, reason)).await?;
        }
        let now = leasing.book.lease(tenant, id).await?.unwrap_or(lease);
        Ok(Some((now, end)))
    }

    /// Ends a lease; the caller has the resource's lock.
    pub(super) async fn end(&self, lease: &Lease, actor: &LeaseActor) -> Result<LeaseEnd, VendError> {
        let book = &self.leasing()?.book;
        if lease.state == LeaseState::Active {
            book.ask_end(lease.tenant_id, lease.id, self.clock.now()).await?;
        }
        // Another host may have been faster.
        let Some(papers) = self.papers_of(lease).await? else { return Ok(LeaseEnd::Ended) };
        let failure = self.revoke_all(lease, &papers, actor).await.err().map(|error| error.to_string());
        let now = self.clock.now();
        match &failure {
            None => {
                let last = if lease.undecided.is_empty() { LeaseState::Revoked } else { LeaseState::Undecided };
                book.settle(lease.id, last, &lease.undecided, now).await?;
            }
            Some(error) => book.failed(lease.id, error, next_attempt(now, lease.attempts)).await?,
        }
        self.audit.record(rows::revoked(now, lease, actor, failure.clone())).await?;
        Ok(failure.map_or(LeaseEnd::Ended, LeaseEnd::NotYet))
    }

    /// What is needed to end or recover a lease. One whose papers cannot be read is left for later as
    /// any other that fails, and does not stand before those that can.
    pub(super) async fn papers_of(&self, lease: &Lease) -> Result<Option<LeasePapers>, VendError> {
        let book = &self.leasing()?.book;
        match book.papers(lease.id).await {
            Ok(papers) => Ok(papers),
            Err(error) => {
                book.failed(lease.id, &error.to_string(), next_attempt(self.clock.now(), lease.attempts)).await?;
                Err(error.into())
            }
        }
    }

    async fn revoke_all(&self, lease: &Lease, papers: &LeasePapers, actor: &LeaseActor) -> Result<(), VendError> {
        for handle in &papers.handles {
            self.revoke_one(lease, papers, handle, &actor.context.request_id).await?;
        }
        Ok(())
    }

    async fn revoke_one(
        &self,
        lease: &Lease,
        papers: &LeasePapers,
        handle: &Secret<String>,
        request_id: &str,
    ) -> Result<(), VendError> {
        let mut refused = None;
        for (warehouse, slots) in self.ways(lease, papers)? {
            let call = UpkeepCall { warehouse: &warehouse, slots: &slots, request_id };
            match self.strategies.revoke(call, handle).await {
                Ok(_) => return Ok(()),
                Err(error) if is_about_secrets(&error) => refused = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        refused.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// When to try again after so many failures: doubling, with jitter.
pub(super) fn next_attempt(now: UnixMillis, attempts: u32) -> UnixMillis {
    let pause = (PAUSE_MS.start() << attempts.min(20)).min(*PAUSE_MS.end());
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a jitter need not be exact")]
    let earlier = (pause as f64 * 0.25 * random::fraction()) as i64;
    UnixMillis(now.0.saturating_add(pause - earlier))
}
