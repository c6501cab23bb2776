//! The pipeline of one vend, to be read from top to bottom.
//!
//! Snapshot in hand → policy → narrowest scope and life → cache or mint → audit → answer. The
//! start of a mint is durable in the audit trail before the strategy runs; its outcome before
//! the answer goes out.

mod cache;
mod error;
mod explain;
mod host_storage;
mod judge;
mod lease;
mod mint;
mod record;
mod revoked;
mod secrets;
mod signing;
#[cfg(test)]
mod tests;
mod ttl;

use std::sync::Arc;

use self::judge::Judged;
use crate::access::Access;
use crate::audit::RequestContext;
use crate::clock::{Clock, UnixMillis};
use crate::id::LeaseId;
use crate::policy::Denied;
use crate::ports::{AuditTrail, AuditUnavailable, LeaseBook, Revocations, SlotValues, Strategies, TableLocations};
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::revocation::Issued;
use crate::secret_ref::{SecretRefPolicy, SecretResolver};
use crate::strategy::{MintedCredential, Scoping, StrategyInfo};
use crate::warehouse::Warehouse;

pub use self::cache::CacheSettings;
pub use self::error::VendError;
pub use self::explain::{
    AccessExplained, Applies, Check, ClaimExplained, ExplainAsk, ExplainUse, Explanation, GivenBy, GrantSource,
    LifeExplained, LifeLimits, Outcome, Purpose, Refusal, Revocable, SignatureExplained, SignatureUse,
    StrategyExplained, UnsignedRequest, Unusable, Via, Who,
};
pub use self::host_storage::HostStorage;
pub use self::judge::Step;
pub use self::lease::{LeaseActor, LeaseEnd, LeaseSettings};
pub use self::signing::{KeptKey, Signature, SignatureAsk, Signer};
pub use self::ttl::LimitedBy;

/// What the operator chose for every vend.
#[derive(Debug, Clone)]
pub struct VendSettings {
    /// Life of a credential when nobody asks for less, in seconds (`PANGOLIN_STS_SESSION_DURATION`).
    pub default_ttl_seconds: u32,
    /// Ends a credential no later than the token that asked for it.
    pub limit_to_token: bool,
    /// Keys of the host's environment that `AwsStatic` may pass on; empty unless the operator
    /// said so (`PANGOLIN_VEND_ENV_CREDENTIALS`).
    pub env_slots: SlotValues,
    /// Which secret references the tenants may name.
    pub secret_refs: SecretRefPolicy,
    /// Key of the finger prints in audit rows, by which a leaked key is found again.
    pub fingerprint_key: [u8; 32],
    /// Bounds of the credential cache.
    pub cache: CacheSettings,
}

/// What one request asks for.
#[derive(Debug, Clone, Copy)]
pub struct VendAsk<'a> {
    /// At most this access; the caller's rights narrow it further.
    pub access: Access,
    /// At most this life.
    pub ttl_seconds: Option<u32>,
    /// What caused the vend, for the audit row: `load_table`, `create_table`, `credentials` …
    pub trigger: &'static str,
    /// Where the request comes from.
    pub context: &'a RequestContext,
}

/// A credential on its way out.
#[derive(Debug)]
pub struct Vended {
    /// What was minted.
    pub credentials: Vec<MintedCredential>,
    /// The access that it gives.
    pub access: Access,
    /// When the first of them ends.
    pub expires_at: Option<UnixMillis>,
    /// When it was minted.
    pub issued_at: UnixMillis,
    /// Name and version of the strategy.
    pub strategy: String,
    /// Version of the strategy.
    pub version: String,
    /// Whether it opens more than the table (A22).
    pub unscoped: bool,
    /// The proof that the host held against the mint, if it could read one.
    pub proof: Option<String>,
    /// The lease by which the host ends it.
    pub lease: Option<LeaseId>,
    /// Digest of the component, for the audit rows.
    pub(crate) digest: String,
    /// Keyed finger print of the credential's identifier.
    pub(crate) fingerprint: Option<String>,
    /// By what its issuers know it.
    pub(crate) issued: Vec<Issued>,
}

/// How a vend ended well.
#[derive(Debug, Clone)]
pub enum VendOutcome {
    /// A credential.
    Vended(Arc<Vended>),
    /// The warehouse vends nothing: strategy `None`, or local storage.
    Nothing,
}

/// The use case: everything that a vend needs.
#[derive(Debug)]
pub struct Vending {
    strategies: Arc<dyn Strategies>,
    audit: Arc<dyn AuditTrail>,
    locations: Arc<dyn TableLocations>,
    secrets: Arc<dyn SecretResolver>,
    clock: Arc<dyn Clock>,
    cache: cache::CredentialCache,
    leasing: Option<lease::Leasing>,
    kill_switch: revoked::KillSwitch,
    settings: VendSettings,
}

impl Vending {
    /// Puts the pipeline together.
    #[must_use]
    pub fn new(
        strategies: Arc<dyn Strategies>,
        audit: Arc<dyn AuditTrail>,
        locations: Arc<dyn TableLocations>,
        secrets: Arc<dyn SecretResolver>,
        clock: Arc<dyn Clock>,
        settings: VendSettings,
    ) -> Self {
        let cache = cache::CredentialCache::new(&settings.cache);
        let kill_switch = revoked::KillSwitch::default();
        Self { strategies, audit, locations, secrets, clock, cache, leasing: None, kill_switch, settings }
    }

    /// The same with leases kept in `book`, for strategies whose credentials do not end by themselves.
    #[must_use]
    pub fn with_leases(self, book: Arc<dyn LeaseBook>, settings: LeaseSettings) -> Self {
        Self { leasing: Some(lease::Leasing::new(book, settings)), ..self }
    }

    /// The same with a kill switch: what `book` says is revoked is refused, and what is minted is
    /// written down there before it leaves.
    #[must_use]
    pub fn with_revocations(self, book: Arc<dyn Revocations>) -> Self {
        Self { kill_switch: revoked::KillSwitch::new(book), ..self }
    }

    /// Vends credentials of `table` to `principal`.
    ///
    /// # Errors
    /// See [`VendError`]. A refusal is in the audit trail before it is returned.
    pub async fn vend(
        self: &Arc<Self>,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: VendAsk<'_>,
    ) -> Result<VendOutcome, VendError> {
        let judged = self.judge(principal, snapshot, table, ask, &mut ()).await;
        let (authorised, strategy, ttl_seconds) = match judged {
            Ok(Judged::Vend { authorised, strategy, ttl_seconds }) => (authorised, strategy, ttl_seconds),
            Ok(Judged::Nothing) => return Ok(VendOutcome::Nothing),
            Err(error) => {
                self.audit.record(record::refused(self.clock.now(), principal, snapshot, table, ask, &error)).await?;
                return Err(error);
            }
        };
        let vended = self.cached_or_minted(*authorised, snapshot, &strategy, ttl_seconds, ask).await?;
        Ok(VendOutcome::Vended(vended))
    }

    /// Records that `principal` asked for credentials of a table that it may not even see.
    ///
    /// # Errors
    /// The audit trail cannot be written.
    pub async fn refuse_hidden(
        &self,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: VendAsk<'_>,
    ) -> Result<(), AuditUnavailable> {
        let hidden = VendError::Denied(Denied::Hidden);
        self.audit.record(record::refused(self.clock.now(), principal, snapshot, table, ask, &hidden)).await
    }
}

impl Vended {
    /// Whether the strategy's credentials open more than the table, for this warehouse.
    fn is_unscoped(strategy: &StrategyInfo, warehouse: &Warehouse) -> bool {
        strategy.description.scoping_for(&warehouse.config) != Scoping::Exact
    }
}
