//! `pangolin plugin test`: the conformance suite. A component of any language is tried in the real
//! runtime, with secrets that are searched for and an upstream that fails in every way.

mod bounds;
mod config;
mod faults;
mod hidden;
mod leases;
mod presign;
mod refusals;
mod report;
mod schema;
mod scope;
mod suite;
mod ttl;
mod vend;

use std::path::PathBuf;

use anyhow::bail;
use pangolin_core::clock::{Clock as _, SystemClock, UnixMillis};

use self::report::Report;
use self::suite::Suite;
use crate::Context;
use crate::lab::{Lab, Reached};
use crate::loaded::NotLoaded;
use crate::scenario::Scenario;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The component.
    component: PathBuf,
    /// Configuration and answers to try it with; default: scenario.toml beside the component, or
    /// in this folder.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let scenario = Scenario::find(arguments.scenario.as_deref(), &arguments.component)?;
    let report = suite(&arguments.component, scenario, context).await?;
    crate::printed::out(&if arguments.json { report.json()? } else { report.text() })?;
    match report.failed() {
        0 => Ok(()),
        1 => bail!("1 check failed"),
        failed => bail!("{failed} checks failed"),
    }
}

/// Holds a component against every check.
pub(crate) async fn suite(
    component: &std::path::Path,
    scenario: Option<Scenario>,
    context: &Context,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let scenario = scenario.unwrap_or_default();
    // Language runtimes read the machine's own clock: the host's stands at about the same time.
    let now = UnixMillis(SystemClock.now().0 / 1000 * 1000);
    let lab = match Lab::open(component, &scenario, Reached::Scenario, now, context).await {
        Ok(lab) => lab,
        Err(NotLoaded::Refused(rejected)) => {
            report.fail("schema", "loads", rejected.reason);
            return Ok(report);
        }
        Err(NotLoaded::Failed(error)) => return Err(error),
    };
    report.of(&lab.loaded.info);
    report.pass("schema", "loads");
    schema::run(&lab, &mut report).await;
    let setting = match lab.maker().setting(&scenario).await {
        Ok(setting) => setting,
        Err(error) => {
            report.fail("config", "complete", format!("{error:#}"));
            return Ok(report);
        }
    };
    let mut suite = Suite::new(&lab, &setting, scenario.base.as_deref(), report);
    config::run(&mut suite).await;
    vend::run(&mut suite).await;
    scope::run(&mut suite).await;
    ttl::run(&mut suite).await;
    refusals::run(&mut suite).await;
    presign::run(&mut suite).await;
    leases::run(&mut suite).await;
    bounds::run(&mut suite);
    faults::run(&mut suite).await;
    hidden::run(&mut suite);
    Ok(suite.report)
}

#[cfg(test)]
mod tests;
