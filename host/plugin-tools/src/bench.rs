//! `pangolin plugin bench`: what a component costs, without a network.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use pangolin_core::access::Access;
use pangolin_core::clock::{Clock as _, SystemClock, UnixMillis};
use pangolin_core::ports::Strategies as _;
use pangolin_runtime::Limits;
use serde_json::json;
use uuid::Uuid;

use crate::Context;
use crate::call::Ask;
use crate::lab::{Lab, Reached};
use crate::scenario::Scenario;
use crate::upstream::Orders;

/// Calls before the first that counts.
const WARM_UP: u32 = 50;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The component.
    component: PathBuf,
    /// Configuration and answers; default: scenario.toml beside the component, or in this folder.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Calls that are measured.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    runs: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The middle of many runs, and the one that is slower than 99 of 100.
#[derive(Debug, Clone, Copy)]
struct Spread {
    p50: Duration,
    p99: Duration,
}

impl Spread {
    fn of(mut runs: Vec<Duration>) -> Self {
        runs.sort_unstable();
        let at = |percent: usize| runs.get((runs.len() * percent / 100).min(runs.len().saturating_sub(1)));
        Self { p50: at(50).copied().unwrap_or_default(), p99: at(99).copied().unwrap_or_default() }
    }

    fn text(&self) -> String {
        format!("{:.1} µs p50, {:.1} µs p99", micros(self.p50), micros(self.p99))
    }

    fn json(&self) -> serde_json::Value {
        json!({ "p50_us": micros(self.p50), "p99_us": micros(self.p99) })
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let scenario = Scenario::find(arguments.scenario.as_deref(), &arguments.component)?.unwrap_or_default();
    let bytes = std::fs::metadata(&arguments.component).context("the component cannot be read")?.len();
    // Compiled anew, whatever was kept.
    let context = Context { native_cache: None, ..context.clone() };
    let started = Instant::now();
    let now = UnixMillis(SystemClock.now().0 / 1000 * 1000);
    let lab = Lab::open(&arguments.component, &scenario, Reached::Scenario, now, &context).await?;
    let load = started.elapsed();
    let setting = lab.maker().setting(&scenario).await?;
    let mut vends = Vec::new();
    let mut usage = None;
    for run in 0..WARM_UP + arguments.runs {
        let ask = ask(&lab);
        let orders = Orders { ttl_seconds: ask.ttl_seconds, fault: None, gone: false };
        let observed = lab.vend(&setting, &ask, orders).await?;
        if let Err(error) = &observed.result {
            bail!(
                "a vend does not work, so there is nothing to measure: {}",
                crate::shown::printable(&error.message, 1_000)
            );
        }
        usage = observed.usage;
        if run >= WARM_UP {
            vends.push(observed.elapsed);
        }
    }
    let name = lab.description().name.clone();
    let mut describes = Vec::new();
    let mut checks = Vec::new();
    for _ in 0..arguments.runs {
        let started = Instant::now();
        lab.loaded.runtime.describe(&name).await?;
        describes.push(started.elapsed());
        let started = Instant::now();
        let problems = lab.loaded.runtime.check_config(&setting.warehouse).await?;
        checks.push(started.elapsed());
        ensure!(problems.is_empty(), "the configuration is refused");
    }
    let (vend, describe, check) = (Spread::of(vends), Spread::of(describes), Spread::of(checks));
    let memory = usage.map(|usage| usage.memory_bytes);
    if arguments.json {
        let figures = json!({
            "strategy": name, "debug_build": cfg!(debug_assertions), "runs": arguments.runs, "component_bytes": bytes,
            "load_ms": load.as_secs_f64() * 1e3, "memory_bytes": memory,
            "vend": vend.json(), "describe": describe.json(), "check_config": check.json(),
        });
        return crate::printed::out(&format!("{}\n", serde_json::to_string_pretty(&figures)?));
    }
    let memory = memory.map_or_else(
        || "unknown".to_owned(),
        |bytes| format!("{} KiB of {} KiB", bytes >> 10, Limits::default().memory_bytes >> 10),
    );
    let warning =
        if cfg!(debug_assertions) { "This is a debug build: no figure below is one of a release.\n" } else { "" };
    crate::printed::out(&format!(
        "{warning}{name}, {} runs, no network\ncomponent     {bytes} bytes\nload          {:.0} ms: read, compiled, checked, described\n\
         vend          {} (a fresh instance each)\ncheck-config  {}\ndescribe      {}\nmemory        {memory}\n",
        arguments.runs,
        load.as_secs_f64() * 1e3,
        vend.text(),
        check.text(),
        describe.text(),
    ))
}

fn ask(lab: &Lab) -> Ask {
    let description = lab.description();
    Ask {
        table: "sales/orders".to_owned(),
        more: Vec::new(),
        access: Access::FULL,
        ttl_seconds: description.min_ttl_seconds.unwrap_or(0).max(900).min(description.max_ttl_seconds.unwrap_or(900)),
        principal: "ada".to_owned(),
        request_id: Uuid::new_v4().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_slow_end() {
        let runs = (1..=100).rev().map(Duration::from_micros).collect();
        assert_eq!(Spread::of(runs).text(), "51.0 µs p50, 100.0 µs p99");
        assert_eq!(Spread::of(Vec::new()).p99, Duration::ZERO);
    }
}
