//! What a plugin's author and its reviewer run: `pangolin plugin …`. One file per command; a plugin
//! is loaded and called by the very runtime that the host uses, so what holds here holds there.
#![warn(missing_docs)]

mod captured;
#[cfg(test)]
#[expect(dead_code, reason = "the runtime's tests use more of it")]
#[path = "../../runtime/tests/runtime/guest.rs"]
mod guest;
#[cfg(test)]
#[expect(dead_code, reason = "the runtime's tests use more of it")]
#[path = "../../runtime/tests/runtime/image.rs"]
mod image;
mod loaded;
mod wit;

use std::path::PathBuf;

use clap::Subcommand;

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
}

/// Runs one command.
///
/// # Errors
/// What the command cannot do, and why; the text is for people.
pub async fn run(command: &PluginCommand, _context: &Context) -> anyhow::Result<()> {
    match command {
        PluginCommand::Wit(arguments) => wit::run(arguments),
    }
}
