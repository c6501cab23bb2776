//! What the runtime counts, in the form that Prometheus reads. Each label has few values: names
//! of plugins, exports of the contract, and outcomes from a fixed list. No text of a guest is one.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use pangolin_core::strategy::StrategyError;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::guest::Phase;

/// Seconds. A guest computes for microseconds; most of a vend is waiting for a cloud.
const BUCKETS: [f64; 14] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];

/// How a call ends: well, by the guest's own refusal, or by a code of the host.
const OUTCOMES: [&str; 26] = [
    "ok",
    "refused",
    // Another code of the host than those below.
    "plugin-other",
    // The caller did not wait for the end.
    "abandoned",
    "plugin-answer-size",
    "plugin-bad-answer",
    "plugin-busy",
    "plugin-copy-bytes",
    "plugin-cpu-exceeded",
    "plugin-error",
    "plugin-exit",
    "plugin-expired-answer",
    "plugin-handles",
    "plugin-hash-bytes",
    "plugin-host-calls",
    "plugin-longer-life",
    "plugin-memory",
    "plugin-not-granted",
    "plugin-random-bytes",
    "plugin-secret",
    "plugin-slot-refused",
    "plugin-stack",
    "plugin-timeout",
    "plugin-trap",
    "plugin-wider-scope",
    "plugin-wrong-phase",
];
const OK: usize = 0;
const REFUSED: usize = 1;
const OTHER: usize = 2;
const ABANDONED: usize = 3;

/// Exports that are counted.
const EXPORTS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    plugin: String,
    export: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExportLabels {
    plugin: String,
    export: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: &'static str,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Metrics {
    calls: Family<CallLabels, Counter>,
    seconds: Family<ExportLabels, Histogram, fn() -> Histogram>,
    reloads: Family<ReloadLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let reloads = Family::<ReloadLabels, Counter>::default();
        for outcome in ["ok", "failed"] {
            reloads.get_or_create(&ReloadLabels { outcome }).inc_by(0);
        }
        Self { calls: Family::default(), seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)), reloads }
    }
}

impl Metrics {
    /// Puts them where they are read.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "pangolin_plugin_calls",
            "Calls of an export of a plugin, by how they ended",
            self.calls.clone(),
        );
        registry.register(
            "pangolin_plugin_call_duration_seconds",
            "Time of such a call, waiting for a place and for others included",
            self.seconds.clone(),
        );
        registry.register(
            "pangolin_plugin_reloads",
            "Readings of plugin directory and grant file; failed: everything stayed as it was",
            self.reloads.clone(),
        );
    }

    /// The directory was read.
    pub(crate) fn reloaded(&self, well: bool) {
        self.reloads.get_or_create(&ReloadLabels { outcome: if well { "ok" } else { "failed" } }).inc();
    }
}

/// Counts the calls of one plugin. What a call adds to is looked up once: a count costs two looks
/// at the clock and two additions.
#[derive(Debug)]
pub(crate) struct CallMetrics {
    metrics: Arc<Metrics>,
    plugin: String,
    exports: [ExportMetrics; EXPORTS],
}

#[derive(Debug, Default)]
struct ExportMetrics {
    seconds: OnceLock<Histogram>,
    outcomes: [OnceLock<Counter>; OUTCOMES.len()],
}

impl CallMetrics {
    /// For the plugin of this name.
    pub(crate) fn new(metrics: &Arc<Metrics>, plugin: &str) -> Self {
        Self { metrics: Arc::clone(metrics), plugin: plugin.to_owned(), exports: Default::default() }
    }

    /// Runs a call and counts it.
    pub(crate) async fn count<T>(
        &self,
        phase: Phase,
        call: impl Future<Output = Result<T, StrategyError>>,
    ) -> Result<T, StrategyError> {
        let mut running = Running { calls: self, phase, began: Instant::now(), outcome: ABANDONED };
        let result = call.await;
        running.outcome = outcome(result.as_ref().err());
        result
    }

    fn add(&self, phase: Phase, outcome: usize, took: Duration) {
        let Some(export) = self.exports.get(phase as usize) else { return };
        let (Some(counter), Some(name)) = (export.outcomes.get(outcome), OUTCOMES.get(outcome)) else { return };
        let plugin = || self.plugin.clone();
        counter
            .get_or_init(|| {
                let labels = CallLabels { plugin: plugin(), export: phase.name(), outcome: name };
                self.metrics.calls.get_or_create_owned(&labels)
            })
            .inc();
        export
            .seconds
            .get_or_init(|| {
                let labels = ExportLabels { plugin: plugin(), export: phase.name() };
                self.metrics.seconds.get_or_create_owned(&labels)
            })
            .observe(took.as_secs_f64());
    }
}

/// A call that is counted when it ends, also by being dropped.
struct Running<'a> {
    calls: &'a CallMetrics,
    phase: Phase,
    began: Instant,
    outcome: usize,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.calls.add(self.phase, self.outcome, self.began.elapsed());
    }
}

/// Codes that begin with `plugin-` are the host's; all others are words of the guest.
fn outcome(error: Option<&StrategyError>) -> usize {
    let Some(error) = error else { return OK };
    match OUTCOMES.iter().position(|known| *known == error.code) {
        Some(known) if error.code.starts_with("plugin-") => known,
        None if error.code.starts_with("plugin-") => OTHER,
        _ => REFUSED,
    }
}

#[cfg(test)]
mod tests;
