//! The command line.

mod audit;
mod check;
mod plugin_list;
mod secrets;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::config::{self, Config};
use crate::{router, serve, telemetry, wiring};

/// Of the host, and of the contract that its plugins are built for.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (plugins: pangolin:vending@1.0.0)");

/// An end with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Ended {
    code: u8,
    text: String,
}

/// Pangolin Host: vends short-lived storage credentials for lakehouse tables.
///
/// Results go to standard output, errors to standard error. Exit codes: 0, done; 1, it failed, or what
/// was checked is not good; 2, the arguments are wrong.
#[derive(Debug, Parser)]
#[command(name = "pangolin", version = VERSION)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host until SIGTERM or SIGINT.
    ///
    /// Settings come from the environment; `check` judges them without starting anything. The log goes
    /// to standard error.
    Serve,
    /// Bring the database to the schema of this version, and exit.
    ///
    /// `serve` does the same at its start.
    Migrate,
    /// Say everything that is wrong with the settings, and search files for credentials.
    ///
    /// What keeps `serve` from starting is a problem; what lets it start and will fail later is a
    /// warning. Nothing is made, changed or sent. Exit codes: 0, nothing is wrong; 1, there is a
    /// problem, a credential, or a file that cannot be read (with --strict also a warning); 2, the
    /// arguments are wrong.
    Check(check::CheckArgs),
    /// Keys that seal secrets: where they stand, rotate them, make one.
    Secrets {
        #[command(subcommand)]
        command: secrets::SecretsCommand,
    },
    /// The audit trail: check it, take it elsewhere.
    Audit {
        #[command(subcommand)]
        command: audit::AuditCommand,
    },
    /// Make, look at, try and sign plugins.
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// List what a host of these settings would serve, and what it refuses, and why.
    List,
    #[command(flatten)]
    Tool(pangolin_plugin_tools::PluginCommand),
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pangolin: {}", told(&error));
            error.downcast_ref::<Ended>().map_or(ExitCode::FAILURE, |ended| ExitCode::from(ended.code))
        }
    }
}

/// An error and its causes. Many name their cause in their own text: nothing is said twice.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        let cause = cause.trim_end();
        if text.is_empty() {
            text.push_str(cause);
        } else if !text.contains(cause) {
            text.push_str(&format!(": {cause}"));
        }
    }
    text
}

fn dispatch(command: &Command) -> anyhow::Result<()> {
    if let Command::Openapi = command {
        return print(&format!("{}\n", router::openapi().to_pretty_json()?));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Command::Check(args) = command {
        return runtime.block_on(check::run(args, config::judged_from_environment));
    }
    if let Command::Plugin { command: PluginCommand::Tool(command) } = command {
        return runtime.block_on(pangolin_plugin_tools::run(command, &wiring::tool_context()));
    }
    if let Command::Secrets { command } = command {
        return runtime.block_on(secrets::run(command, read_config));
    }
    if let Command::Audit { command } = command {
        return runtime.block_on(audit::run(command, read_config));
    }
    let config = read_config()?;
    telemetry::start();
    runtime.block_on(async {
        match command {
            Command::Serve => serve::serve(config).await,
            Command::Migrate => {
                wiring::open_store(&config).await?.close().await;
                print("the database has the schema of this version\n")
            }
            Command::Plugin { command: PluginCommand::List } => list_plugins(&config).await,
            // These are done above.
            Command::Plugin { command: PluginCommand::Tool(_) }
            | Command::Check(_)
            | Command::Secrets { .. }
            | Command::Audit { .. }
            | Command::Openapi => Ok(()),
        }
    })
}

fn read_config() -> anyhow::Result<Config> {
    config::from_environment().map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
        anyhow::anyhow!("the settings cannot be used:\n{}", lines.join("\n"))
    })
}

async fn list_plugins(config: &Config) -> anyhow::Result<()> {
    let strategies =
        wiring::open_runtime(config, wiring::egress(config)?).await.context("the plugins cannot be opened")?;
    print(&plugin_list::text(&strategies))
}

/// Prints the text. That whoever reads stops early is no error.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Every command and option says what it does, and none clashes with another.
    #[test]
    fn everything_has_its_help() {
        fn all(command: &clap::Command, name: &str) {
            assert!(command.get_about().is_some_and(|about| !about.to_string().is_empty()), "{name}");
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty(), "{name} {}", argument.get_id());
            }
            for inner in command.get_subcommands() {
                all(inner, &format!("{name} {}", inner.get_name()));
            }
        }
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        all(&command, "pangolin");
    }

    #[test]
    fn the_contract_has_the_version_that_is_said() {
        let wit = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/world.wit")).unwrap();
        let package = wit.lines().find_map(|line| line.strip_prefix("package ")).unwrap().trim_end_matches(';');
        assert!(VERSION.contains(package), "{VERSION} and {package}");
    }

    #[test]
    fn a_cause_is_said_once() {
        let missing = || anyhow::Error::new(std::io::Error::other("it is not there"));
        assert_eq!(told(&missing().context("x.toml: it is not there\n")), "x.toml: it is not there");
        let above = missing().context("the file cannot be read").context("no scenario");
        assert_eq!(told(&above), "no scenario: the file cannot be read: it is not there");
    }
}
