//! One call of a guest: a place, a fresh instance, its bounds, the call, the end of the store.

mod failure;
mod request;

use std::sync::Arc;
use std::time::Duration;

use pangolin_core::clock::Clock;
use pangolin_core::ports::StrategyCall;
use pangolin_core::strategy::{ConfigProblem, Minted, StrategyError, StrategyErrorKind};
use pangolin_core::warehouse::Warehouse;
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};

pub(crate) use self::request::GuestConfig;
use crate::answer;
use crate::bindings::{Plugin, PluginPre, strategy};
use crate::call::Call;
use crate::directory::LoadedPlugin;
use crate::engine::{self, EngineError};
use crate::guest::{Guest, Phase};
use crate::host::Services;
use crate::limits::Limits;
use crate::stop::Stop;

/// How long a call waits for a place before it is told to come back.
const PLACE_WAIT: Duration = Duration::from_secs(2);

/// Handles of resources that one guest may hold. Our world has no resource; a component's own
/// ones take memory of the host.
const MAX_HANDLES: usize = 256;

/// The engine, the linked imports, and the places.
pub(crate) struct Sandbox {
    pub(crate) engine: Engine,
    linker: Linker<Guest>,
    services: Arc<Services>,
    clock: Arc<dyn Clock>,
    places: Semaphore,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox for at most `places` calls at a time.
    pub(crate) fn new(places: u32, services: Services, clock: Arc<dyn Clock>) -> Result<Self, EngineError> {
        let engine = engine::build(places)?;
        let mut linker = Linker::new(&engine);
        Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest: &mut Guest| guest).map_err(EngineError::Engine)?;
        let places = Semaphore::new(usize::try_from(places).unwrap_or(usize::MAX));
        Ok(Self { engine, linker, services: Arc::new(services), clock, places })
    }

    /// Links the component's imports, once for all its calls.
    pub(crate) fn prepare(&self, component: &Component) -> wasmtime::Result<PluginPre<Guest>> {
        PluginPre::new(self.linker.instantiate_pre(component)?)
    }

    /// Asks a component what it is; nothing is granted to it. `file` stands for the name that is
    /// not known yet.
    pub(crate) async fn describe(
        &self,
        file: &str,
        pre: &PluginPre<Guest>,
    ) -> Result<strategy::Description, StrategyError> {
        let limits = Limits::default();
        let _place = place(&self.places).await?;
        let mut store = self.store(Call::ungranted(file, &limits), Phase::Describe, &limits)?;
        let outcome = tokio::time::timeout(limits.wall(), async {
            let instance = pre.instantiate_async(&mut store).await?;
            instance.pangolin_vending_strategy().call_describe(&mut store).await
        })
        .await;
        finish(store, outcome, &limits).map(|(description, _)| description)
    }

    /// Runs `check-config` over a warehouse's normal form.
    pub(crate) async fn check_config(
        &self,
        plugin: &LoadedPlugin,
        warehouse: &Warehouse,
    ) -> Result<Vec<ConfigProblem>, StrategyError> {
        let limits = &plugin.granted.limits;
        let _places = (place(&plugin.places).await?, place(&self.places).await?);
        let config = GuestConfig::new(plugin, &warehouse.config);
        let configuration = config.configuration(plugin, |slot| warehouse.secrets.contains_key(slot))?;
        let mut call = Call::ungranted(&plugin.name, limits);
        call.fields = Arc::clone(&plugin.granted.fields);
        let mut store = self.store(call, Phase::CheckConfig, limits)?;
        let outcome = tokio::time::timeout(limits.wall(), async {
            let instance = plugin.component.pre.instantiate_async(&mut store).await?;
            instance.pangolin_vending_strategy().call_check_config(&mut store, &configuration).await
        })
        .await;
        let (answer, _) = finish(store, outcome, limits)?;
        Ok(answer::problems(answer.err().unwrap_or_default()))
    }

    /// Runs `vend` and checks what it answers.
    pub(crate) async fn vend(&self, plugin: &LoadedPlugin, ask: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        if !plugin.granted.given {
            return Err(StrategyError::new(
                StrategyErrorKind::Denied,
                "plugin-not-granted",
                format!(
                    "the plugin '{}' is loaded but nothing is granted to it: the operator must add it to the grant \
                     file (PANGOLIN_PLUGIN_GRANTS); the host's log shows the lines",
                    plugin.name
                ),
            ));
        }
        let limits = &plugin.granted.limits;
        let _places = (place(&plugin.places).await?, place(&self.places).await?);
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let configuration = config.configuration(plugin, |slot| ask.slots.contains_key(slot))?;
        let request = request::vend_request(configuration, &ask);
        let call = request::call(plugin, config, &ask);
        let mut store = self.store(call, Phase::Vend, limits)?;
        let outcome = tokio::time::timeout(limits.wall(), async {
            let instance = plugin.component.pre.instantiate_async(&mut store).await?;
            instance.pangolin_vending_strategy().call_vend(&mut store, &request).await
        })
        .await;
        let (answer, call) = finish(store, outcome, limits)?;
        let credentials = answer.map_err(|error| failure::of_guest(error, &call))?;
        let terms = answer::Terms {
            description: &plugin.component.description,
            digest: &plugin.component.digest,
            limits,
            scopes: ask.authorised.scopes(),
            access: ask.authorised.access(),
            ttl_seconds: ask.ttl_seconds,
            now: self.clock.now(),
        };
        answer::check(&terms, call, credentials)
    }

    /// A fresh store with every bound set.
    fn store(&self, call: Call, phase: Phase, limits: &Limits) -> Result<Store<Guest>, StrategyError> {
        let guest = Guest::new(call, phase, limits, Arc::clone(&self.services), Arc::clone(&self.clock));
        let mut store = Store::try_new(&self.engine, guest).map_err(|error| failure::of_trap(&error, limits))?;
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(limits.copy_bytes);
        store.set_max_component_handles(MAX_HANDLES);
        let (mut ticks, cpu_ms) = (limits.cpu_ticks(), limits.cpu_ms);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            ticks = ticks.checked_sub(1).ok_or(Stop::Cpu(cpu_ms))?;
            // Others run between two ticks of this guest.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        Ok(store)
    }
}

/// Ends the store at once, and names what went wrong.
fn finish<T>(
    store: Store<Guest>,
    outcome: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
    limits: &Limits,
) -> Result<(T, Call), StrategyError> {
    let Guest { call, phase, .. } = store.into_data();
    match outcome {
        Ok(Ok(answer)) => Ok((answer, call)),
        Ok(Err(error)) => {
            failure::log(&call, phase, &error);
            Err(failure::of_trap(&error, limits))
        }
        Err(_elapsed) => {
            tracing::warn!(
                target: "plugin",
                plugin = %call.plugin,
                request_id = %call.request_id,
                export = phase.name(),
                wall_ms = limits.wall_ms,
                "stopped: wall time"
            );
            Err(failure::timeout(limits))
        }
    }
}

/// A place, or the answer to come back later.
async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, StrategyError> {
    if let Ok(permit) = places.try_acquire() {
        return Ok(permit);
    }
    match tokio::time::timeout(PLACE_WAIT, places.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(failure::busy()),
    }
}
