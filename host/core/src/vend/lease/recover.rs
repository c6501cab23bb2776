//! Interrupted mints: what did they leave?

use std::time::{Duration, Instant};

use super::LeaseActor;
use super::end::next_attempt;
use super::rows;
use super::upkeep::is_about_secrets;
use crate::clock::UnixMillis;
use crate::lease::{Interrupted, Lease, LeasePapers, LeaseState, Recovery, ResourceKey};
use crate::ports::UpkeepCall;
use crate::strategy::StrategyError;
use crate::vend::{VendError, Vending};

/// Names kept for the operator, and the length of each.
const NAMES: (usize, usize) = (20, 256);
/// An interrupted mint waits for younger ones, so many times the grace at most.
const WAITS: i64 = 10;
/// After this nothing more is begun: what is left stays due, and others come first.
const BUDGET: Duration = Duration::from_secs(30);

impl Vending {
    /// Does what is due on a resource: ends leases, recovers interrupted mints. The caller has the
    /// resource's lock. What the upstream refuses is kept for later and is no error here.
    pub(super) async fn tidy(&self, resource: &ResourceKey, actor: &LeaseActor) -> Result<(), VendError> {
        let (now, begun) = (self.clock.now(), Instant::now());
        let open = self.leasing()?.book.open(resource).await?;
        let due = |lease: &&Lease| lease.next_attempt_at.is_some_and(|at| at <= now);
        let (interrupted, made): (Vec<&Lease>, Vec<&Lease>) =
            open.iter().partition(|lease| lease.state == LeaseState::Minting);
        for lease in made.into_iter().filter(due) {
            if begun.elapsed() >= BUDGET {
                return Ok(());
            }
            self.end(lease, actor).await?;
        }
        // The newest first: what it left is known when the one before is asked about. Two that
        // overlap are told apart only so.
        let waits = interrupted.first().is_some_and(|youngest| !self.is_over(youngest, 1));
        for lease in interrupted {
            if begun.elapsed() >= BUDGET {
                return Ok(());
            }
            if self.is_over(lease, if waits { WAITS } else { 1 }) && due(&lease) {
                self.recover(lease, actor).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing of a mint can land any more. The caller has the lock: nobody is minting.
    fn is_over(&self, lease: &Lease, graces: i64) -> bool {
        let end = lease.ended_at.unwrap_or(lease.started_at);
        self.clock.now().0 >= end.0.saturating_add(self.grace_ms().saturating_mul(graces))
    }

    /// The upstream said no: where nothing is left, that is settled at once. Anything else waits
    /// until nothing can land any more.
    pub(super) async fn settle_refused(&self, lease: &Lease, actor: &LeaseActor) -> Result<(), VendError> {
        let book = &self.leasing()?.book;
        let Some(papers) = book.papers(lease.id).await? else { return Ok(()) };
        let recovery = self.ask_what_was_left(lease, &papers, actor).await?;
        if recovery.found.is_empty() && recovery.undecided.is_empty() {
            let now = self.clock.now();
            book.settle(lease.id, LeaseState::Lost, &[], now).await?;
            self.audit.record(rows::recovered(now, lease, actor, None, (0, 0))).await?;
        }
        Ok(())
    }

    /// Asks what an interrupted mint left, and settles it by the answer.
    async fn recover(&self, lease: &Lease, actor: &LeaseActor) -> Result<(), VendError> {
        let book = &self.leasing()?.book;
        let Some(papers) = self.papers_of(lease).await? else { return Ok(()) };
        let answer = self.ask_what_was_left(lease, &papers, actor).await;
        let now = self.clock.now();
        let recovery = match answer {
            Ok(recovery) => recovery,
            Err(error) => {
                let text = error.to_string();
                book.failed(lease.id, &text, next_attempt(now, lease.attempts)).await?;
                self.audit.record(rows::recovered(now, lease, actor, Some(text), (0, 0))).await?;
                return Ok(());
            }
        };
        let Recovery { found, undecided } = recovery;
        let undecided: Vec<String> =
            undecided.iter().take(NAMES.0).map(|name| name.chars().take(NAMES.1).collect()).collect();
        let counts = (found.len(), undecided.len());
        if found.is_empty() {
            let state = if undecided.is_empty() { LeaseState::Lost } else { LeaseState::Undecided };
            book.settle(lease.id, state, &undecided, now).await?;
        } else {
            book.found(lease.id, &found, &undecided, now).await?;
        }
        self.audit.record(rows::recovered(now, lease, actor, None, counts)).await?;
        if !found.is_empty() {
            let left = Lease { state: LeaseState::Revoking, undecided, ..lease.clone() };
            self.end(&left, actor).await?;
        }
        Ok(())
    }

    async fn ask_what_was_left(
        &self,
        lease: &Lease,
        papers: &LeasePapers,
        actor: &LeaseActor,
    ) -> Result<Recovery, VendError> {
        let known = self.leasing()?.book.handles(&lease.resource).await?;
        let last = lease.ended_at.unwrap_or(lease.started_at).0.saturating_add(self.grace_ms());
        let mint = Interrupted {
            request: &papers.request,
            survey: &papers.survey,
            started_at: lease.started_at,
            ended_at: UnixMillis(last.min(self.clock.now().0)),
            known: &known,
        };
        let mut refused: Option<StrategyError> = None;
        for (warehouse, slots) in self.ways(lease, papers)? {
            let call = UpkeepCall { warehouse: &warehouse, slots: &slots, request_id: &actor.context.request_id };
            match self.strategies.recover(call, mint.clone()).await {
                Ok(recovery) => return Ok(recovery),
                Err(error) if is_about_secrets(&error) => refused = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        refused.map_or_else(|| Ok(Recovery::default()), |error| Err(error.into()))
    }
}
