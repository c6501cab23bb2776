//! From the cache, or from the strategy: audit start, run, audit outcome.

use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::sync::OwnedMutexGuard;

use super::cache::{Backoff, CacheKey, Found, Slot};
use super::{VendAsk, VendError, Vended, Vending, record, signing};
use crate::audit::RequestContext;
use crate::policy::Authorised;
use crate::ports::{SlotValues, StrategyCall};
use crate::record::CatalogSnapshot;
use crate::strategy::{Minted, MintedCredential, StrategyError, StrategyErrorKind, StrategyInfo};

/// One mint, with everything it needs: it outlives a caller who hangs up, so that its outcome
/// is always recorded.
pub(super) struct Job {
    pub(super) authorised: Authorised,
    pub(super) snapshot: CatalogSnapshot,
    pub(super) strategy: Arc<StrategyInfo>,
    pub(super) ttl_seconds: u32,
    pub(super) trigger: &'static str,
    pub(super) context: RequestContext,
}

impl Vending {
    /// Serves from the cache, or mints; what does not end by itself is leased.
    pub(super) async fn cached_or_minted(
        self: &Arc<Self>,
        authorised: Authorised,
        snapshot: &CatalogSnapshot,
        strategy: &Arc<StrategyInfo>,
        ttl_seconds: u32,
        ask: VendAsk<'_>,
    ) -> Result<Arc<Vended>, VendError> {
        let job = |authorised: &Authorised| Job {
            authorised: authorised.clone(),
            snapshot: snapshot.clone(),
            strategy: strategy.clone(),
            ttl_seconds,
            trigger: ask.trigger,
            context: ask.context.clone(),
        };
        if strategy.leases() {
            return self.leased(job(&authorised)).await;
        }
        let key = CacheKey::new(&authorised, &snapshot.warehouse, strategy, ttl_seconds);
        let slot = self.cache.slot(&key);
        let found = slot.find(self.clock.now(), authorised.cuts());
        if let Found::Fresh(vended) = found {
            return self.serve(&authorised, snapshot, vended, ask.trigger, ask.context).await;
        }
        let job = job(&authorised);
        if let Found::RefreshAhead(vended) = found {
            // Somebody who already refreshes holds the flight.
            if let Ok(flight) = slot.flight.clone().try_lock_owned() {
                tokio::spawn(self.clone().fly(slot, flight, Job { trigger: "refresh_ahead", ..job }));
            }
            return self.serve(&authorised, snapshot, vended, ask.trigger, ask.context).await;
        }
        let flight = slot.flight.clone().lock_owned().await;
        match tokio::spawn(self.clone().fly(slot, flight, job)).await {
            Ok(Ok(Landed::Minted(vended))) => Ok(vended),
            Ok(Ok(Landed::Held(vended))) => {
                self.still_standing(&authorised).await?;
                self.serve(&authorised, snapshot, vended, ask.trigger, ask.context).await
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(VendError::interrupted()),
        }
    }

    /// Hands out a held credential: one row in the trail. What the host keeps to sign with has a row
    /// for each signature instead.
    pub(super) async fn serve(
        &self,
        authorised: &Authorised,
        snapshot: &CatalogSnapshot,
        vended: Arc<Vended>,
        trigger: &'static str,
        context: &RequestContext,
    ) -> Result<Arc<Vended>, VendError> {
        let subject = record::Subject { authorised, snapshot, trigger, context };
        if !signing::stays_in_host(trigger) {
            self.audit.record(record::granted(self.clock.now(), &subject, &vended, true)).await?;
        }
        Ok(vended)
    }

    /// One flight: whoever waited finds what the one before brought.
    async fn fly(
        self: Arc<Self>,
        slot: Arc<Slot>,
        mut flight: OwnedMutexGuard<Backoff>,
        job: Job,
    ) -> Result<Landed, VendError> {
        let refreshes = job.trigger == "refresh_ahead";
        let old = match slot.find(self.clock.now(), job.authorised.cuts()) {
            Found::Fresh(vended) => return Ok(Landed::Held(vended)),
            Found::RefreshAhead(vended) if !refreshes => return Ok(Landed::Held(vended)),
            Found::RefreshAhead(vended) => Some(vended),
            Found::Due(old) => old,
        };
        let error = if let Some(standing) = flight.standing(self.clock.now()) {
            let error = VendError::Strategy(standing);
            self.record_failure(&job, &error).await?;
            error
        } else {
            match self.mint(&job).await {
                Ok(vended) => {
                    let vended = Arc::new(vended);
                    flight.recovered();
                    slot.put(vended.clone(), *job.authorised.cuts());
                    return Ok(Landed::Minted(vended));
                }
                Err(error) => {
                    if let VendError::Strategy(cause) = &error
                        && is_transient(cause)
                    {
                        flight.failed(cause, self.clock.now());
                    }
                    error
                }
            }
        };
        match (&error, old) {
            (VendError::Strategy(cause), Some(old)) if is_transient(cause) => Ok(Landed::Held(old)),
            _ => Err(error),
        }
    }

    /// Runs the strategy between two durable rows; what it brings is written down before it leaves.
    async fn mint(&self, job: &Job) -> Result<Vended, VendError> {
        self.audit.record(record::started(self.clock.now(), &job.subject(), &job.strategy)).await?;
        let minted = async {
            let vended = self.run(job).await?;
            self.before_it_leaves(job, &vended).await?;
            Ok(vended)
        };
        match minted.await {
            Ok(vended) => {
                self.audit.record(record::granted(self.clock.now(), &job.subject(), &vended, false)).await?;
                Ok(vended)
            }
            Err(error) => {
                self.record_failure(job, &error).await?;
                Err(error)
            }
        }
    }

    pub(super) async fn record_failure(&self, job: &Job, error: &VendError) -> Result<(), VendError> {
        Ok(self.audit.record(record::failed(self.clock.now(), &job.subject(), &job.strategy, error)).await?)
    }

    async fn run(&self, job: &Job) -> Result<Vended, VendError> {
        let warehouse = &job.snapshot.warehouse;
        let slots = self.slots(warehouse, &job.strategy.description)?;
        let issued_at = self.clock.now();
        let minted = self.strategies.vend(job.call(&slots)).await?;
        let Minted { credentials, access, strategy, version, digest, proof, issued } = minted;
        Ok(Vended {
            expires_at: credentials.iter().filter_map(|credential| credential.expires_at).min(),
            fingerprint: self.fingerprint(&credentials),
            unscoped: Vended::is_unscoped(&job.strategy, warehouse),
            credentials,
            access,
            issued_at,
            strategy,
            version,
            proof,
            lease: None,
            digest,
            issued,
        })
    }

    /// A keyed hash of what identifies the credential, so that a leaked one can be found in the
    /// trail by the operator and by nobody else.
    #[expect(clippy::disallowed_methods, reason = "only the keyed hash of it leaves this function")]
    pub(super) fn fingerprint(&self, credentials: &[MintedCredential]) -> Option<String> {
        const IDENTIFIERS: [&str; 4] = ["s3.access-key-id", "adls.sas-token", "gcs.oauth2.token", "adls.token"];
        let entries = &credentials.first()?.entries;
        let named = entries.iter().find(|(key, _)| IDENTIFIERS.contains(&key.as_str()));
        let (_, value) = named.or_else(|| entries.first())?;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.settings.fingerprint_key).ok()?;
        mac.update(value.expose().as_bytes());
        mac.finalize().into_bytes().get(..16).map(hex::encode)
    }
}

impl Job {
    pub(super) fn call<'a>(&'a self, slots: &'a SlotValues) -> StrategyCall<'a> {
        StrategyCall {
            authorised: &self.authorised,
            warehouse: &self.snapshot.warehouse,
            slots,
            ttl_seconds: self.ttl_seconds,
            request_id: &self.context.request_id,
        }
    }

    pub(super) fn subject(&self) -> record::Subject<'_> {
        record::Subject {
            authorised: &self.authorised,
            snapshot: &self.snapshot,
            trigger: self.trigger,
            context: &self.context,
        }
    }
}

/// What a flight brought.
pub(super) enum Landed {
    /// A new credential; its row is written.
    Minted(Arc<Vended>),
    /// One that was there; its row is still to be written.
    Held(Arc<Vended>),
}

/// Whether trying later may help, so that an old credential may stand in meanwhile.
pub(super) fn is_transient(error: &StrategyError) -> bool {
    matches!(error.kind, StrategyErrorKind::Throttled | StrategyErrorKind::Unavailable | StrategyErrorKind::Upstream)
}
