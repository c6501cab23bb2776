//! One mint under the lock: intent, start, strategy, grant. Each step is durable before the next.

use std::sync::Arc;

use super::{LeaseActor, Wish};
use crate::clock::UnixMillis;
use crate::id::LeaseId;
use crate::lease::{Lease, LeaseGrant, LeaseIntent, LeaseState, MintRequest};
use crate::ports::SlotValues;
use crate::secret::Secret;
use crate::strategy::{Minted, MintedCredential, Scoping, StrategyError, StrategyErrorKind};
use crate::vend::mint::Landed;
use crate::vend::{VendError, Vended, Vending, record};

impl Vending {
    pub(super) async fn mint_lease(
        &self,
        wish: &Wish,
        slots: &SlotValues,
        survey: String,
    ) -> Result<Landed, VendError> {
        let book = &self.leasing()?.book;
        let lease = wish.intended(self.clock.now(), self.grace_ms());
        book.begin(&wish.intent(lease.clone(), survey)).await?;
        let started = record::started(self.clock.now(), &wish.job.subject(), &wish.job.strategy);
        if let Err(error) = self.audit.record(started).await {
            // Nothing was sent.
            book.settle(lease.id, LeaseState::Lost, &[], self.clock.now()).await?;
            return Err(error.into());
        }
        let minted = match self.strategies.vend(wish.call(slots)).await {
            Ok(minted) => minted,
            Err(error) => {
                self.over(&lease, &error, &LeaseActor::of(&wish.job)).await;
                return Err(error.into());
            }
        };
        let grant = match self.grant_of(wish, minted) {
            Ok(grant) => grant,
            Err(Unkept { handles, error }) => {
                let _ = self.end_at_once(wish, slots, &handles).await;
                // What has no handle is to be recovered.
                self.left_open(&lease).await;
                return Err(error.into());
            }
        };
        match book.minted(lease.id, &grant).await {
            Ok(LeaseState::Active) => {}
            // Its end was asked for while it was made. The row has the handles.
            Ok(_) => {
                let lease = Lease { state: LeaseState::Revoking, ..lease };
                self.end(&lease, &LeaseActor::of(&wish.job)).await?;
                return Err(revoked_meanwhile().into());
            }
            Err(error) => {
                let left = self.end_at_once(wish, slots, &grant.handles).await;
                if left.is_empty() || self.keep_to_end(wish, &lease, &left).await.is_err() {
                    self.left_open(&lease).await;
                }
                return Err(error.into());
            }
        }
        let vended = Arc::new(wish.vended(lease.id, &grant, grant.credentials.clone()));
        if let Err(error) = self.before_it_leaves(&wish.job, &vended).await {
            // Nobody has it. What cannot be ended now is tried again later.
            let lease = Lease { state: LeaseState::Active, ..lease };
            self.end(&lease, &LeaseActor::of(&wish.job)).await?;
            return Err(error);
        }
        self.audit.record(record::granted(self.clock.now(), &wish.job.subject(), &vended, false)).await?;
        Ok(Landed::Minted(vended))
    }

    /// The strategy failed, and may have minted nevertheless. Where the upstream said no, that is
    /// found out at once; otherwise when nothing can land any more.
    async fn over(&self, lease: &Lease, error: &StrategyError, actor: &LeaseActor) {
        let Ok(leasing) = self.leasing() else { return };
        let now = self.clock.now();
        if error.kind == StrategyErrorKind::NotReady {
            // The strategy did not run. If this is not recorded, recovery finds nothing later.
            let _ = leasing.book.settle(lease.id, LeaseState::Lost, &[], now).await;
            return;
        }
        let next = UnixMillis(now.0.saturating_add(self.grace_ms()));
        let noted = leasing.book.mint_ended(lease.id, now, next).await;
        if noted.is_ok() && is_refusal(error) {
            let lease = Lease { ended_at: Some(now), ..lease.clone() };
            // What fails here is done again by the sweeper.
            let _ = self.settle_refused(&lease, actor).await;
        }
    }

    /// A credential that cannot be kept is ended at once, as well as that goes. Says what is left.
    async fn end_at_once(&self, wish: &Wish, slots: &SlotValues, handles: &[Secret<String>]) -> Vec<Secret<String>> {
        let mut left = Vec::new();
        for handle in handles {
            if self.strategies.revoke(wish.upkeep(slots), handle).await.is_err() {
                left.push(handle.clone());
            }
        }
        left
    }

    /// The outcome of a mint is not recorded: what it left is looked for later.
    async fn left_open(&self, lease: &Lease) {
        let now = self.clock.now();
        let next = UnixMillis(now.0.saturating_add(self.grace_ms()));
        if let Ok(leasing) = self.leasing() {
            let _ = leasing.book.mint_ended(lease.id, now, next).await;
        }
    }

    /// Keeps by what it is ended. A host that stood still for so long that another one settled its
    /// intent writes a new one: nobody else knows of these handles.
    async fn keep_to_end(&self, wish: &Wish, lease: &Lease, handles: &[Secret<String>]) -> Result<(), VendError> {
        let book = &self.leasing()?.book;
        let now = self.clock.now();
        book.found(lease.id, handles, &[], now).await?;
        let kept = book.lease(lease.tenant_id, lease.id).await?;
        if kept.is_none_or(|kept| kept.state != LeaseState::Revoking) {
            let again = Lease { id: LeaseId::generate(), ..lease.clone() };
            book.begin(&wish.intent(again.clone(), String::new())).await?;
            book.found(again.id, handles, &[], now).await?;
        }
        Ok(())
    }

    /// What is kept of an answer. A credential that the host could not end is refused.
    fn grant_of(&self, wish: &Wish, minted: Minted) -> Result<LeaseGrant, Unkept> {
        let Minted { mut credentials, version, digest, .. } = minted;
        let mut handles: Vec<Secret<String>> = Vec::new();
        let mut missing = credentials.is_empty();
        for credential in &mut credentials {
            match credential.handle.take() {
                Some(handle) if handles.contains(&handle) => {}
                Some(handle) => handles.push(handle),
                None => missing = true,
            }
        }
        if missing {
            return Err(Unkept { handles, error: without_handle() });
        }
        let issued_at = self.clock.now();
        let own_end = credentials.iter().filter_map(|credential| credential.expires_at).min();
        let end = issued_at.plus_seconds(i64::from(wish.job.ttl_seconds));
        let expires_at = own_end.map_or(end, |own| own.min(end));
        for credential in &mut credentials {
            credential.expires_at = Some(expires_at);
        }
        let fingerprint = self.fingerprint(&credentials);
        let scoping = wish.scoping();
        Ok(LeaseGrant { handles, credentials, issued_at, expires_at, version, digest, fingerprint, scoping })
    }

    pub(super) fn grace_ms(&self) -> i64 {
        self.leasing.as_ref().map_or(0, |leasing| i64::from(leasing.settings.grace_seconds) * 1000)
    }
}

/// Minted, and not to be handed out.
struct Unkept {
    handles: Vec<Secret<String>>,
    error: StrategyError,
}

impl Wish {
    /// The lease before anything is minted.
    fn intended(&self, now: UnixMillis, grace_ms: i64) -> Lease {
        let authorised = &self.job.authorised;
        Lease {
            id: LeaseId::generate(),
            tenant_id: authorised.tenant_id(),
            warehouse_id: authorised.warehouse_id(),
            warehouse: self.job.snapshot.warehouse.name.clone(),
            strategy: self.job.strategy.description.name.clone(),
            resource: self.resource.clone(),
            share: self.claim.share.clone(),
            state: LeaseState::Minting,
            access: authorised.access(),
            user_id: authorised.user_id(),
            principal: authorised.principal().to_owned(),
            table_id: authorised.table_id(),
            table: authorised.table_name().to_owned(),
            request_id: self.job.context.request_id.clone(),
            started_at: now,
            ended_at: None,
            issued_at: None,
            expires_at: None,
            revoked_at: None,
            attempts: 0,
            last_error: None,
            next_attempt_at: Some(UnixMillis(now.0.saturating_add(grace_ms))),
            undecided: Vec::new(),
        }
    }

    /// What is durable of a lease before anything is minted.
    fn intent(&self, lease: Lease, survey: String) -> LeaseIntent {
        let request = MintRequest::new(&self.job.authorised, self.job.ttl_seconds, &self.job.context.request_id);
        LeaseIntent { lease, request, survey, warehouse: (*self.job.snapshot.warehouse).clone() }
    }

    /// A lease's credential on its way to this caller.
    pub(super) fn vended(&self, id: LeaseId, grant: &LeaseGrant, credentials: Vec<MintedCredential>) -> Vended {
        Vended {
            credentials,
            access: self.job.authorised.access(),
            expires_at: Some(grant.expires_at),
            issued_at: grant.issued_at,
            strategy: self.job.strategy.description.name.clone(),
            version: grant.version.clone(),
            unscoped: Vended::is_unscoped(&self.job.strategy, &self.job.snapshot.warehouse),
            proof: None,
            lease: Some(id),
            digest: grant.digest.clone(),
            fingerprint: grant.fingerprint.clone(),
            issued: Vec::new(),
        }
    }

    pub(super) fn scoping(&self) -> Scoping {
        self.job.strategy.description.scoping_for(&self.job.snapshot.warehouse.config)
    }
}

/// Whether the upstream or the strategy said no, as against having failed somewhere on the way.
fn is_refusal(error: &StrategyError) -> bool {
    matches!(
        error.kind,
        StrategyErrorKind::InvalidConfig
            | StrategyErrorKind::Denied
            | StrategyErrorKind::Unsupported
            | StrategyErrorKind::Throttled
            | StrategyErrorKind::Exhausted
    )
}

fn without_handle() -> StrategyError {
    StrategyError::new(
        StrategyErrorKind::Plugin,
        "lease-without-handle",
        "the strategy minted a credential without saying by what it is ended, so it is not handed out",
    )
}

fn revoked_meanwhile() -> StrategyError {
    StrategyError::new(StrategyErrorKind::Denied, "lease-revoked", "the lease was revoked while it was made")
}
