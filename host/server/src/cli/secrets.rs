//! `pangolin secrets`: the keys that seal secrets at rest.

mod told;

use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::clock::{Clock as _, SystemClock};
use pangolin_core::id::AuditId;
use pangolin_core::ports::AuditTrail as _;
use pangolin_store::{KeyRing, OpenError, Store};
use serde_json::json;

use crate::config::Config;
use crate::{data_dir, random, wiring};

#[derive(Debug, Subcommand)]
pub(super) enum SecretsCommand {
    /// Say under which key every secret is, and what cannot be opened. Changes nothing.
    Status,
    /// Seal every secret anew with the first key. Hosts on PostgreSQL may run meanwhile; with SQLite
    /// the host is stopped first. An interrupted run is simply repeated.
    Rotate,
    /// Print a new key as `id:base64`, for PANGOLIN_ENCRYPTION_KEY.
    NewKey {
        /// Its name: letters, digits, '-' and '_'.
        #[arg(long)]
        id: Option<String>,
        /// Do not print it: put it first into the key file of the data directory.
        #[arg(long)]
        add: bool,
    },
}

/// Runs one of them.
pub(super) async fn run(
    command: &SecretsCommand,
    settings: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<()> {
    match command {
        SecretsCommand::NewKey { id, add } => new_key(id.as_deref(), *add, settings),
        SecretsCommand::Status => {
            let (store, keys) = open(&settings()?).await?;
            let report = store.look_at_seals().await?;
            let audit = store.audit_seals_to_renew().await?;
            store.close().await;
            super::print(&told::text(&keys, &report, audit))?;
            told::unopened(&report)
        }
        SecretsCommand::Rotate => {
            let (store, keys) = open(&settings()?).await?;
            let run = AuditId::generate().to_string();
            let started = event(&keys, &run, AuditResult::Started, json!({}));
            store
                .record(started)
                .await
                .context("nothing was sealed anew; `pangolin secrets status` says what is wrong")?;
            let report = store.reseal().await?;
            let renewed = store.audit_reseal().await?;
            let metadata = json!({"resealed": report.resealed, "behind": report.behind, "left": report.left_count,
                "audit_seals": renewed});
            let result = if report.is_done() { AuditResult::Success } else { AuditResult::Failure };
            let recorded = store.record(event(&keys, &run, result, metadata)).await;
            let audit = store.audit_seals_to_renew().await?;
            store.close().await;
            super::print(&told::rotated(&keys, &report, renewed, audit))?;
            recorded?;
            told::unfinished(&report)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the operator asked to be shown the new key")]
fn new_key(id: Option<&str>, add: bool, settings: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<()> {
    let id =
        id.map_or_else(|| format!("k{}", hex::encode(random::bytes().get(..4).unwrap_or_default())), str::to_owned);
    let key = KeyRing::generate_named(&id)
        .map_err(|_| anyhow::anyhow!("the name of a key has 1 to 32 letters, digits, '-' or '_'"))?;
    if !add {
        return super::print(&format!("{}\n", key.expose()));
    }
    let config = settings()?;
    if config.store.keys.is_some() {
        anyhow::bail!("PANGOLIN_ENCRYPTION_KEY is set, so the key file is not used: put a new key first there");
    }
    data_dir::prepare(&config.store.data_dir)?;
    let keys = data_dir::add_key(&config.store.data_dir, &key)?;
    let path = data_dir::key_file(&config.store.data_dir);
    super::print(&told::added(&id, &keys, &path))
}

/// The store, with keys that are there already and a schema that is this version's.
async fn open(config: &Config) -> anyhow::Result<(Store, KeyRing)> {
    let keys = match &config.store.keys {
        Some(keys) => keys.clone(),
        None => data_dir::existing_key_ring(&config.store.data_dir)?.with_context(|| {
            format!("{} is not there: no host has run here", data_dir::key_file(&config.store.data_dir).display())
        })?,
    };
    let settings = wiring::store_config(config, keys.clone());
    let schema = Store::check_migrations(&settings).await.context("the database cannot be opened")?;
    if schema.applied == 0 {
        anyhow::bail!("there is no database yet: nothing is sealed");
    }
    if !schema.is_current() {
        anyhow::bail!(
            "the database has schema {}, this version's is {}: run `pangolin migrate` first",
            schema.applied,
            schema.latest
        );
    }
    match Store::open(settings, Arc::new(SystemClock)).await {
        Ok(store) => Ok((store, keys)),
        Err(error @ OpenError::Locked(_)) => {
            Err(error).context("stop the host first: it alone opens a SQLite database")
        }
        Err(error) => Err(error).context("the database cannot be opened"),
    }
}

/// The trail says that secrets were sealed anew, as it says of everything that an operator does.
fn event(keys: &KeyRing, run: &str, result: AuditResult, metadata: serde_json::Value) -> AuditEvent {
    AuditEvent {
        id: AuditId::generate(),
        tenant_id: None,
        user_id: None,
        username: "pangolin secrets rotate".to_owned(),
        action: "rotate_secrets".to_owned(),
        resource_type: "encryption_key".to_owned(),
        resource_id: None,
        resource_name: keys.ids().next().unwrap_or_default().to_owned(),
        timestamp: SystemClock.now(),
        ip_address: None,
        user_agent: None,
        result,
        error_message: None,
        request_id: run.to_owned(),
        trace_id: None,
        metadata,
    }
}
