//! What the store of one call holds: the call, what is left of its bounds, and the services.

use std::sync::Arc;

use pangolin_core::clock::Clock;

use crate::call::Call;
use crate::host::Services;
use crate::limits::{Limits, MemoryMeter};
use crate::stop::Stop;
use crate::wasi::Wasi;

/// Which export runs. `describe` must answer the same every time and gets nothing but `log` and what
/// a language's runtime looks at before (clocks and chance of WASI; it may not wait);
/// `check-config` and `claim` talk to nobody; upkeep of leases mints nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Describe,
    CheckConfig,
    Vend,
    Presign,
    Claim,
    Survey,
    Revoke,
    Recover,
}

impl Phase {
    /// The export's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::CheckConfig => "check-config",
            Self::Vend => "vend",
            Self::Presign => "presign",
            Self::Claim => "claim",
            Self::Survey => "survey",
            Self::Revoke => "revoke",
            Self::Recover => "recover",
        }
    }

    /// Whether services that mint and sign may be used.
    pub(crate) fn mints(self) -> bool {
        matches!(self, Self::Vend | Self::Presign)
    }

    /// Whether requests may be sent.
    pub(crate) fn talks(self) -> bool {
        matches!(self, Self::Vend | Self::Presign | Self::Survey | Self::Revoke | Self::Recover)
    }
}

/// The data of one store.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) call: Call,
    pub(crate) phase: Phase,
    pub(crate) memory: MemoryMeter,
    pub(crate) left: Left,
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wasi: Wasi,
}

/// What is left of the bounds that host functions count.
#[derive(Debug)]
pub(crate) struct Left {
    host_calls: u32,
    host_calls_limit: u32,
    hash_bytes: u64,
    hash_bytes_limit: u64,
    pub(crate) log_lines: u32,
    pub(crate) log_bytes: u32,
}

impl Guest {
    pub(crate) fn new(
        call: Call,
        phase: Phase,
        limits: &Limits,
        services: Arc<Services>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            call,
            phase,
            memory: MemoryMeter::new(limits.memory_bytes),
            left: Left {
                host_calls: limits.host_calls,
                host_calls_limit: limits.host_calls,
                hash_bytes: limits.hash_bytes,
                hash_bytes_limit: limits.hash_bytes,
                log_lines: limits.log_lines,
                log_bytes: limits.log_bytes,
            },
            services,
            clock,
            wasi: Wasi::default(),
        }
    }

    /// Counts one call of a host function. Every host function begins with it.
    pub(crate) fn enter(&mut self) -> Result<(), Stop> {
        self.left.host_calls =
            self.left.host_calls.checked_sub(1).ok_or(Stop::HostCalls(self.left.host_calls_limit))?;
        Ok(())
    }

    /// How many host functions were called.
    pub(crate) fn host_calls(&self) -> u32 {
        self.left.host_calls_limit - self.left.host_calls
    }

    /// Stops a guest that calls `import` from `describe`.
    pub(crate) fn not_in_describe(&self, import: &'static str) -> Result<(), Stop> {
        if self.phase == Phase::Describe { Err(Stop::Phase { import, phase: self.phase.name() }) } else { Ok(()) }
    }

    /// Counts bytes that the host hashes for the guest.
    pub(crate) fn charge_hash(&mut self, bytes: usize) -> Result<(), Stop> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left.hash_bytes =
            self.left.hash_bytes.checked_sub(bytes).ok_or(Stop::HashBytes(self.left.hash_bytes_limit))?;
        Ok(())
    }
}
