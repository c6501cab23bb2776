//! `cargo xtask bench`: warm vended answers over HTTP, from the release build.

use std::process::Command;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::{paths, process, tools};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Connections.
    #[arg(long, default_value_t = 8)]
    connections: u32,
}

/// Builds, then hands over to the script that sets up the tables and runs `wrk`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let python = tools::python()?;
    tools::program("wrk", "wrk")?;
    build::host(Profile::Release)?;
    let mut bench = Command::new(python);
    bench.current_dir(paths::root()).arg("tests/bench/bench.py");
    bench.args(["--seconds", &arguments.seconds.to_string(), "--connections", &arguments.connections.to_string()]);
    process::run(&mut bench)
}
