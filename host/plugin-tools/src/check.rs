//! `pangolin plugin check`: whether a host loads a component, and what a reviewer would ask about
//! its description.

mod rules;

use std::path::PathBuf;

use anyhow::bail;

use crate::Context;
use crate::captured::Line;
use crate::loaded::{self, Grants, Opening};
use crate::shown::printable;

/// Characters of one line of log.
const LINE: usize = 2_000;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The component.
    component: PathBuf,
    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let opening = Opening::to_look_at(&arguments.component, Grants::Nothing)?;
    let loaded = loaded::open(opening, context).await?;
    let warnings = rules::warnings(&loaded.info);
    let said = loaded.log.since(0).into_iter().filter(Line::is_of_guest);
    let mut text: String = said.map(|line| format!("log: {}: {}\n", line.level, printable(&line.text, LINE))).collect();
    text.extend(warnings.iter().map(|warning| format!("warning: {warning}\n")));
    let description = &loaded.info.description;
    let count = warnings.len();
    let found = match count {
        0 => "nothing to ask about".to_owned(),
        1 => "1 warning".to_owned(),
        _ => format!("{count} warnings"),
    };
    text.push_str(&format!("{} {} loads: {found}\n", description.name, description.version));
    crate::printed::out(&text)?;
    if arguments.strict && count > 0 {
        bail!("{} has warnings", arguments.component.display());
    }
    Ok(())
}
