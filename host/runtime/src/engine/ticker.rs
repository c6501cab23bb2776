//! Moves the epoch on, from a thread of its own: a blocked async runtime must not stop the clock
//! that stops guests.

use std::time::Duration;

use wasmtime::Engine;

/// Starts the thread. It ends when the engine is gone.
pub(super) fn start(engine: &Engine, tick: Duration) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("wasm-epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(tick);
        }
    })?;
    Ok(())
}
