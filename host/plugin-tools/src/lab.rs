//! A component under observation: in the real runtime, with a clock that stands and an upstream
//! that answers by a scenario. What a call did is kept beside what it answered.

mod observed;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ipnet::IpNet;
use pangolin_core::clock::{Clock as _, ManualClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::policy::Authorised;
use pangolin_core::ports::{Strategies as _, StrategyCall, UpkeepCall};
use pangolin_core::strategy::{Description, Minted, StrategyError};
use pangolin_egress::EgressClient;
use url::{Host, Url};

pub(crate) use self::observed::{Observed, was_stopped};
use crate::Context;
use crate::call::{Ask, Maker, NotAsked, Setting};
use crate::loaded::{self, FEW_PLACES, Grants, Loaded, NotLoaded, Opening};
use crate::scenario::Scenario;
use crate::upstream::{Forward, Orders, Reach, Scripted, Witness};

/// A component, and all that it can meet.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) loaded: Loaded,
    pub(crate) upstream: Arc<dyn Witness>,
    pub(crate) clock: Arc<ManualClock>,
    policy: Arc<EgressPolicy>,
}

/// What answers a component.
#[derive(Debug)]
pub(crate) enum Reached {
    /// The scenario, and clouds that are made up.
    Scenario,
    /// The scenario alone: it is a transcript.
    Transcript,
    /// The servers themselves, under this policy; as this machine, if that is said.
    Network { policy: EgressPolicy, identity: bool },
}

impl Lab {
    /// Opens the component with everything granted that it asks for.
    pub(crate) async fn open(
        component: &Path,
        scenario: &Scenario,
        reached: Reached,
        now: UnixMillis,
        context: &Context,
    ) -> Result<Self, NotLoaded> {
        let clock = Arc::new(ManualClock::at(now));
        // Nothing gets out of a scenario.
        let identity =
            matches!(reached, Reached::Scenario | Reached::Transcript | Reached::Network { identity: true, .. });
        let scripted = || Scripted::new(scenario.upstream.clone(), clock.clone(), Reach::Everywhere, 0);
        let (policy, upstream): (_, Arc<dyn Witness>) = match reached {
            Reached::Scenario => (Arc::new(policy_of(scenario)), Arc::new(scripted())),
            Reached::Transcript => (Arc::new(policy_of(scenario)), Arc::new(scripted().alone())),
            Reached::Network { policy, .. } => {
                let policy = Arc::new(policy);
                let client = EgressClient::new(policy.clone()).map_err(anyhow::Error::new)?;
                (policy, Arc::new(Forward::new(client)))
            }
        };
        let egress = EgressClient::answered_by(policy.clone(), upstream.clone()).map_err(anyhow::Error::new)?;
        let opening = Opening {
            component,
            grants: Grants::Everything { identity },
            egress,
            clock: clock.clone(),
            places: FEW_PLACES,
        };
        let loaded = loaded::open(opening, context).await?;
        Ok(Self { loaded, upstream, clock, policy })
    }

    pub(crate) fn description(&self) -> &Description {
        &self.loaded.info.description
    }

    /// Makes warehouses for the component.
    pub(crate) fn maker(&self) -> Maker<'_> {
        Maker { loaded: &self.loaded, policy: &self.policy, now: self.clock.now() }
    }

    /// Runs something of the component, and looks at what it does.
    pub(crate) async fn observe<T>(
        &self,
        request_id: &str,
        orders: Orders,
        run: impl Future<Output = Result<T, StrategyError>>,
    ) -> Observed<T> {
        self.upstream.begin(orders);
        let mark = self.loaded.log.mark();
        let started = Instant::now();
        let result = run.await;
        let elapsed = started.elapsed();
        let lines = self.loaded.log.since(mark);
        Observed::new(result, self.upstream.seen(), lines, request_id, elapsed)
    }

    /// Asks for a credential.
    ///
    /// # Errors
    /// The policy refuses: the component was not asked.
    pub(crate) async fn vend(
        &self,
        setting: &Setting,
        ask: &Ask,
        orders: Orders,
    ) -> Result<Observed<Minted>, NotAsked> {
        let authorised = setting.authorise(ask)?;
        let call = setting.call(ask, &authorised);
        Ok(self.observe(&ask.request_id, orders, self.loaded.runtime.vend(call)).await)
    }
}

impl Setting {
    /// One run of the strategy for what was authorised.
    pub(crate) fn call<'a>(&'a self, ask: &'a Ask, authorised: &'a Authorised) -> StrategyCall<'a> {
        StrategyCall {
            authorised,
            warehouse: &self.warehouse,
            slots: &self.slots,
            ttl_seconds: ask.ttl_seconds,
            request_id: &ask.request_id,
        }
    }

    /// A call of the host about a lease of this warehouse.
    pub(crate) fn upkeep<'a>(&'a self, request_id: &'a str) -> UpkeepCall<'a> {
        UpkeepCall { warehouse: &self.warehouse, slots: &self.slots, request_id }
    }
}

/// The host's usual policy, and the addresses that the scenario itself names: no other is reached.
fn policy_of(scenario: &Scenario) -> EgressPolicy {
    let texts = scenario.config.values().filter_map(serde_json::Value::as_str);
    let urls: Vec<Url> = texts
        .chain(scenario.upstream.iter().map(crate::scenario::Exchange::plain_url))
        .filter_map(|text| Url::parse(text).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .collect();
    let address = |url: &Url| match url.host()? {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain("localhost") => Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
        Host::Domain(_) => None,
    };
    let allowed = urls.iter().filter_map(address).map(IpNet::from).collect();
    EgressPolicy::new(allowed, &[], urls.iter().any(|url| url.scheme() == "http"))
}
