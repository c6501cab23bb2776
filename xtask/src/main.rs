//! `cargo xtask <command>`: all set-up of the project lives here.

use clap::{Parser, Subcommand};

mod bench;
mod build;
mod demo;
mod examples;
mod freeze;
mod paths;
mod plugins;
mod process;
mod serve;
mod test;
mod tools;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Set-up of the project", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the strategies to components in target/plugins.
    Plugins(plugins::Arguments),
    /// The main job from end to end: a local S3 with STS, the host, a writer, a reader, what is refused.
    Demo(demo::Arguments),
    /// Builds the strategies of `examples/` to components in target/examples.
    Examples,
    /// Installs what the tests need, then runs all tests.
    Test,
    /// The host on SQLite in No-Auth mode, with `local` storage below its data directory.
    Serve(serve::Arguments),
    /// Keeps the contract of this version, and a component built against it, for the tests of later ones.
    Freeze,
    /// Requests per second of warm vended answers, from the release build.
    Bench(bench::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Plugins(arguments) => plugins::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Examples => examples::run(),
        Command::Test => test::run(),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Freeze => freeze::run(),
        Command::Bench(arguments) => bench::run(&arguments),
    }
}
