//! What a vend or a signature would be (A16): the same judgement, told step by step, and then the
//! strategy's part in a run that asks nobody. Nothing is minted or signed, nothing is kept.

mod grants;
mod report;
mod row;
mod signature;
mod story;
#[cfg(test)]
mod tests;
mod unusable;

use self::story::Story;
use super::judge::{Judged, Step};
use super::{Signature, VendAsk, VendError, Vending};
use crate::access::Access;
use crate::audit::{AuditResult, RequestContext};
use crate::policy::{Authorised, Denied, Touched};
use crate::ports::{PresignAsk, StrategyCall};
use crate::principal::{AccountKind, Principal};
use crate::record::{CatalogSnapshot, Table};
use crate::revocation::Targets;
use crate::strategy::{CredentialShape, DryRun, DryRunEnd, StrategyError, StrategyErrorKind, StrategyInfo};

pub use self::grants::{Applies, GivenBy, GrantSource, Via};
pub use self::report::{
    AccessExplained, Check, ClaimExplained, Explanation, LifeExplained, LifeLimits, Outcome, Purpose, Refusal,
    Revocable, SignatureExplained, StrategyExplained, UnsignedRequest, Who,
};
pub use self::unusable::Unusable;

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct ExplainAsk<'a> {
    /// Whose vend.
    pub subject: &'a Principal,
    /// Whether the subject could authenticate.
    pub is_active: bool,
    /// Where the subject's grants come from.
    pub sources: &'a [GrantSource],
    /// Names of roles that the subject is taken to hold by a claim of its issuer.
    pub assumed_roles: &'a [String],
    /// What it would be.
    pub of: ExplainUse<'a>,
    /// Where the request comes from.
    pub context: &'a RequestContext,
}

/// What would be asked for.
#[derive(Debug, Clone, Copy)]
pub enum ExplainUse<'a> {
    /// Credentials of the table.
    Credentials {
        /// At most this access.
        access: Access,
        /// At most this life.
        ttl_seconds: Option<u32>,
    },
    /// A signature.
    Signature(SignatureUse<'a>),
}

/// One signature that would be asked for.
#[derive(Debug, Clone, Copy)]
pub struct SignatureUse<'a> {
    /// What would be signed.
    pub signature: Signature,
    /// The method.
    pub method: &'a str,
    /// What it opens.
    pub touched: Touched<'a>,
    /// At most this life; of a URL only.
    pub ttl_seconds: Option<u32>,
    /// The request, as the host would sign it; none where there is none.
    pub request: Option<&'a UnsignedRequest>,
    /// Why the storage takes no such signature, whoever asks.
    pub obstacle: Option<&'a Refusal>,
}

impl ExplainUse<'_> {
    /// Which of the three it is.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Credentials { .. } => Purpose::Credentials,
            Self::Signature(SignatureUse { signature: Signature::Url, .. }) => Purpose::Presign,
            Self::Signature(SignatureUse { signature: Signature::Request, .. }) => Purpose::Sign,
        }
    }

    fn access(&self) -> Access {
        match self {
            Self::Credentials { access, .. } => *access,
            Self::Signature(asked) => asked.touched.access,
        }
    }
}

/// A vend of which something is told: who asks, and of what.
#[derive(Clone, Copy)]
struct Scene<'a> {
    asker: &'a Principal,
    snapshot: &'a CatalogSnapshot,
    table: &'a Table,
    ask: ExplainAsk<'a>,
}

/// What a strategy is run for.
struct Rehearsal<'a> {
    authorised: &'a Authorised,
    strategy: &'a StrategyInfo,
    ttl_seconds: u32,
    /// The object of a URL that the strategy makes; none: it mints.
    object: Option<PresignAsk<'a>>,
}

impl Vending {
    /// Explains to `asker` what a vend of `table` to the subject would be at this moment. Whether
    /// `asker` may know that is decided before.
    ///
    /// # Errors
    /// The trail or the store failed, or no place for the strategy was free. What a vend would be
    /// refused for is in the explanation.
    pub async fn explain(
        &self,
        asker: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: ExplainAsk<'_>,
    ) -> Result<Explanation, VendError> {
        let scene = Scene { asker, snapshot, table, ask };
        let explained = self.explained(scene).await?;
        let result = (AuditResult::Success, None);
        self.audit.record(row::of(self.clock.now(), scene, result, Some(&explained))).await?;
        Ok(explained)
    }

    /// Records that an explanation was refused, for `reason`.
    ///
    /// # Errors
    /// The audit trail cannot be written.
    pub async fn refuse_explanation(
        &self,
        asker: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: ExplainAsk<'_>,
        reason: &str,
    ) -> Result<(), VendError> {
        let result = (AuditResult::Denied, Some(reason.to_owned()));
        let scene = Scene { asker, snapshot, table, ask };
        Ok(self.audit.record(row::of(self.clock.now(), scene, result, None)).await?)
    }

    async fn explained(&self, scene: Scene<'_>) -> Result<Explanation, VendError> {
        let mut story = Story::new(scene);
        if !scene.ask.is_active {
            story.failed(
                Step::Account,
                "account-inactive",
                "the account is deactivated, revoked (GET /api/v1/revocations) or has ended: it cannot log in",
            );
            return Ok(story.explanation);
        }
        story.passed(Step::Account);
        let told = match scene.ask.of {
            ExplainUse::Credentials { access, ttl_seconds } => {
                self.tell_vend(scene, access, ttl_seconds, &mut story).await
            }
            ExplainUse::Signature(asked) => self.tell_signature(scene, asked, &mut story).await,
        };
        let error = match told {
            Ok(Told::Everything) => return Ok(story.explanation),
            Ok(Told::NothingToVend) => {
                story.failed(Step::WarehouseVends, "nothing-to-vend", NOTHING);
                return Ok(story.explanation);
            }
            Ok(Told::Obstacle(step, Refusal { code, message })) => {
                story.failed(step, &code, &message);
                return Ok(story.explanation);
            }
            Err(error) => error,
        };
        let Some(step) = Step::of(&error).filter(|_| !is_passing(&error)) else { return Err(error) };
        let reason = self.reason(&error, scene).await?;
        story.failed(step, error.code(), &reason);
        Ok(story.explanation)
    }

    async fn tell_vend(
        &self,
        scene: Scene<'_>,
        access: Access,
        ttl_seconds: Option<u32>,
        story: &mut Story,
    ) -> Result<Told, VendError> {
        let Scene { snapshot, table, ask, .. } = scene;
        let vend = VendAsk { access, ttl_seconds, trigger: "explain", context: ask.context };
        let judged = self.judge(ask.subject, snapshot, table, vend, story).await?;
        let Judged::Vend { authorised, strategy, ttl_seconds } = judged else { return Ok(Told::NothingToVend) };
        let run = Rehearsal { authorised: &authorised, strategy: &strategy, ttl_seconds, object: None };
        let (claim, hands_out) = self.rehearse(scene, run, story).await?;
        story.explanation.revocable = Some(Revocable::of_credential(&strategy));
        story.explanation.outcome = Some(Outcome { claim, hands_out });
        story.allowed();
        Ok(Told::Everything)
    }

    /// The strategy's part, without anybody being asked; the shapes are what it answers, if it comes
    /// so far.
    async fn rehearse(
        &self,
        scene: Scene<'_>,
        run: Rehearsal<'_>,
        story: &mut Story,
    ) -> Result<(Option<ClaimExplained>, Option<Vec<CredentialShape>>), VendError> {
        let Rehearsal { authorised, strategy, ttl_seconds, object } = run;
        let warehouse = &scene.snapshot.warehouse;
        let slots = self.slots(warehouse, &strategy.description)?;
        story.passed(Step::Secrets);
        if strategy.leases() && object.is_none() {
            self.leasing()?;
        }
        let request_id = &scene.ask.context.request_id;
        let call = StrategyCall { authorised, warehouse, slots: &slots, ttl_seconds, request_id };
        let DryRun { claim, steps, end } = match object {
            None => self.strategies.explain(call).await?,
            Some(object) => self.strategies.explain_presign(call, object).await?,
        };
        story.explanation.would = steps;
        let shapes = match end {
            DryRunEnd::Failed(error) => return Err(error.into()),
            DryRunEnd::AtRequest => None,
            DryRunEnd::Answered(shapes) => Some(shapes),
        };
        story.passed(Step::Strategy);
        Ok((claim.map(Into::into), shapes))
    }

    /// What is said of a refusal. The words for somebody who may not know more are no answer to an
    /// administrator, who asks why.
    async fn reason(&self, error: &VendError, scene: Scene<'_>) -> Result<String, VendError> {
        let Scene { asker, snapshot, table, ask } = scene;
        let subject = ask.subject;
        let is_own = asker.user_id == subject.user_id;
        let mut reason = match error {
            VendError::Denied(Denied::Hidden) if !is_own => UNSEEN.to_owned(),
            VendError::Denied(Denied::Revoked) if asker.is_admin_of(snapshot.catalog.tenant_id) => {
                let of = Targets { user: subject.user_id, warehouse: snapshot.warehouse.id, table: table.id };
                let cuts = self.kill_switch.cuts(of).await?;
                let standing =
                    [(cuts.principal, "the principal"), (cuts.warehouse, "the warehouse"), (cuts.table, "the table")];
                let named: Vec<&str> = standing.iter().filter(|(cut, _)| cut.standing).map(|(_, name)| *name).collect();
                if named.is_empty() {
                    return Ok(error.to_string());
                }
                format!("{error}; revoked: {} (GET /api/v1/revocations)", named.join(", "))
            }
            _ => error.to_string(),
        };
        let is_about_rights = matches!(error, VendError::Denied(Denied::Hidden | Denied::Missing(_)));
        if !is_own && is_about_rights && subject.kind == AccountKind::External {
            reason.push_str(match ask.assumed_roles {
                [] => "; roles that its issuer's token gives are not known here: name them in `assume_roles`",
                _ => "; beside its own roles it was taken to hold those of `assume_roles`",
            });
        }
        Ok(reason)
    }
}

/// How far it came, if nothing refused.
enum Told {
    Everything,
    NothingToVend,
    Obstacle(Step, Refusal),
}

/// Why a warehouse gives nothing.
const NOTHING: &str = "this warehouse vends no credentials: its storage is local or its vending strategy is 'None'";

/// Why somebody does not see a table.
const UNSEEN: &str = "no grant and no role of this account covers the table, which to it does not exist: \
                      give it `list` and `read` on the table, or on what the table is in";

/// A moment's lack of a place says nothing about the vend.
fn is_passing(error: &VendError) -> bool {
    matches!(error, VendError::Strategy(StrategyError { kind: StrategyErrorKind::NotReady, code, .. }) if code == "plugin-busy")
}
