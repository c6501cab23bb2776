//! What one vend takes of its bounds.

use pangolin_runtime::Limits;

use super::suite::Suite;

const GROUP: &str = "bounds";

/// A share from which a bound is near.
const NEAR_PERCENT: u64 = 80;

pub(super) fn run(suite: &mut Suite<'_>) {
    let Some(happy) = &suite.happy else {
        suite.report.not_covered(GROUP, "memory", "nothing was minted");
        return;
    };
    let limits = Limits::default();
    let elapsed = happy.observed.elapsed;
    let (usage, calls) = (happy.observed.usage, happy.observed.seen.len());
    match usage {
        Some(usage) => {
            let most = u64::try_from(limits.memory_bytes).unwrap_or(u64::MAX);
            let shown = format!("{:.1} MiB of {} MiB", mib(usage.memory_bytes), most >> 20);
            suite.report.pass_with(GROUP, "memory", near(usage.memory_bytes, most, shown, "memory_bytes"));
            let shown = format!("{} of {}", usage.host_calls, limits.host_calls);
            let most = u64::from(limits.host_calls);
            suite.report.pass_with(GROUP, "host-calls", near(usage.host_calls, most, shown, "host_calls"));
        }
        None => suite.report.not_covered(GROUP, "memory", "the runtime did not say"),
    }
    let (calls, most) = (u64::try_from(calls).unwrap_or(u64::MAX), u64::from(limits.http_calls));
    suite.report.pass_with(GROUP, "requests", near(calls, most, format!("{calls} of {most}"), "http_calls"));
    let (spent, most) = (u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), limits.cpu_ms);
    let build = if cfg!(debug_assertions) { ", in a debug build of the host" } else { "" };
    let shown = format!("{:.2} ms of {most} ms, the upstream's time included{build}", elapsed.as_secs_f64() * 1_000.0);
    suite.report.pass_with(GROUP, "time", near(spent, most, shown, "cpu_ms"));
}

#[expect(clippy::cast_precision_loss, reason = "a figure with one digit after the point")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn near(used: u64, most: u64, shown: String, setting: &str) -> String {
    if used.saturating_mul(100) >= most.saturating_mul(NEAR_PERCENT) {
        format!("{shown}: near the bound; the operator can raise {setting} in the grant file")
    } else {
        shown
    }
}
