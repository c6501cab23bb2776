//! `pangolin check [FILES…]`: what is wrong with the settings, and credentials in files. A finding
//! has its place and its kind, never the value.

mod parse;
mod report;
mod scan;
mod start;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;

use clap::Args;

use self::report::{Report, Settings};
use crate::config::{Config, ConfigProblem};

/// What `check` is told.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files, and directories of files, that are searched for credentials: YAML, TOML, JSON, .env, ini,
    /// properties, Terraform, SQL, shell scripts and Dockerfiles by their fields, others line by line.
    /// Links in directories are not followed.
    files: Vec<PathBuf>,
    /// Leave the settings alone: for a repository's own checks.
    #[arg(long, requires = "files")]
    files_only: bool,
    /// Also look into the database, without changing it: whether it answers, its schema, and whether
    /// the keys are those that it was sealed with.
    #[arg(long, conflicts_with = "files_only")]
    connect: bool,
    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Judges and prints. An error says how much is wrong.
pub(super) async fn run(
    args: &CheckArgs,
    settings: impl FnOnce() -> (Config, Vec<ConfigProblem>),
) -> anyhow::Result<()> {
    let settings = if args.files_only {
        None
    } else {
        let (config, problems) = settings();
        Some(Settings::of(&config, problems, start::judge(&config, args.connect).await))
    };
    let report = Report { settings, files: scan::scan(&args.files), strict: args.strict };
    super::print(&if args.json { report.json()? } else { report.text() })?;
    match report.verdict() {
        None => Ok(()),
        Some(wrong) => Err(anyhow::anyhow!(wrong)),
    }
}
