//! The path of a credential that does not end by itself, to be read from top to bottom.
//!
//! Claim → a lease that still serves → this host's lane → the resource's lock, in all hosts →
//! look again → tidy up → room → survey → intent → mint → grant. Whatever interrupts this, the
//! intent is durable before the strategy is asked, and what it left is found later.

mod end;
mod lane;
mod mint;
mod recover;
mod reuse;
mod rows;
mod sweep;
#[cfg(test)]
mod tests;
mod turn;
mod upkeep;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::end::{LeaseActor, LeaseEnd};
use self::lane::Lanes;
use self::reuse::{Rest, Wanted};
use self::turn::Turn;
use super::cache::CacheKey;
use super::mint::{Job, Landed};
use super::{VendError, Vended, Vending};
use crate::lease::{Claim, Lease, LeaseState, ResourceKey};
use crate::ports::{LeaseBook, SlotValues, StrategyCall};
use crate::strategy::{StrategyError, StrategyErrorKind};

/// How long a request waits for a resource that another host works on.
const PATIENCE: Duration = Duration::from_secs(30);
/// Interrupted mints of a resource that nobody looked into yet. Each is kept with all that ending it
/// needs: more of them are not begun.
const MOST_INTERRUPTED: usize = 64;
/// Claims remembered; a claim depends on nothing but what its key holds.
const CLAIMS: u64 = 10_000;

/// What the operator chose for leases.
#[derive(Debug, Clone, Copy)]
pub struct LeaseSettings {
    /// How long a request that was sent may still land after the mint was interrupted
    /// (`PANGOLIN_LEASE_GRACE_SECS`).
    pub grace_seconds: u32,
}

/// What keeping leases needs.
#[derive(Debug)]
pub(super) struct Leasing {
    pub(super) book: Arc<dyn LeaseBook>,
    pub(super) settings: LeaseSettings,
    lanes: Lanes,
    claims: moka::sync::Cache<CacheKey, Arc<Claim>>,
}

impl Leasing {
    pub(super) fn new(book: Arc<dyn LeaseBook>, settings: LeaseSettings) -> Self {
        Self { book, settings, lanes: Lanes::default(), claims: moka::sync::Cache::new(CLAIMS) }
    }
}

/// A vend with what it takes up.
pub(super) struct Wish {
    job: Job,
    claim: Arc<Claim>,
    resource: ResourceKey,
}

impl Vending {
    /// Serves from a lease, or mints one.
    pub(super) async fn leased(self: &Arc<Self>, job: Job) -> Result<Arc<Vended>, VendError> {
        let claim = match self.claim(&job).await {
            Ok(claim) => claim,
            Err(error) => return self.refuse(&job, error).await,
        };
        let resource = ResourceKey::new(job.authorised.tenant_id(), &job.strategy.description.name, &claim.resource);
        let wish = Arc::new(Wish { job, claim, resource });
        if let Some(vended) = self.held(&wish, Rest::Half).await? {
            return self.hand_out(&wish.job, vended).await;
        }
        // A task of its own: a caller who hangs up does not stop it.
        let flight = tokio::spawn(Arc::clone(self).fly_leased(Arc::clone(&wish), Instant::now()));
        match flight.await {
            Ok(Ok(Landed::Minted(vended))) => Ok(vended),
            Ok(Ok(Landed::Held(vended))) => self.hand_out(&wish.job, vended).await,
            Ok(Err(error)) => Err(error),
            Err(_) => Err(VendError::interrupted()),
        }
    }

    /// In this host's lane of the resource: whoever waited finds what the one before brought.
    async fn fly_leased(self: Arc<Self>, wish: Arc<Wish>, arrived: Instant) -> Result<Landed, VendError> {
        let mut lane = self.leasing()?.lanes.enter(&wish.resource).await;
        if let Some(vended) = self.held(&wish, Rest::Half).await? {
            return Ok(Landed::Held(vended));
        }
        let landed = match lane.failed_since(arrived) {
            Some(error) => Err(VendError::Strategy(error)),
            None => self.take_turn(&wish).await.inspect_err(|error| lane.note(error)),
        };
        match landed {
            Ok(landed) => Ok(landed),
            Err(error) => self.or_last_resort(&wish, error).await,
        }
    }

    /// Under the resource's lock, which one holder of all hosts has.
    async fn take_turn(&self, wish: &Wish) -> Result<Landed, VendError> {
        let leasing = self.leasing()?;
        let turn = Turn::take(&leasing.book, &self.clock, &wish.resource, PATIENCE).await?;
        let Some(turn) = turn else { return Err(busy().into()) };
        let landed = self.in_turn(wish).await;
        turn.end().await;
        landed
    }

    async fn in_turn(&self, wish: &Wish) -> Result<Landed, VendError> {
        // Another host may have minted meanwhile.
        if let Some(vended) = self.held(wish, Rest::Half).await? {
            return Ok(Landed::Held(vended));
        }
        let actor = LeaseActor::of(&wish.job);
        self.tidy(&wish.resource, &actor).await?;
        if let Some(vended) = self.make_room(wish, &actor).await? {
            return Ok(Landed::Held(vended));
        }
        let slots = self.slots(&wish.job.snapshot.warehouse, &wish.job.strategy.description)?;
        // Not before there is room: a strategy refuses to survey what is full.
        let survey = self.surveyed(wish, &slots, &actor).await?;
        self.mint_lease(wish, &slots, survey).await
    }

    /// What the strategy sees there. Where others have taken the room, the host's own lease that
    /// nobody gets any more gives its own.
    async fn surveyed(&self, wish: &Wish, slots: &SlotValues, actor: &LeaseActor) -> Result<String, VendError> {
        let book = &self.leasing()?.book;
        let known = book.handles(&wish.resource).await?;
        let full = match self.strategies.survey(wish.call(slots), &known).await {
            Err(error) if error.kind == StrategyErrorKind::Exhausted => error,
            answer => return Ok(answer?),
        };
        let (open, now) = (book.open(&wish.resource).await?, self.clock.now());
        let spent = |lease: &&Lease| lease.state == LeaseState::Active && !reuse::is_of_use(lease.expires_at, now);
        let Some(spent) = open.iter().rev().find(spent) else { return Err(full.into()) };
        if self.end(spent, actor).await? != LeaseEnd::Ended {
            return Err(full.into());
        }
        let known = book.handles(&wish.resource).await?;
        Ok(self.strategies.survey(wish.call(slots), &known).await?)
    }

    /// A resource without room gives a lease that lives long enough, or loses the host's own oldest
    /// one; before it, one that nobody gets any more. What others have there is never touched.
    async fn make_room(&self, wish: &Wish, actor: &LeaseActor) -> Result<Option<Arc<Vended>>, VendError> {
        let open = self.leasing()?.book.open(&wish.resource).await?;
        let (interrupted, mut live): (Vec<&Lease>, Vec<&Lease>) =
            open.iter().rev().partition(|lease| lease.state == LeaseState::Minting);
        if interrupted.len() >= MOST_INTERRUPTED {
            return Err(unsettled(self.grace_ms()).into());
        }
        // The oldest is the first already.
        let now = self.clock.now();
        live.sort_by_key(|lease| lease.state == LeaseState::Active && reuse::is_of_use(lease.expires_at, now));
        let capacity = wish.claim.capacity.max(1) as usize;
        if live.len() < capacity {
            return Ok(None);
        }
        if let Some(vended) = self.held(wish, Rest::Least).await? {
            return Ok(Some(vended));
        }
        let mut stuck = None;
        let mut taken = live.len();
        for first in live {
            if taken < capacity {
                break;
            }
            match self.end(first, actor).await? {
                LeaseEnd::Ended => taken -= 1,
                LeaseEnd::NotYet(reason) => stuck = Some(reason),
            }
        }
        match stuck {
            Some(reason) if taken >= capacity => Err(no_room(&reason).into()),
            _ => Ok(None),
        }
    }

    /// The newest lease that may serve this wish, spelled for its table.
    async fn held(&self, wish: &Wish, rest: Rest) -> Result<Option<Arc<Vended>>, VendError> {
        let active = self.leasing()?.book.active(&wish.resource).await?;
        let wanted = Wanted {
            authorised: &wish.job.authorised,
            share: &wish.claim.share,
            scoping: wish.scoping(),
            ttl_seconds: wish.job.ttl_seconds,
            now: self.clock.now(),
        };
        let Some((lease, credentials)) = reuse::pick(&active, &wanted, rest) else { return Ok(None) };
        Ok(Some(Arc::new(wish.vended(lease.lease.id, &lease.grant, credentials))))
    }

    /// No room upstream, or the upstream is down: a lease that lives long enough may stand in.
    async fn or_last_resort(&self, wish: &Wish, error: VendError) -> Result<Landed, VendError> {
        let VendError::Strategy(cause) = &error else { return self.refuse(&wish.job, error).await };
        let exhausted = cause.kind == StrategyErrorKind::Exhausted;
        if (exhausted || super::mint::is_transient(cause))
            && let Some(vended) = self.held(wish, Rest::Least).await?
        {
            return Ok(Landed::Held(vended));
        }
        let error = match error {
            VendError::Strategy(cause) if exhausted => {
                VendError::Strategy(StrategyError { retry_after_ms: self.next_end_ms(wish).await?, ..cause })
            }
            error => error,
        };
        self.refuse(&wish.job, error).await
    }

    /// How long until one of the host's own leases of the resource ends.
    async fn next_end_ms(&self, wish: &Wish) -> Result<Option<u32>, VendError> {
        let active = self.leasing()?.book.active(&wish.resource).await?;
        let soonest = active.iter().map(|lease| lease.grant.expires_at).min();
        let now = self.clock.now();
        Ok(soonest.map(|end| u32::try_from(end.0.saturating_sub(now.0).max(0)).unwrap_or(u32::MAX)))
    }

    async fn claim(&self, job: &Job) -> Result<Arc<Claim>, VendError> {
        let leasing = self.leasing()?;
        let warehouse = &job.snapshot.warehouse;
        let key = CacheKey::new(&job.authorised, warehouse, &job.strategy, job.ttl_seconds);
        if let Some(claim) = leasing.claims.get(&key) {
            return Ok(claim);
        }
        let slots = self.slots(warehouse, &job.strategy.description)?;
        let claim = Arc::new(self.strategies.claim(job.call(&slots)).await?);
        leasing.claims.insert(key, Arc::clone(&claim));
        Ok(claim)
    }

    pub(super) fn leasing(&self) -> Result<&Leasing, VendError> {
        self.leasing.as_ref().ok_or_else(|| {
            let message = "this host keeps no leases, so it cannot end what this strategy mints";
            StrategyError::new(StrategyErrorKind::Unsupported, "no-leases", message).into()
        })
    }

    /// Whoever gets a lease for the first time is written down before.
    async fn hand_out(&self, job: &Job, vended: Arc<Vended>) -> Result<Arc<Vended>, VendError> {
        let standing = async {
            self.still_standing(&job.authorised).await?;
            self.before_it_leaves(job, &vended).await
        };
        if let Err(error) = standing.await {
            return self.refuse(job, error).await;
        }
        self.serve(&job.authorised, &job.snapshot, vended, job.trigger, &job.context).await
    }

    /// One row says how the vend failed.
    async fn refuse<T>(&self, job: &Job, error: VendError) -> Result<T, VendError> {
        self.record_failure(job, &error).await?;
        Err(error)
    }
}

impl Wish {
    fn call<'a>(&'a self, slots: &'a SlotValues) -> StrategyCall<'a> {
        self.job.call(slots)
    }
}

fn busy() -> StrategyError {
    StrategyError {
        retry_after_ms: Some(5_000),
        ..StrategyError::new(
            StrategyErrorKind::Unavailable,
            "lease-busy",
            "another request is still minting or ending a credential of the same identity; try again",
        )
    }
}

fn no_room(reason: &str) -> StrategyError {
    StrategyError::new(
        StrategyErrorKind::Exhausted,
        "lease-not-ended",
        format!("there is room for no other credential, and none of the host's own could be ended: {reason}"),
    )
}

fn unsettled(grace_ms: i64) -> StrategyError {
    StrategyError {
        retry_after_ms: Some(u32::try_from(grace_ms.max(1_000)).unwrap_or(u32::MAX)),
        ..StrategyError::new(
            StrategyErrorKind::Unavailable,
            "lease-unsettled",
            "too many credentials of the same identity were interrupted while they were made; what is left of them is \
             looked for first",
        )
    }
}
