//! What one call of a guest may use. Every bound has a default and can be set per plugin in the
//! grant file.

mod memory;

use std::time::Duration;

use serde::Deserialize;

pub(crate) use self::memory::MemoryMeter;
use crate::engine::{MAX_MEMORY_BYTES, TICK};

/// Bounds of one call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of all linear memories and tables together. A Rust guest starts with 1.1 MiB.
    pub memory_bytes: usize,
    /// Time that the guest itself may compute, in milliseconds, counted in ticks of 5 ms. A vend
    /// takes microseconds; what a tick counts includes the time the thread was descheduled.
    pub cpu_ms: u64,
    /// Time from start to answer, waiting for clouds included, in milliseconds.
    pub wall_ms: u64,
    /// Calls of any host function.
    pub host_calls: u32,
    /// Requests through `http`, and those that `sts`, `azure` and `gcp` may send for it.
    pub http_calls: u32,
    /// Bytes of requests and replies of `http`, together.
    pub http_bytes: u64,
    /// Bytes that `crypto` hashes, in all calls together.
    pub hash_bytes: u64,
    /// Bytes that one call of a host function, or the answer, may copy into the host.
    pub copy_bytes: usize,
    /// Lines of log.
    pub log_lines: u32,
    /// Bytes of log.
    pub log_bytes: u32,
    /// Credentials in one answer.
    pub answer_credentials: usize,
    /// Bytes of all prefixes, names and values of one answer.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            cpu_ms: 500,
            wall_ms: 20_000,
            host_calls: 1_000,
            http_calls: 16,
            http_bytes: 4 << 20,
            hash_bytes: 16 << 20,
            copy_bytes: 2 << 20,
            log_lines: 64,
            log_bytes: 32 << 10,
            answer_credentials: 16,
            answer_bytes: 64 << 10,
        }
    }
}

/// A bound that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit '{name}' must lie between 1 and {most}, not {given}")]
pub struct LimitOutOfRange {
    name: &'static str,
    most: u64,
    given: u64,
}

impl Limits {
    /// Refuses bounds that the engine could not keep, or that would switch a bound off.
    pub(crate) fn check(&self) -> Result<(), LimitOutOfRange> {
        const HOUR_MS: u64 = 3_600_000;
        const GIB: u64 = 1 << 30;
        let rows = [
            ("memory_bytes", MAX_MEMORY_BYTES as u64, self.memory_bytes as u64),
            ("cpu_ms", 60_000, self.cpu_ms),
            ("wall_ms", HOUR_MS, self.wall_ms),
            ("host_calls", 1_000_000, u64::from(self.host_calls)),
            ("http_calls", 10_000, u64::from(self.http_calls)),
            ("http_bytes", GIB, self.http_bytes),
            ("hash_bytes", GIB, self.hash_bytes),
            ("copy_bytes", GIB, self.copy_bytes as u64),
            ("log_lines", 100_000, u64::from(self.log_lines)),
            ("log_bytes", 64 << 20, u64::from(self.log_bytes)),
            ("answer_credentials", 1_000, self.answer_credentials as u64),
            ("answer_bytes", 16 << 20, self.answer_bytes as u64),
        ];
        for (name, most, given) in rows {
            if given == 0 || given > most {
                return Err(LimitOutOfRange { name, most, given });
            }
        }
        Ok(())
    }

    /// CPU time in ticks of the epoch, at least one.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        self.cpu_ms.div_ceil(u64::try_from(TICK.as_millis()).unwrap_or(1).max(1)).max(1)
    }

    /// Time from start to answer.
    pub(crate) fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }

    /// Time from start to the end of any service: a little less, so that the guest can still say
    /// which of them was slow.
    pub(crate) fn services_wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms - (self.wall_ms / 10).min(500))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn a_bound_cannot_be_switched_off_or_exceed_the_engine() {
        let none = Limits { cpu_ms: 0, ..Limits::default() };
        assert_eq!(none.check(), Err(LimitOutOfRange { name: "cpu_ms", most: 60_000, given: 0 }));
        let huge = Limits { memory_bytes: MAX_MEMORY_BYTES + 1, ..Limits::default() };
        assert!(huge.check().is_err());
    }

    #[test]
    fn a_bound_below_one_tick_is_one_tick() {
        assert_eq!(Limits { cpu_ms: 1, ..Limits::default() }.cpu_ticks(), 1);
        assert_eq!(Limits { cpu_ms: 11, ..Limits::default() }.cpu_ticks(), 3);
    }
}
