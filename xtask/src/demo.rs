//! `cargo xtask demo`: the main job from end to end, as a transcript.

use std::process::Command;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::{paths, process, tools};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave everything running and print what to try.
    #[arg(long)]
    keep: bool,
}

/// Builds, then hands over to the script that plays it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let python = tools::python()?;
    build::host(Profile::Dev)?;
    let mut demo = Command::new(python);
    demo.current_dir(paths::root()).arg("tests/demo/demo.py");
    if arguments.keep {
        demo.arg("--keep");
    }
    process::run(&mut demo)
}
