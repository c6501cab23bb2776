//! `pangolin plugin docs`: a page about a strategy, made of what it says of itself.

mod body;
mod page;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::Context;
use crate::loaded::{self, Grants, Opening};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The component.
    component: PathBuf,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let opening = Opening::to_look_at(&arguments.component, Grants::Nothing)?;
    let loaded = loaded::open(opening, context).await?;
    crate::printed::out(&page::of(&loaded.info))
}
