//! The command line of `pangolin plugin run`.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use pangolin_core::access::Access;
use pangolin_core::secret::Secret;

/// No secret is longer.
const MAX_SECRET: u64 = 64 << 10;

/// Arguments of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// The component.
    pub(super) component: PathBuf,
    /// Configuration and answers to run it with; default: scenario.toml beside the component, or
    /// in this folder, but none with --network.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(super) scenario: Option<PathBuf>,
    /// A field of the configuration, in place of the scenario's.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) config: Vec<String>,
    /// A secret, from a file or from a variable of the environment.
    #[arg(long, value_name = "NAME=@FILE|env:VARIABLE")]
    pub(super) secret: Vec<String>,
    /// Rights to ask for: read, write, delete, joined by commas; default: all.
    #[arg(long, value_name = "RIGHTS")]
    pub(super) access: Option<String>,
    /// Life to ask for, in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(super) ttl: Option<u32>,
    /// What to run; default: vend.
    #[arg(long, value_name = "EXPORT")]
    pub(super) export: Option<Export>,
    /// Directory of the table, below the base of the warehouse.
    #[arg(long, value_name = "PATH", default_value = "sales/orders")]
    pub(super) table: String,
    /// Who asks.
    #[arg(long, value_name = "NAME", default_value = "ada")]
    pub(super) principal: String,
    /// Of `presign`: GET, HEAD, PUT or DELETE.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    pub(super) method: String,
    /// Of `presign`: the object, below the table.
    #[arg(long, value_name = "PATH", default_value = "data/part-0.parquet")]
    pub(super) object: String,
    /// Send requests to the servers themselves, through the egress policy of a host.
    #[arg(long, conflicts_with = "replay")]
    pub(super) network: bool,
    /// Let it use the cloud identity of this machine (profile, variables, metadata service).
    #[arg(long, requires = "network")]
    pub(super) host_identity: bool,
    /// Address ranges that are refused by default, as PANGOLIN_EGRESS_ALLOW names them.
    #[arg(long, value_name = "RANGES", requires = "network")]
    pub(super) allow: Option<String>,
    /// Write a transcript, without any secret, that `--replay` reads.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(super) record: Option<PathBuf>,
    /// Run on a transcript alone, at the time at which it was made.
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<PathBuf>,
    /// Print the values of credentials.
    #[arg(long)]
    pub(super) show_secrets: bool,
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Export {
    /// Mint a credential.
    Vend,
    /// Judge the configuration.
    CheckConfig,
    /// Say what the strategy is.
    Describe,
    /// Make a URL of one object.
    Presign,
}

impl Export {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vend => "vend",
            Self::CheckConfig => "check-config",
            Self::Describe => "describe",
            Self::Presign => "presign",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|export| export.name() == name)
    }
}

/// As `--access` takes it.
pub(super) fn access_text(access: Access) -> String {
    let rights = [("read", access.read), ("write", access.write), ("delete", access.delete)];
    let held: Vec<&str> = rights.into_iter().filter_map(|(name, held)| held.then_some(name)).collect();
    held.join(",")
}

/// Secrets by where they are: never on the command line itself, which others on the machine see.
pub(super) fn secrets(given: &[String]) -> anyhow::Result<Vec<(String, Secret<String>)>> {
    given.iter().map(|text| secret(text)).collect()
}

#[expect(clippy::disallowed_methods, reason = "the author names the variable")]
fn secret(text: &str) -> anyhow::Result<(String, Secret<String>)> {
    let form = "--secret is NAME=@FILE or NAME=env:VARIABLE";
    let (name, from) = text.split_once('=').context(form)?;
    let value = if let Some(path) = from.strip_prefix('@') {
        let metadata = std::fs::metadata(path).with_context(|| format!("{path} cannot be read"))?;
        ensure!(metadata.is_file() && metadata.len() <= MAX_SECRET, "{path} is not a file of at most 64 KiB");
        let text = std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
        Secret::from(text.trim_end_matches(['\n', '\r']))
    } else if let Some(variable) = from.strip_prefix("env:") {
        Secret::new(std::env::var(variable).with_context(|| format!("the variable {variable} is not set"))?)
    } else {
        bail!(form)
    };
    Ok((name.to_owned(), value))
}
