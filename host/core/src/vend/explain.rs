//! What a vend would be (A16): the same judgement, told step by step, and then the strategy's part
//! in a run that asks nobody. Nothing is minted, nothing is kept.

mod report;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use self::report::{
    AccessExplained, Applies, Check, ClaimExplained, Explanation, GrantSource, LifeExplained, LifeLimits, Outcome,
    Refusal, Revocable, StrategyExplained, Via, Who,
};
use super::judge::{Judged, Passed, Step, Witness};
use super::ttl::Limits;
use super::{VendAsk, VendError, Vending, record};
use crate::access::Access;
use crate::audit::{AuditEvent, AuditResult, RequestContext};
use crate::permission::Target;
use crate::policy::{Authorised, Denied};
use crate::ports::StrategyCall;
use crate::principal::{AccountKind, Principal};
use crate::record::{CatalogSnapshot, Table};
use crate::strategy::{DryRun, DryRunEnd, Scoping, StrategyError, StrategyErrorKind, StrategyInfo};

/// The name of every row about an explanation.
const ACTION: &str = "explain_credentials";

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct ExplainAsk<'a> {
    /// Whose vend.
    pub subject: &'a Principal,
    /// Whether the subject could authenticate.
    pub is_active: bool,
    /// Where the subject's grants come from.
    pub sources: &'a [GrantSource],
    /// At most this access.
    pub access: Access,
    /// At most this life.
    pub ttl_seconds: Option<u32>,
    /// Where the request comes from.
    pub context: &'a RequestContext,
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
        let explained = self.explained(asker, snapshot, table, ask).await?;
        let result = (AuditResult::Success, None);
        self.audit.record(self.explain_row(asker, snapshot, table, ask, result, Some(&explained))).await?;
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
        Ok(self.audit.record(self.explain_row(asker, snapshot, table, ask, result, None)).await?)
    }

    async fn explained(
        &self,
        asker: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: ExplainAsk<'_>,
    ) -> Result<Explanation, VendError> {
        let ExplainAsk { subject, access, ttl_seconds, context, .. } = ask;
        let mut story = Story::new(snapshot, table, ask);
        if !ask.is_active {
            story.failed(
                Step::Account,
                "account-inactive",
                "the account is deactivated, revoked (GET /api/v1/revocations) or has ended: it cannot log in",
            );
            return Ok(story.explanation);
        }
        story.passed(Step::Account);
        let vend = VendAsk { access, ttl_seconds, trigger: "explain", context };
        let outcome = match self.judge(subject, snapshot, table, vend, &mut story).await {
            Ok(Judged::Vend { authorised, strategy, ttl_seconds }) => {
                self.rehearse(&authorised, snapshot, &strategy, ttl_seconds, context, &mut story).await
            }
            Ok(Judged::Nothing) => {
                story.failed(Step::WarehouseVends, "nothing-to-vend", NOTHING);
                Ok(())
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => Ok(story.explanation),
            Err(error) => match Step::of(&error).filter(|_| !is_passing(&error)) {
                Some(step) => {
                    story.failed(step, error.code(), &reason(&error, asker, subject));
                    Ok(story.explanation)
                }
                None => Err(error),
            },
        }
    }

    /// The strategy's part, without anybody being asked.
    async fn rehearse(
        &self,
        authorised: &Authorised,
        snapshot: &CatalogSnapshot,
        strategy: &StrategyInfo,
        ttl_seconds: u32,
        context: &RequestContext,
        story: &mut Story,
    ) -> Result<(), VendError> {
        let warehouse = &snapshot.warehouse;
        let slots = self.slots(warehouse, &strategy.description)?;
        story.passed(Step::Secrets);
        if strategy.leases() {
            self.leasing()?;
        }
        let request_id = &context.request_id;
        let call = StrategyCall { authorised, warehouse, slots: &slots, ttl_seconds, request_id };
        let DryRun { claim, steps, end } = self.strategies.explain(call).await?;
        let explanation = &mut story.explanation;
        explanation.would = steps;
        explanation.revocable = Some(Revocable::of(strategy));
        let outcome = match end {
            DryRunEnd::Failed(error) => return Err(error.into()),
            DryRunEnd::AtRequest => Outcome { claim: claim.map(Into::into), hands_out: None },
            DryRunEnd::Answered(shapes) => Outcome { claim: claim.map(Into::into), hands_out: Some(shapes) },
        };
        explanation.outcome = Some(outcome);
        explanation.allowed = true;
        story.passed(Step::Strategy);
        Ok(())
    }

    fn explain_row(
        &self,
        asker: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: ExplainAsk<'_>,
        (result, error_message): (AuditResult, Option<String>),
        explained: Option<&Explanation>,
    ) -> AuditEvent {
        let who = record::Asker { principal: asker, snapshot, table, context: ask.context };
        let mut metadata = json!({
            "subject": ask.subject.user_id,
            "subject_name": &*ask.subject.username,
            "warehouse": snapshot.warehouse.name,
            "strategy": snapshot.warehouse.strategy,
            "requested_access": ask.access.describe(),
        });
        if let (Value::Object(metadata), Some(explained)) = (&mut metadata, explained) {
            metadata.insert("allowed".to_owned(), json!(explained.allowed));
            metadata.insert("code".to_owned(), json!(explained.refusal.as_ref().map(|refusal| &refusal.code)));
        }
        who.event(self.clock.now(), ACTION, result, error_message, metadata)
    }
}

/// Why a warehouse gives nothing.
const NOTHING: &str = "this warehouse vends no credentials: its storage is local or its vending strategy is 'None'";

/// What is said of a refusal. The words for somebody who may not know of the table are no answer to
/// an administrator, who asks why.
fn reason(error: &VendError, asker: &Principal, subject: &Principal) -> String {
    let mut reason = match error {
        _ if asker.user_id == subject.user_id => return error.to_string(),
        VendError::Denied(Denied::Hidden) => UNSEEN.to_owned(),
        VendError::Denied(Denied::Missing(_)) => error.to_string(),
        _ => return error.to_string(),
    };
    if subject.kind == AccountKind::External {
        reason.push_str("; roles that its issuer's token gives are not known here");
    }
    reason
}

/// Why somebody does not see a table.
const UNSEEN: &str = "no grant and no role of this account covers the table, which to it does not exist: \
                      give it `list` and `read` on the table, or on what the table is in";

/// A moment's lack of a place says nothing about the vend.
fn is_passing(error: &VendError) -> bool {
    matches!(error, VendError::Strategy(StrategyError { kind: StrategyErrorKind::NotReady, code, .. }) if code == "plugin-busy")
}

/// The explanation while it is told.
struct Story {
    explanation: Explanation,
}

impl Story {
    fn new(snapshot: &CatalogSnapshot, table: &Table, ask: ExplainAsk<'_>) -> Self {
        let subject = ask.subject;
        let target = Target::Table(snapshot.catalog.id, &table.namespace, table.id);
        let own_tenant = subject.tenant_id == Some(snapshot.catalog.tenant_id);
        let held = if own_tenant { subject.access_on(target) } else { Access::NONE };
        let explanation = Explanation {
            allowed: false,
            refusal: None,
            principal: Who::of(subject),
            table: format!("{}.{}.{}", snapshot.catalog.name, table.namespace, table.name),
            grants: if own_tenant { report::applying(subject, ask.sources, target) } else { Vec::new() },
            access: AccessExplained { requested: ask.access.describe(), held: held.describe(), granted: None },
            scopes: Vec::new(),
            warehouse: None,
            strategy: None,
            ttl: None,
            checks: Vec::new(),
            would: Vec::new(),
            outcome: None,
            revocable: None,
            audit_action: record::ACTION,
        };
        // The name is for those who may read.
        Self {
            explanation: Explanation { warehouse: held.read.then(|| snapshot.warehouse.name.clone()), ..explanation },
        }
    }

    fn passed(&mut self, step: Step) {
        self.explanation.checks.push(Check::passed(step));
    }

    /// What stands before the step in the judgement passed.
    fn failed(&mut self, step: Step, code: &str, reason: &str) {
        let next = self.explanation.checks.len();
        for before in Step::ALL.into_iter().skip(next).take_while(|other| *other < step) {
            self.passed(before);
        }
        self.explanation.checks.push(Check::failed(step, code, reason));
        self.explanation.refusal = Some(Refusal { code: code.to_owned(), message: reason.to_owned() });
    }

    fn granted(&mut self, authorised: &Authorised) {
        self.explanation.access.granted = Some(authorised.access().describe());
        self.explanation.scopes = authorised.scopes().iter().map(|scope| scope.location.to_string()).collect();
    }
}

impl Witness for Story {
    fn saw(&mut self, passed: Passed<'_>) {
        match passed {
            Passed::Rights(authorised) => {
                let steps = [Step::Visible, Step::Access, Step::HostIdentity, Step::Locations];
                steps.into_iter().for_each(|step| self.passed(step));
                self.granted(authorised);
            }
            Passed::Standing => self.passed(Step::NotRevoked),
            Passed::Vends => self.passed(Step::WarehouseVends),
            Passed::Exclusive => self.passed(Step::LocationExclusive),
            Passed::Loaded(strategy, scoping, limits) => {
                self.passed(Step::StrategyLoaded);
                self.explanation.strategy = Some(StrategyExplained::of(strategy, scoping));
                self.explanation.ttl = Some(LifeExplained { seconds: None, limited_by: None, limits: limits.into() });
            }
            Passed::Scoped(authorised) => {
                self.passed(Step::Scoping);
                self.granted(authorised);
            }
            Passed::Lives(life) => {
                self.passed(Step::Ttl);
                if let Some(ttl) = &mut self.explanation.ttl {
                    (ttl.seconds, ttl.limited_by) = (Some(life.seconds), Some(life.limited_by));
                }
            }
        }
    }
}

impl From<&Limits> for LifeLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            requested: limits.requested,
            default: limits.default,
            warehouse: limits.warehouse,
            strategy: limits.strategy,
            strategy_minimum: limits.strategy_min,
            token: limits.token_rest(),
        }
    }
}

impl StrategyExplained {
    fn of(strategy: &StrategyInfo, scoping: Scoping) -> Self {
        let description = &strategy.description;
        Self {
            name: description.name.clone(),
            version: description.version.clone(),
            digest: strategy.digest.clone(),
            scoping,
            unscoped: scoping != Scoping::Exact,
        }
    }
}
