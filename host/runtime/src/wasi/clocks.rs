//! `wasi:clocks`: the host's clock, and time since the guest first looked.
//!
//! Unlike `pangolin:vending/clock`, they answer in `describe` too: runtimes look at them before the
//! author's code runs. What `describe` answers may not depend on them; the host asks twice.

use std::time::{Duration, Instant};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};

use super::io::Wake;
use crate::guest::Guest;

/// Grain of monotonic time. Finer is of use to who reads a processor's caches, not to a strategy.
const GRAIN: Duration = Duration::from_micros(100);

impl wall_clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        self.enter()?;
        let now = Duration::from_millis(u64::try_from(self.clock.now().0).unwrap_or(0));
        Ok(Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() })
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        self.enter()?;
        Ok(Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

impl monotonic_clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.enter()?;
        Ok(self.elapsed())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.enter()?;
        Ok(nanoseconds(GRAIN))
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.enter()?;
        let left = when.saturating_sub(self.elapsed());
        self.wake(Wake::after(Duration::from_nanos(left)))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.enter()?;
        self.wake(Wake::after(Duration::from_nanos(duration)))
    }
}

impl Guest {
    /// Nanoseconds since the first look, in whole grains.
    fn elapsed(&mut self) -> u64 {
        let elapsed = nanoseconds(self.wasi.started.get_or_insert_with(Instant::now).elapsed());
        elapsed - elapsed % nanoseconds(GRAIN)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
