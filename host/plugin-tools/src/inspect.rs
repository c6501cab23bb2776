//! `pangolin plugin inspect`: what a component is, can reach, asks for and may do.

mod lines;
mod report;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

use self::report::Report;
use crate::Context;
use crate::given;
use crate::loaded::{self, Grants, NotLoaded, Opening};
use crate::shape::Shape;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The component.
    component: PathBuf,
    /// Judge against this grant file (default: PANGOLIN_PLUGIN_GRANTS, if it is set).
    #[arg(long, value_name = "FILE")]
    grants: Option<PathBuf>,
    /// Print nothing but the lines that the grant file lacks, to be appended to it.
    #[arg(long, conflicts_with = "json")]
    lines: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let grants = grant_file(arguments, context);
    let report = report(&arguments.component, grants.as_deref(), context).await?;
    if arguments.lines {
        return lines::print(&report, grants.as_deref());
    }
    let text = if arguments.json { serde_json::to_string_pretty(&report)? + "\n" } else { text::of(&report) };
    crate::printed::out(&text)?;
    match &report.refused {
        Some(reason) => bail!("{} is refused: {reason}", report.file),
        None => Ok(()),
    }
}

/// The file to judge against. One that is only set in the environment may not be there yet.
fn grant_file(arguments: &Arguments, context: &Context) -> Option<PathBuf> {
    let set = || context.grants.clone().filter(|path| path.exists());
    arguments.grants.clone().or_else(set)
}

/// Looks at a component. What the runtime refuses has a report as well.
async fn report(component: &Path, grants: Option<&Path>, context: &Context) -> anyhow::Result<Report> {
    let bytes = given::component(component)?;
    let signatures = report::key_ids(component, &bytes)?;
    let shape = Shape::of(&bytes);
    drop(bytes);
    let how = grants.map_or(Grants::Nothing, Grants::File);
    let opened = loaded::open(Opening::to_look_at(component, how)?, context).await;
    let judged = match &opened {
        Ok(loaded) => Some(&loaded.info.digest),
        Err(NotLoaded::Refused(rejected)) => rejected.digest.as_ref(),
        Err(NotLoaded::Failed(_)) => None,
    };
    // Else the digest were that of other bytes than the description.
    ensure!(judged.is_none_or(|judged| *judged == shape.digest), "{} changed meanwhile", component.display());
    match opened {
        Ok(loaded) => Ok(Report::of(component, shape, signatures, grants, &loaded.info)),
        Err(NotLoaded::Refused(rejected)) => Ok(Report::refused(component, shape, signatures, grants, &rejected)),
        Err(NotLoaded::Failed(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
