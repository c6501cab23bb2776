//! `cargo xtask bench`: warm vended answers over HTTP, from the release build.

use std::process::Command;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::{examples, paths, process, tools};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Connections.
    #[arg(long, default_value_t = 8)]
    connections: u32,
    /// What a strategy costs by its language instead: a fresh instance and a vend, without a network.
    #[arg(long)]
    plugins: bool,
}

/// Components of one language each, and the scenarios that answer them.
const COMPONENTS: [(&str, &str); 5] = [
    ("plugins/aws_static.wasm", "plugins/aws-static"),
    ("examples/token-shop.wasm", "examples/plugin-rust"),
    ("examples/minio-ldap.wasm", "examples/plugin-c"),
    ("examples/r2-temporary.wasm", "examples/plugin-js"),
    ("examples/vault-aws.wasm", "examples/plugin-python"),
];

/// Builds, then hands over to the script that sets up the tables and runs `wrk`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.plugins {
        return plugins();
    }
    let python = tools::python()?;
    tools::program("wrk", "wrk")?;
    build::host(Profile::Release)?;
    let mut bench = Command::new(python);
    bench.current_dir(paths::root()).arg("tests/bench/bench.py");
    bench.args(["--seconds", &arguments.seconds.to_string(), "--connections", &arguments.connections.to_string()]);
    process::run(&mut bench)
}

/// `pangolin plugin bench` of each, one after the other on the same machine.
fn plugins() -> Result<()> {
    let host = build::host(Profile::Release)?;
    examples::run()?;
    for (component, scenario) in COMPONENTS {
        println!("\n{component}");
        let mut bench = Command::new(&host);
        bench.args(["plugin", "bench", "--runs", "2000", "--scenario"]);
        bench.arg(paths::root().join(scenario).join("scenario.toml")).arg(paths::target().join(component));
        process::run(&mut bench)?;
    }
    Ok(())
}
