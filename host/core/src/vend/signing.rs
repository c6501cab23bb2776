//! URLs and requests that the host signs. Nobody is handed a credential: each use is judged and
//! recorded by itself, so that strategies that cannot narrow what they mint may serve as well (A22).
//!
//! Rights, and the objects inside the table → the credential of this one table, from the cache or
//! minted → signature → one row. Or the strategy signs itself, between two rows.

pub(super) mod life;
mod row;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::judge::{Passed, Witness};
use super::ttl::{self, Life, Limits};
use super::{VendAsk, VendError, Vended, Vending};
use crate::audit::RequestContext;
use crate::clock::UnixMillis;
use crate::location::Location;
use crate::policy::{self, Authorised, Denied, Touched};
use crate::ports::{AuditUnavailable, PresignAsk, Presigned, StrategyCall};
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::secret::Secret;
use crate::strategy::{MintedCredential, StrategyError, StrategyErrorKind, StrategyInfo};
use crate::warehouse::{StorageKind, Warehouse};

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// A URL that anybody may use for a while.
    Url,
    /// One request that a client sends at once.
    Request,
}

/// What one signature is asked for.
#[derive(Debug, Clone, Copy)]
pub struct SignatureAsk<'a> {
    /// What is signed.
    pub signature: Signature,
    /// The method of the request.
    pub method: &'a str,
    /// What it opens.
    pub touched: Touched<'a>,
    /// Where the request comes from.
    pub context: &'a RequestContext,
}

/// The credential to sign with. It stays in the host.
#[derive(Debug, Clone, Copy)]
pub struct KeptKey<'a> {
    /// The credential.
    pub credential: &'a MintedCredential,
    /// Now.
    pub at: UnixMillis,
}

/// Who asks for which table.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) principal: &'a Principal,
    pub(super) snapshot: &'a CatalogSnapshot,
    pub(super) table: &'a Table,
    pub(super) ask: SignatureAsk<'a>,
}

/// Who makes a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The host, by `SigV4`, with a credential that stays in it.
    Host,
    /// The strategy.
    Strategy,
}

/// A signature, and what its row says.
struct Signed<T> {
    value: T,
    vended: Arc<Vended>,
    expires_at: Option<UnixMillis>,
}

impl Signature {
    /// The action of the rows, and the trigger of a mint.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Url => "presign",
            Self::Request => "sign_request",
        }
    }
}

/// Whether a vend of this trigger hands nothing out: its uses have rows of their own.
pub(super) fn stays_in_host(trigger: &str) -> bool {
    [Signature::Url, Signature::Request].iter().any(|signature| signature.action() == trigger)
}

impl Vending {
    /// Signs one request to the storage by `sign`. Nothing if the warehouse vends nothing.
    ///
    /// # Errors
    /// See [`VendError`]. A refusal is in the audit trail before it is returned.
    pub async fn sign_request<T>(
        self: &Arc<Self>,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: SignatureAsk<'_>,
        sign: impl FnOnce(KeptKey<'_>) -> Result<T, StrategyError> + Send,
    ) -> Result<Option<T>, VendError> {
        let asked = Asked { principal, snapshot, table, ask };
        let signed = async {
            let Some((authorised, strategy)) = self.judge_signature(asked, &mut ()).await? else { return Ok(None) };
            let vended = self.kept(authorised, &strategy, asked).await?;
            let at = self.clock.now();
            let value = sign(KeptKey { credential: covering(&vended, ask.touched)?, at })?;
            let lapses = at.plus_seconds(i64::from(life::HEADER_SECONDS));
            let expires_at = Some(vended.expires_at.map_or(lapses, |end| end.min(lapses)));
            Ok(Some(Signed { value, vended, expires_at }))
        };
        let signed = signed.await;
        self.recorded(asked, signed).await
    }

    /// Makes a URL of one object: by the strategy, if it presigns, else by `sign` with the
    /// strategy's credential and the URL's life in seconds. Nothing if the warehouse vends nothing.
    ///
    /// # Errors
    /// See [`VendError`]. A refusal is in the audit trail before it is returned.
    pub async fn presign(
        self: &Arc<Self>,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: SignatureAsk<'_>,
        ttl_seconds: Option<u32>,
        sign: impl FnOnce(KeptKey<'_>, u32) -> Result<Secret<String>, StrategyError> + Send,
    ) -> Result<Option<Presigned>, VendError> {
        let asked = Asked { principal, snapshot, table, ask };
        let judged = match self.judge_signature(asked, &mut ()).await {
            Ok(Some((authorised, strategy))) => {
                signer(ask.signature, &strategy, snapshot.warehouse.kind).map(|signer| (authorised, strategy, signer))
            }
            Ok(None) => return Ok(None),
            Err(error) => Err(error),
        };
        let (authorised, strategy) = match judged {
            Ok((authorised, strategy, Signer::Host)) => (authorised, strategy),
            Ok((authorised, strategy, Signer::Strategy)) => {
                return self.presign_by_strategy(asked, &authorised, &strategy, ttl_seconds).await.map(Some);
            }
            Err(error) => return Err(self.refused(asked, error).await),
        };
        let signed = async {
            let vended = self.kept(authorised, &strategy, asked).await?;
            let at = self.clock.now();
            let limits = self.url_limits(principal, &snapshot.warehouse, ttl_seconds, None);
            let limits = Limits { credential: vended.expires_at.map(|end| self.rest(end)), ..limits };
            let life = life::of_url(&limits)?.seconds;
            let url = sign(KeptKey { credential: covering(&vended, ask.touched)?, at }, life)?;
            let expires_at = at.plus_seconds(i64::from(life));
            let value = Presigned { url, headers: Vec::new(), expires_at, issued: vended.issued.clone() };
            Ok(Some(Signed { value, vended, expires_at: Some(expires_at) }))
        };
        let signed = signed.await;
        self.recorded(asked, signed).await
    }

    /// Records that `principal` asked for a signature on a table that it may not even see.
    ///
    /// # Errors
    /// The audit trail cannot be written.
    pub async fn refuse_hidden_signature(
        &self,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: SignatureAsk<'_>,
    ) -> Result<(), AuditUnavailable> {
        let hidden = VendError::Denied(Denied::Hidden);
        self.audit.record(row::refused(self.clock.now(), &Asked { principal, snapshot, table, ask }, &hidden)).await
    }

    /// Everything that is decided before anything is minted.
    pub(super) async fn judge_signature(
        &self,
        asked: Asked<'_>,
        witness: &mut impl Witness,
    ) -> Result<Option<(Authorised, Arc<StrategyInfo>)>, VendError> {
        let Asked { principal, snapshot, table, ask } = asked;
        let authorised = policy::authorise_objects(principal, snapshot, table, ask.touched)?;
        witness.saw(Passed::Rights(&authorised));
        witness.saw(Passed::Objects);
        let authorised = self.require_standing(authorised, principal.cut_off).await?;
        witness.saw(Passed::Standing);
        let warehouse = &snapshot.warehouse;
        let Some(name) = warehouse.strategy.as_deref().filter(|_| warehouse.kind != StorageKind::Local) else {
            return Ok(None);
        };
        witness.saw(Passed::Vends);
        self.require_exclusive(snapshot, table).await?;
        witness.saw(Passed::Exclusive);
        Ok(Some((authorised, self.strategy(name)?)))
    }

    /// What the host may keep to sign with, and the life that it asks for.
    pub(super) fn judge_kept(
        &self,
        authorised: Authorised,
        strategy: &StrategyInfo,
        warehouse: &Warehouse,
        touched: Touched<'_>,
    ) -> Result<(Authorised, Life), VendError> {
        let scoping = strategy.description.scoping_for(&warehouse.config);
        let authorised = policy::kept_in_host(authorised, scoping, touched)?;
        // The caller's token does not end it: what is made with it ends by itself.
        Ok((authorised, ttl::choose(&self.ttl_limits(warehouse, strategy))?))
    }

    /// The credential of the table with the access that the signature needs, for the host alone.
    async fn kept(
        self: &Arc<Self>,
        authorised: Authorised,
        strategy: &Arc<StrategyInfo>,
        asked: Asked<'_>,
    ) -> Result<Arc<Vended>, VendError> {
        let Asked { snapshot, ask, .. } = asked;
        let (authorised, life) = self.judge_kept(authorised, strategy, &snapshot.warehouse, ask.touched)?;
        let vend = VendAsk {
            access: ask.touched.access,
            ttl_seconds: None,
            trigger: ask.signature.action(),
            context: ask.context,
        };
        self.cached_or_minted(authorised, snapshot, strategy, life.seconds, vend).await
    }

    /// Runs the strategy between two durable rows.
    async fn presign_by_strategy(
        &self,
        asked: Asked<'_>,
        authorised: &Authorised,
        strategy: &StrategyInfo,
        ttl_seconds: Option<u32>,
    ) -> Result<Presigned, VendError> {
        self.audit.record(row::started(self.clock.now(), &asked, strategy)).await?;
        let presigned = async {
            let warehouse = &asked.snapshot.warehouse;
            let location = asked.ask.touched.objects.first();
            let location = location.ok_or_else(|| VendError::Strategy(nothing_to_open()))?;
            let longest = strategy.description.max_ttl_seconds;
            let life = life::of_url(&self.url_limits(asked.principal, warehouse, ttl_seconds, longest))?.seconds;
            let slots = self.slots(warehouse, &strategy.description)?;
            let call = StrategyCall {
                authorised,
                warehouse,
                slots: &slots,
                ttl_seconds: life,
                request_id: &asked.ask.context.request_id,
            };
            let presigned = self.strategies.presign(call, PresignAsk { location, method: asked.ask.method }).await?;
            let place = (warehouse.name.as_str(), asked.ask.context.request_id.as_str());
            self.before_url_leaves(authorised, strategy, place, &presigned).await?;
            Ok(presigned)
        };
        match presigned.await {
            Ok(presigned) => {
                let row = row::granted_by_strategy(self.clock.now(), &asked, strategy, presigned.expires_at);
                self.audit.record(row).await?;
                Ok(presigned)
            }
            Err(error) => Err(self.refused(asked, error).await),
        }
    }

    /// Writes the row of a signature; only then it may go out.
    async fn recorded<T>(
        &self,
        asked: Asked<'_>,
        signed: Result<Option<Signed<T>>, VendError>,
    ) -> Result<Option<T>, VendError> {
        match signed {
            Ok(None) => Ok(None),
            Ok(Some(Signed { value, vended, expires_at })) => {
                self.audit.record(row::granted(self.clock.now(), &asked, &vended, expires_at)).await?;
                Ok(Some(value))
            }
            Err(error) => Err(self.refused(asked, error).await),
        }
    }

    /// Records a refusal or a failure. If the trail fails, that is the error.
    async fn refused(&self, asked: Asked<'_>, error: VendError) -> VendError {
        if matches!(error, VendError::Audit(_)) {
            return error;
        }
        match self.audit.record(row::refused(self.clock.now(), &asked, &error)).await {
            Ok(()) => error,
            Err(unavailable) => unavailable.into(),
        }
    }
}

/// Who signs.
pub(super) fn signer(signature: Signature, strategy: &StrategyInfo, storage: StorageKind) -> Result<Signer, VendError> {
    match signature {
        Signature::Url if strategy.presigns() => Ok(Signer::Strategy),
        Signature::Url if storage != StorageKind::S3 => {
            Err(VendError::Strategy(not_presigned(&strategy.description.name)))
        }
        Signature::Url | Signature::Request => Ok(Signer::Host),
    }
}

/// The credential that opens what is asked for; of a strategy that does not narrow, the first.
fn covering<'a>(vended: &'a Vended, touched: Touched<'_>) -> Result<&'a MintedCredential, VendError> {
    let first: Option<&Location> = touched.objects.first().or(touched.listing);
    let opens = |credential: &&MintedCredential| {
        let prefix = Location::parse(&credential.prefix);
        first.is_some_and(|location| prefix.is_ok_and(|prefix| prefix.contains(location)))
    };
    let found = vended.credentials.iter().find(opens).or_else(|| vended.credentials.first());
    found.ok_or_else(|| VendError::Strategy(nothing_to_open()))
}

pub(super) fn nothing_to_open() -> StrategyError {
    StrategyError::new(StrategyErrorKind::Plugin, "nothing-minted", "the strategy minted nothing to sign with")
}

fn not_presigned(strategy: &str) -> StrategyError {
    let message = format!("the strategy '{strategy}' makes no presigned URLs for this storage");
    StrategyError::new(StrategyErrorKind::Unsupported, "presign-not-supported", message)
}
