//! What a plugin's author and its reviewer run: `pangolin plugin …`. One file per command; a plugin
//! is loaded and called by the very runtime that the host uses, so what holds here holds there.
#![warn(missing_docs)]

mod bench;
mod bindings;
mod call;
mod captured;
mod check;
mod component;
mod docs;
mod given;
#[cfg(test)]
mod guests;
mod inspect;
mod keygen;
mod lab;
mod loaded;
mod mock;
mod new;
mod planted;
mod printed;
mod reach;
mod run;
mod scenario;
mod shape;
mod shown;
mod sign;
mod test;
mod upstream;
mod verify;
mod wit;
mod words;

use std::path::PathBuf;

use clap::Subcommand;

// The names by which those files know each other.
#[cfg(test)]
use self::guests::{ask, guest, image};

/// What the host says of itself to these commands.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Digests (SHA-256, hexadecimal) of the components that come with the release.
    pub builtin: Vec<String>,
    /// The operator's grant file (`PANGOLIN_PLUGIN_GRANTS`).
    pub grants: Option<PathBuf>,
    /// Private folder where native code of components is kept; none: for one command only.
    pub native_cache: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Print the contract between host and plugins, or write it to a folder.
    Wit(wit::Arguments),
    /// Write a project in the language of your choice, to be changed into your own.
    New(new::Arguments),
    /// Write the contract as code of a language that has no package for it.
    Bindings(bindings::Arguments),
    /// Make a component of a core module, as a C or Rust compiler writes one.
    Component(component::Arguments),
    /// Show what a component is, can reach, asks for and may do.
    Inspect(inspect::Arguments),
    /// Say whether a host loads a component, and what a reviewer would ask about it.
    Check(check::Arguments),
    /// Print a page about a strategy, made of what it says of itself.
    Docs(docs::Arguments),
    /// Hold a component against the conformance suite, without any cloud.
    Test(test::Arguments),
    /// Run one call of a component, and show what it sent, logged and answered.
    Run(Box<run::Arguments>),
    /// Measure what a component costs, without a network.
    Bench(bench::Arguments),
    /// Serve the upstream of a scenario on 127.0.0.1, for a host that runs the component.
    Mock(mock::Arguments),
    /// Make a key that signs plugins.
    Keygen(keygen::Arguments),
    /// Sign a component.
    Sign(sign::Arguments),
    /// Say who signed a component; exit code 1 if nobody did who counts.
    Verify(verify::Arguments),
}

/// Runs one command.
///
/// # Errors
/// What the command cannot do, and why; the text is for people.
pub async fn run(command: &PluginCommand, context: &Context) -> anyhow::Result<()> {
    // It may name files and repeat texts of others.
    dispatch(command, context).await.map_err(|error| anyhow::anyhow!(shown::inert(&format!("{error:#}"))))
}

async fn dispatch(command: &PluginCommand, context: &Context) -> anyhow::Result<()> {
    match command {
        PluginCommand::Wit(arguments) => wit::run(arguments),
        PluginCommand::New(arguments) => new::run(arguments),
        PluginCommand::Bindings(arguments) => bindings::run(arguments),
        PluginCommand::Component(arguments) => component::run(arguments),
        PluginCommand::Inspect(arguments) => inspect::run(arguments, context).await,
        PluginCommand::Check(arguments) => check::run(arguments, context).await,
        PluginCommand::Docs(arguments) => docs::run(arguments, context).await,
        PluginCommand::Test(arguments) => test::run(arguments, context).await,
        PluginCommand::Run(arguments) => run::run(arguments, context).await,
        PluginCommand::Bench(arguments) => bench::run(arguments, context).await,
        PluginCommand::Mock(arguments) => mock::run(arguments).await,
        PluginCommand::Keygen(arguments) => keygen::run(arguments),
        PluginCommand::Sign(arguments) => sign::run(arguments),
        PluginCommand::Verify(arguments) => verify::run(arguments, context),
    }
}
