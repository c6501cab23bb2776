//! `clock`: the host's clock.

use crate::bindings::clock;
use crate::guest::Guest;

impl clock::Host for Guest {
    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.enter()?;
        self.not_in_describe("clock.now-ms")?;
        Ok(u64::try_from(self.clock.now().0).unwrap_or(0))
    }
}
