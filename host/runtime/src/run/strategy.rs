//! The exports that every strategy has: `describe`, `check-config`, `vend`.

use std::sync::Arc;

use pangolin_core::clock::Clock;
use pangolin_core::ports::StrategyCall;
use pangolin_core::strategy::{ConfigProblem, Minted, StrategyError};
use pangolin_core::warehouse::Warehouse;

use super::{GuestConfig, Sandbox, failure, in_time, request, require_granted, run_in};
use crate::answer;
use crate::bindings::{Exports, strategy};
use crate::call::Call;
use crate::directory::LoadedPlugin;
use crate::dry_run::Notes;
use crate::guest::Phase;
use crate::limits::Limits;

impl Sandbox {
    /// Asks a component what it is; nothing is granted to it. `file` stands for the name that is
    /// not known yet, and the component's runtime sees this `clock`.
    pub(crate) async fn describe(
        &self,
        file: &str,
        linked: &Exports,
        clock: Arc<dyn Clock>,
    ) -> Result<strategy::Description, StrategyError> {
        let limits = Limits::default();
        let _place = in_time(self.places.of_new()).await?;
        let mut store = self.store(Call::ungranted(file, &limits), Phase::Describe, &limits)?;
        store.data_mut().clock = clock;
        run_in(store, linked, &limits, async |store, instance| {
            linked.strategy.load(&mut *store, instance)?.call_describe(store).await
        })
        .await
        .map(|(description, _)| description)
    }

    /// Runs `check-config` over a warehouse's normal form.
    pub(crate) async fn check_config(
        &self,
        plugin: &LoadedPlugin,
        warehouse: &Warehouse,
    ) -> Result<Vec<ConfigProblem>, StrategyError> {
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, warehouse.tenant_id).await?;
        let config = GuestConfig::new(plugin, &warehouse.config);
        let configuration = config.configuration(plugin, |slot| warehouse.secrets.contains_key(slot))?;
        let mut call = Call::ungranted(&plugin.name, limits);
        call.fields = Arc::clone(&plugin.granted.fields);
        let linked = &plugin.component.linked;
        let (answer, _) = self
            .run(linked, call, Phase::CheckConfig, limits, async |store, instance| {
                linked.strategy.load(&mut *store, instance)?.call_check_config(store, &configuration).await
            })
            .await?;
        Ok(answer::problems(answer.err().unwrap_or_default()))
    }

    /// Runs `vend` and checks what it answers.
    pub(crate) async fn vend(&self, plugin: &LoadedPlugin, ask: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        self.vend_noting(plugin, ask, None).await
    }

    /// The same; with `notes` it is a dry run.
    pub(super) async fn vend_noting(
        &self,
        plugin: &LoadedPlugin,
        ask: StrategyCall<'_>,
        notes: Option<Notes>,
    ) -> Result<Minted, StrategyError> {
        require_granted(plugin)?;
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, ask.authorised.tenant_id()).await?;
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let request = request::vend_request(config.configuration(plugin, |slot| ask.slots.contains_key(slot))?, &ask);
        let call = Call { dry_run: notes, ..request::call(plugin, config, &ask) };
        let linked = &plugin.component.linked;
        let (answer, call) = self
            .run(linked, call, Phase::Vend, limits, async |store, instance| {
                linked.strategy.load(&mut *store, instance)?.call_vend(store, &request).await
            })
            .await?;
        let credentials = answer.map_err(|error| failure::of_guest(error, &call))?;
        let terms = answer::Terms {
            description: &plugin.component.description,
            digest: &plugin.component.digest,
            limits,
            scopes: ask.authorised.scopes(),
            access: ask.authorised.access(),
            scoping: plugin.component.description.scoping_for(&ask.warehouse.config),
            leases: linked.leases.is_some(),
            ttl_seconds: ask.ttl_seconds,
            now: self.clock.now(),
        };
        answer::check(&terms, call, credentials)
    }
}
