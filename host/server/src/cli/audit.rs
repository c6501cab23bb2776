//! `pangolin audit`: checking the trail and taking it elsewhere. Beside a running host too.

mod file;
mod other_file;
mod told;

use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use pangolin_core::clock::{Clock as _, SystemClock};
use pangolin_store::{AuditFilter, AuditReader, AuditSeals, KeyRing};

use crate::api::audit::{AuditQuery, line};
use crate::config::Config;
use crate::{data_dir, wiring};

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Walk every chain and say whether the trail is what was written.
    ///
    /// Exit codes: 0, nothing is wrong; 1, the trail is not what was written, or could not be read; 2,
    /// the arguments are wrong; 3, the file is no export of the whole trail.
    Verify {
        /// Check an export instead of the database: JSON lines of `pangolin audit export`, not packed.
        #[arg(long)]
        file: Option<PathBuf>,
        /// With --file: the file of the key ring. Without it the keys of the settings check the seals,
        /// and where there are none that is said.
        #[arg(long, requires = "file")]
        keys: Option<PathBuf>,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print rows as JSON lines with their places in the chains.
    ///
    /// Without filters everything, with its seals: only that can be verified as a whole. The oldest rows
    /// come first. Filters are exact, and all of them must fit.
    #[command(mut_arg("tenant_id", |arg| arg.help("Rows of this tenant alone")))]
    #[command(mut_arg("user_id", |arg| arg.help("Id of who acted")))]
    #[command(mut_arg("resource_id", |arg| arg.help("Id of what was acted on")))]
    #[command(mut_arg("request_id", |arg| arg.help("As in the header `X-Request-Id` and in the log")))]
    Export(Box<AuditQuery>),
}

/// Runs one of them.
pub(super) async fn run(
    command: &AuditCommand,
    settings: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { file: None, json, .. } => {
            let reader = open(&settings()?).await?;
            let report = reader.verify().await.context("the audit trail cannot be read")?;
            reader.close().await;
            told::finish(&told::Told::of_database(&report), *json)
        }
        AuditCommand::Verify { file: Some(path), keys, json } => {
            let seals = seals(keys.as_deref(), settings)?;
            let opened = std::fs::File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
            let told = file::check(BufReader::new(opened), seals.as_ref())
                .with_context(|| format!("{} cannot be read", path.display()))?;
            told::finish(&told, *json)
        }
        AuditCommand::Export(query) => export(&settings()?, query).await,
    }
}

async fn export(config: &Config, query: &AuditQuery) -> anyhow::Result<()> {
    let filter = query.whole(None).map_err(|error| anyhow::anyhow!(error.detail))?;
    let reader = open(config).await?;
    let mut export = if filter == AuditFilter::default() {
        reader.export()
    } else {
        reader.export_filtered(filter, SystemClock.now())
    };
    let mut out = std::io::stdout().lock();
    while let Some(page) = export.page().await? {
        let mut lines = String::new();
        for item in page {
            line::append(&mut lines, item, true)?;
        }
        match out.write_all(lines.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    out.flush()?;
    reader.close().await;
    Ok(())
}

async fn open(config: &Config) -> anyhow::Result<AuditReader> {
    let keys = stored_keys(config)?.with_context(|| {
        format!("{} is not there: no host has run here", data_dir::key_file(&config.store.data_dir).display())
    })?;
    AuditReader::open(&wiring::store_config(config, keys)).await.context("the database cannot be opened")
}

fn stored_keys(config: &Config) -> anyhow::Result<Option<KeyRing>> {
    match &config.store.keys {
        Some(keys) => Ok(Some(keys.clone())),
        None => data_dir::existing_key_ring(&config.store.data_dir),
    }
}

/// What checks the seals of a file. Without settings only the links are checked, and that is said.
fn seals(keys: Option<&Path>, settings: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Option<AuditSeals>> {
    let ring = match keys {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            Some(KeyRing::parse(text.trim()).with_context(|| format!("{} cannot be used", path.display()))?)
        }
        None => match settings() {
            Ok(config) => stored_keys(&config)?,
            Err(_) => None,
        },
    };
    Ok(ring.as_ref().map(AuditSeals::of))
}
