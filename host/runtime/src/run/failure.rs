//! What stopped a guest, as an error that says which bound it was and its value.

use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::bindings::types::{ErrorKind, VendError};
use crate::call::Call;
use crate::guest::Phase;
use crate::limits::Limits;
use crate::stop::Stop;
use crate::text;

/// Milliseconds after which a caller without a place tries again.
const BUSY_RETRY_MS: u32 = 1_000;

/// Characters of a guest's message (the contract's number).
const MESSAGE_LIMIT: usize = 2_000;

fn plugin(code: &str, message: impl Into<String>) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Plugin, code, message)
}

pub(super) fn timeout(limits: &Limits) -> StrategyError {
    plugin(
        "plugin-timeout",
        format!(
            "the plugin was stopped: no answer within {} ms, waiting for others included (wall_ms)",
            limits.wall_ms
        ),
    )
}

pub(super) fn busy() -> StrategyError {
    StrategyError {
        retry_after_ms: Some(BUSY_RETRY_MS),
        ..StrategyError::new(StrategyErrorKind::NotReady, "plugin-busy", "all places for plugins are taken, try again")
    }
}

/// Whether there was merely no place.
pub(super) fn is_busy(error: &StrategyError) -> bool {
    error.code == "plugin-busy"
}

/// The error of a call that did not come back with an answer.
pub(super) fn of_trap(error: &wasmtime::Error, limits: &Limits) -> StrategyError {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        let (code, setting) = match stop {
            Stop::Memory(_) => ("plugin-memory", " (memory_bytes)"),
            Stop::Cpu(_) => ("plugin-cpu-exceeded", " (cpu_ms)"),
            Stop::HostCalls(_) => ("plugin-host-calls", " (host_calls)"),
            Stop::HashBytes(_) => ("plugin-hash-bytes", " (hash_bytes)"),
            Stop::RandomBytes(_) | Stop::WasiRandomBytes(_) => ("plugin-random-bytes", ""),
            Stop::Handles(_) => ("plugin-handles", ""),
            Stop::Exit(_) => ("plugin-exit", "; the host's log has what it wrote"),
            Stop::Secret => ("plugin-secret", ""),
            Stop::DryRun => ("dry-run", ""),
            Stop::Phase { .. } => ("plugin-wrong-phase", ""),
        };
        return plugin(code, format!("the plugin was stopped: {stop}{setting}"));
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return busy();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => plugin("plugin-stack", "the plugin was stopped: more than 524288 bytes of stack"),
        Some(trap) => plugin("plugin-trap", format!("the plugin failed: {trap}; the host's log says where")),
        None if format!("{error:#}").contains("fuel allocated for hostcalls") => plugin(
            "plugin-copy-bytes",
            format!(
                "the plugin was stopped: more than {} bytes in one answer or one call of the host (copy_bytes)",
                limits.copy_bytes
            ),
        ),
        None if format!("{error:#}").contains("handle limit exceeded") => {
            plugin("plugin-handles", "the plugin was stopped: too many handles of resources at a time")
        }
        // Neither the guest's own trap nor one of our bounds: what it handed over has no valid form.
        None => plugin(
            "plugin-bad-answer",
            format!("the plugin broke the contract: {}", text::printable(&error.root_cause().to_string(), 200)),
        ),
    }
}

/// The whole story, for the operator only.
pub(super) fn log(call: &Call, phase: Phase, error: &wasmtime::Error) {
    tracing::warn!(
        target: "plugin",
        plugin = %call.plugin,
        request_id = %call.request_id,
        export = phase.name(),
        error = text::printable(&text::masked(&format!("{error:?}"), call), 4_000),
        "stopped"
    );
}

/// The guest's own refusal, its text made fit for people.
pub(super) fn of_guest(error: VendError, call: &Call) -> StrategyError {
    let kind = match error.kind {
        ErrorKind::InvalidConfig => StrategyErrorKind::InvalidConfig,
        ErrorKind::Denied => StrategyErrorKind::Denied,
        ErrorKind::Unsupported => StrategyErrorKind::Unsupported,
        ErrorKind::Upstream => StrategyErrorKind::Upstream,
        ErrorKind::Throttled => StrategyErrorKind::Throttled,
        ErrorKind::Exhausted => StrategyErrorKind::Exhausted,
        ErrorKind::Unavailable => StrategyErrorKind::Unavailable,
        ErrorKind::Internal => StrategyErrorKind::Plugin,
    };
    // Codes that begin so are the host's own: who reads metrics and logs goes by them.
    let is_code = !error.code.starts_with("plugin-")
        && (1..=64).contains(&error.code.len())
        && error.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    StrategyError {
        kind,
        code: if is_code && text::masked(&error.code, call) == error.code {
            error.code
        } else {
            "plugin-error".to_owned()
        },
        message: text::printable(&text::masked(&error.message, call), MESSAGE_LIMIT),
        retry_after_ms: error.retry_after_ms,
    }
}
