//! `cargo xtask <command>`: all set-up of the project lives here.

use clap::{Parser, Subcommand};

mod paths;
mod plugins;
mod process;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Set-up of the project", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the strategies to components in target/plugins.
    Plugins,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Plugins => plugins::build(),
    }
}
