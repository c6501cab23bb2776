//! One call of a guest: a place, a fresh instance, its bounds, the call, the end of the store.

mod explain;
mod failure;
mod leases;
mod presign;
mod request;
mod strategy;

use std::sync::Arc;
use std::time::Duration;

use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::id::TenantId;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use tokio::sync::{OwnedSemaphorePermit, SemaphorePermit};
use wasmtime::component::{Component, HasSelf, Instance, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};

pub(crate) use self::request::GuestConfig;
use crate::bindings::{Everything, Exports};
use crate::call::Call;
use crate::directory::LoadedPlugin;
use crate::engine::{self, EngineError};
use crate::guest::{Guest, Phase};
use crate::host::Services;
use crate::limits::Limits;
use crate::places::{HostPlaces, Place};
use crate::stop::Stop;
use crate::wasi;

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
    places: HostPlaces,
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
        Everything::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest: &mut Guest| guest)
            .map_err(EngineError::Engine)?;
        wasi::add_to_linker(&mut linker).map_err(EngineError::Engine)?;
        let places = HostPlaces::new(places);
        Ok(Self { engine, linker, services: Arc::new(services), clock, places })
    }

    /// The host's time.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Links the component's imports and finds its exports, once for all its calls.
    pub(crate) fn prepare(&self, component: &Component) -> wasmtime::Result<Exports> {
        Exports::new(self.linker.instantiate_pre(component)?)
    }

    /// Runs one export in a fresh instance, in its bounds. What it answers comes back with the
    /// call as it is then.
    async fn run<T>(
        &self,
        linked: &Exports,
        call: Call,
        phase: Phase,
        limits: &Limits,
        export: impl AsyncFnOnce(&mut Store<Guest>, &Instance) -> wasmtime::Result<T>,
    ) -> Result<(T, Call), StrategyError> {
        run_in(self.store(call, phase, limits)?, linked, limits, export).await
    }

    /// A place of the tenant, one of the plugin and one of the host.
    async fn places<'a>(
        &'a self,
        plugin: &'a LoadedPlugin,
        tenant: TenantId,
    ) -> Result<(OwnedSemaphorePermit, SemaphorePermit<'a>, Place<'a>), StrategyError> {
        let own = in_time(async { plugin.places.of_tenant(tenant).await.ok_or(()) }).await?;
        let of_plugin = in_time(plugin.places.all.acquire()).await?;
        Ok((own, of_plugin, in_time(self.places.of(&plugin.places)).await?))
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

/// Refuses a plugin that may do nothing.
fn require_granted(plugin: &LoadedPlugin) -> Result<(), StrategyError> {
    if plugin.granted.given {
        return Ok(());
    }
    Err(StrategyError::new(
        StrategyErrorKind::Denied,
        "plugin-not-granted",
        format!(
            "the plugin '{}' is loaded but nothing is granted to it: the operator must add to the grant file \
             (PANGOLIN_PLUGIN_GRANTS)\n{}",
            plugin.name,
            plugin.granted.missing.trim_end()
        ),
    ))
}

/// Runs one export in a fresh instance of this store.
async fn run_in<T>(
    mut store: Store<Guest>,
    linked: &Exports,
    limits: &Limits,
    export: impl AsyncFnOnce(&mut Store<Guest>, &Instance) -> wasmtime::Result<T>,
) -> Result<(T, Call), StrategyError> {
    let outcome = tokio::time::timeout(limits.wall(), async {
        let instance = linked.pre.instantiate_async(&mut store).await?;
        export(&mut store, &instance).await
    })
    .await;
    finish(store, outcome, limits)
}

/// Ends the store at once, and names what went wrong.
fn finish<T>(
    store: Store<Guest>,
    outcome: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
    limits: &Limits,
) -> Result<(T, Call), StrategyError> {
    let mut guest = store.into_data();
    guest.end_output();
    // What it took of its bounds, for whoever tries a plugin.
    tracing::debug!(
        target: "plugin.usage",
        request_id = %guest.call.request_id,
        export = guest.phase.name(),
        memory_bytes = guest.memory.used(),
        host_calls = guest.host_calls(),
    );
    let Guest { call, phase, .. } = guest;
    match outcome {
        Ok(Ok(answer)) => Ok((answer, call)),
        Ok(Err(error)) => {
            if !matches!(error.downcast_ref(), Some(Stop::DryRun)) {
                failure::log(&call, phase, &error);
            }
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
async fn in_time<T, E>(place: impl Future<Output = Result<T, E>>) -> Result<T, StrategyError> {
    match tokio::time::timeout(PLACE_WAIT, place).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(failure::busy()),
    }
}
