//! What the groups of checks share: the component, its warehouse, and what was seen of it so far.

use pangolin_core::access::Access;
use pangolin_core::strategy::{Description, Minted, Scoping, StrategyError};
use uuid::Uuid;

use super::hidden::Watch;
use super::report::Report;
use crate::call::{Ask, NotAsked, Setting};
use crate::lab::{Lab, Observed};
use crate::upstream::Orders;

/// A life that most strategies can mint.
const USUAL_SECONDS: u32 = 900;

/// One run of the suite.
pub(super) struct Suite<'a> {
    pub(super) lab: &'a Lab,
    pub(super) setting: &'a Setting,
    /// As the scenario says it.
    pub(super) base: String,
    pub(super) report: Report,
    /// Looks for secrets in all that the component does.
    pub(super) watch: Watch,
    /// Whether an answer of the upstream said when something ends.
    pub(super) says_expiry: bool,
    /// A vend that works, if there is one.
    pub(super) happy: Option<Happy>,
    /// In the name of the table, so that it is found in what is sent.
    marker: String,
}

/// A vend that works.
pub(super) struct Happy {
    pub(super) access: Access,
    pub(super) observed: Observed<Minted>,
}

impl<'a> Suite<'a> {
    pub(super) fn new(lab: &'a Lab, setting: &'a Setting, base: Option<&str>, report: Report) -> Self {
        let marker: String = Uuid::new_v4().simple().to_string().chars().take(10).collect();
        Self {
            lab,
            setting,
            base: base.unwrap_or(setting.warehouse.base.as_str()).to_owned(),
            report,
            watch: Watch::new(lab.description(), setting),
            says_expiry: false,
            happy: None,
            marker,
        }
    }

    pub(super) fn description(&self) -> &'a Description {
        self.lab.description()
    }

    pub(super) fn scoping(&self) -> Scoping {
        self.setting.scoping(self.description())
    }

    /// A life that the strategy can mint.
    pub(super) fn usual_ttl(&self) -> u32 {
        let description = self.description();
        let most = description.max_ttl_seconds.unwrap_or(u32::MAX);
        USUAL_SECONDS.min(most).max(description.min_ttl_seconds.unwrap_or(0))
    }

    /// The table's directory below the warehouse.
    pub(super) fn table(&self, name: &str) -> String {
        format!("sales/{name}_{}", self.marker)
    }

    /// An ordinary question.
    pub(super) fn ask(&self, access: Access) -> Ask {
        Ask {
            table: self.table("orders"),
            more: Vec::new(),
            access,
            ttl_seconds: self.usual_ttl(),
            principal: "ada".to_owned(),
            request_id: Uuid::new_v4().to_string(),
        }
    }

    /// The upstream does what it should.
    pub(super) fn orders(&self, ask: &Ask) -> Orders {
        Orders { ttl_seconds: ask.ttl_seconds, fault: None, gone: false }
    }

    /// Asks, and looks for secrets in what happens.
    pub(super) async fn vend(&mut self, ask: &Ask) -> Result<Observed<Minted>, NotAsked> {
        let orders = self.orders(ask);
        self.vend_with(self.setting, ask, orders).await
    }

    pub(super) async fn vend_with(
        &mut self,
        setting: &Setting,
        ask: &Ask,
        orders: Orders,
    ) -> Result<Observed<Minted>, NotAsked> {
        let observed = self.lab.vend(setting, ask, orders).await?;
        self.watch.look_at(&observed);
        self.says_expiry |= observed.seen.iter().any(|seen| seen.says_expiry);
        if let Ok(minted) = &observed.result {
            self.watch.look_at_minted(minted, &observed.lines);
        }
        Ok(observed)
    }
}

/// An error as reasons show it.
pub(super) fn told(error: &StrategyError) -> String {
    format!("{:?}, {}: {}", error.kind, error.code, error.message)
}

/// An error of which the scenario may be the cause.
pub(super) fn told_with<T>(error: &StrategyError, observed: &Observed<T>) -> String {
    match observed.unanswered().first() {
        Some(request) => {
            format!("the scenario has no answer for {request}: add an [[upstream]] entry ({})", told(error))
        }
        None => told(error),
    }
}
