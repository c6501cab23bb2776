//! The explanation while it is told.

use super::report::{Check, Explanation, LifeExplained, LifeLimits, Refusal, StrategyExplained};
use super::{Scene, grants};
use crate::access::Access;
use crate::permission::Target;
use crate::policy::Authorised;
use crate::strategy::{Scoping, StrategyInfo};
use crate::vend::judge::{Passed, Step, Witness};
use crate::vend::ttl::{Life, Limits};

pub(super) struct Story {
    pub(super) explanation: Explanation,
}

impl Story {
    pub(super) fn new(scene: Scene<'_>) -> Self {
        let Scene { snapshot, table, ask, .. } = scene;
        let subject = ask.subject;
        let target = Target::Table(snapshot.catalog.id, &table.namespace, table.id);
        let own_tenant = subject.tenant_id == Some(snapshot.catalog.tenant_id);
        let held = if own_tenant { subject.access_on(target) } else { Access::NONE };
        let table = format!("{}.{}.{}", snapshot.catalog.name, table.namespace, table.name);
        let mut explanation = Explanation::begun(ask, table);
        if own_tenant {
            explanation.grants = grants::applying(subject, ask.sources, target);
        }
        explanation.access.held = held.describe();
        // The name is for those who may read.
        explanation.warehouse = held.read.then(|| snapshot.warehouse.name.clone());
        Self { explanation }
    }

    /// The steps of this judgement, in order.
    fn steps(&self) -> impl Iterator<Item = Step> + use<> {
        let signs = self.explanation.signature.is_some();
        Step::ALL.into_iter().filter(move |step| signs || !step.is_of_signatures())
    }

    pub(super) fn passed(&mut self, step: Step) {
        self.explanation.checks.push(Check::passed(step));
    }

    /// What stands before the step in the judgement passed.
    pub(super) fn failed(&mut self, step: Step, code: &str, reason: &str) {
        let next = self.explanation.checks.len();
        for before in self.steps().skip(next).take_while(|other| *other < step) {
            self.passed(before);
        }
        let signs = self.explanation.signature.is_some();
        self.explanation.checks.push(Check::failed(step, code, reason, signs));
        self.explanation.refusal = Some(Refusal { code: code.to_owned(), message: reason.to_owned() });
    }

    pub(super) fn granted(&mut self, authorised: &Authorised) {
        self.explanation.access.granted = Some(authorised.access().describe());
        self.explanation.scopes = authorised.scopes().iter().map(|scope| scope.location.to_string()).collect();
    }

    pub(super) fn loaded(&mut self, strategy: &StrategyInfo, scoping: Scoping, limits: &Limits) {
        self.passed(Step::StrategyLoaded);
        self.explanation.strategy = Some(StrategyExplained::of(strategy, scoping));
        self.limited(limits);
    }

    pub(super) fn limited(&mut self, limits: &Limits) {
        self.explanation.ttl = Some(LifeExplained { seconds: None, limited_by: None, limits: limits.into() });
    }

    pub(super) fn lives(&mut self, life: Life) {
        if let Some(ttl) = &mut self.explanation.ttl {
            (ttl.seconds, ttl.limited_by) = (Some(life.seconds), Some(life.limited_by));
        }
    }

    pub(super) fn allowed(&mut self) {
        self.explanation.allowed = true;
    }
}

impl Witness for Story {
    fn saw(&mut self, passed: Passed<'_>) {
        match passed {
            Passed::Rights(authorised) => {
                let steps = [Step::WarehouseIntact, Step::Visible, Step::Access, Step::HostIdentity, Step::Locations];
                steps.into_iter().for_each(|step| self.passed(step));
                self.granted(authorised);
            }
            Passed::Objects => [Step::Method, Step::Object].into_iter().for_each(|step| self.passed(step)),
            Passed::Standing => self.passed(Step::NotRevoked),
            Passed::Vends => self.passed(Step::WarehouseVends),
            Passed::Exclusive => self.passed(Step::LocationExclusive),
            Passed::Loaded(strategy, scoping, limits) => self.loaded(strategy, scoping, limits),
            Passed::Scoped(authorised) => {
                self.passed(Step::Scoping);
                self.granted(authorised);
            }
            Passed::Lives(life) => {
                self.passed(Step::Ttl);
                self.lives(life);
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
            credential: limits.credential,
            signature: limits.signature,
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
