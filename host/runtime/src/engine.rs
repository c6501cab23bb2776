//! The one engine of a runtime, with a reason for each knob.

mod ticker;

use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy};

/// Length of an epoch: the grain of CPU bounds.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// The most that `memory_bytes` of a plugin can be set to.
pub(crate) const MAX_MEMORY_BYTES: usize = 256 << 20;

/// Memories of one component. A JavaScript runtime has three, a Python runtime one.
const MEMORIES_PER_COMPONENT: u32 = 4;

/// Tables of one component, those of adapters included. Runtimes have two or three.
const TABLES_PER_COMPONENT: u32 = 8;

/// Core instances of one component. A Python runtime needs more than 31, and one for each native
/// module of its libraries.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;

/// Elements of one table. A Python runtime has 5,700.
const TABLE_ELEMENTS: usize = 20_000;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine refused its settings.
    #[error("the Wasm engine does not start: {0:#}")]
    Engine(wasmtime::Error),
    /// No thread for the epoch.
    #[error("no thread for the clock of the Wasm engine")]
    Ticker(#[source] std::io::Error),
}

/// Builds the engine for at most `places` calls at a time and starts its ticker.
///
/// Slots are reserved ahead where the address space allows it; where it does not (a container
/// with an address space limit), instances are allocated on demand, which is slower.
pub(crate) fn build(places: u32) -> Result<Engine, EngineError> {
    let engine = match Engine::new(config().allocation_strategy(pool(places))) {
        Ok(engine) => engine,
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "no address space for the instance pool, instances are allocated on demand: raise `ulimit -v`"
            );
            // Small reservations, with explicit bounds checks, fit where 4 GiB a memory do not.
            let mut config = config();
            config
                .allocation_strategy(InstanceAllocationStrategy::OnDemand)
                .memory_reservation(MAX_MEMORY_BYTES as u64)
                .memory_reservation_for_growth(0);
            Engine::new(&config).map_err(EngineError::Engine)?
        }
    };
    ticker::start(&engine, TICK).map_err(EngineError::Ticker)?;
    Ok(engine)
}

fn config() -> Config {
    let mut config = Config::new();
    config
        // Cranelift only: Winch had sandbox escapes.
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // Bounds CPU; two to three times cheaper than fuel.
        .epoch_interruption(true)
        .wasm_component_model(true)
        // Per-store state of async components, which we do not accept.
        .concurrency_support(false)
        // Adapters between composed components need it: without it they panic the compiler.
        .wasm_multi_memory(true)
        // Proposals that no guest of ours needs are attack surface.
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_stack_switching(false)
        // A fresh instance maps its memory instead of copying it.
        .memory_init_cow(true)
        // Guards, images of memories (16 MiB without a look at how dense they are: a Python runtime
        // starts with 13) and trap handlers stay at their defaults, which are what is tested most.
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20);
    config
}

/// Room for the largest component that is accepted in every place: who has a place has room, whatever
/// runs beside it. What is reserved is address space, 4 GiB for a memory.
fn pool(places: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(places)
        .total_core_instances(places.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .total_memories(places.saturating_mul(MEMORIES_PER_COMPONENT))
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_memories_per_module(MEMORIES_PER_COMPONENT)
        .total_tables(places.saturating_mul(TABLES_PER_COMPONENT))
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_tables_per_module(TABLES_PER_COMPONENT)
        .table_elements(TABLE_ELEMENTS)
        .total_stacks(places)
        .max_memory_size(MAX_MEMORY_BYTES)
        // Pages that stay with the slot spare a page fault each; measured at 28 µs for a Rust
        // guest, against 32 µs without.
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(1 << 20)
        // Resets only pages that were touched, where the kernel (6.7) can say which.
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(places);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_of_a_host_fits_into_the_address_space() {
        Engine::new(config().allocation_strategy(pool(crate::DEFAULT_PLACES))).unwrap();
    }
}
