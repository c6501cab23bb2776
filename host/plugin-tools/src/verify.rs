//! `pangolin plugin verify`: whether the signatures beside a component hold, by given keys or by a
//! grant file. The component is not compiled, so this is safe for one that nobody trusts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use pangolin_runtime::GrantFile;
use pangolin_runtime::signature::{self, Finding, PublicKey};

use crate::{Context, printed, sign};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A public key: its base64, or a file with its PEM. May be given more than once.
    #[arg(long, value_name = "KEY", conflicts_with = "grants")]
    key: Vec<String>,
    /// By the keys and the policy of this grant file (default: PANGOLIN_PLUGIN_GRANTS, if it is set).
    #[arg(long, value_name = "FILE")]
    grants: Option<PathBuf>,
    /// With a grant file: the name of the strategy, for its own `signed_by` and `sha256`.
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    plugin: Option<String>,
    /// The component.
    component: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let digest = sign::digest(&arguments.component)?;
    let path = sign::beside(&arguments.component);
    let file = sign::read(&path)?;
    let judge = |keys: &BTreeMap<String, PublicKey>| {
        file.as_ref().map(|file| signature::judge(&digest, file, keys)).unwrap_or_default()
    };
    let grants = arguments.grants.as_ref().or(context.grants.as_ref());
    let (findings, verdict) = match grants.filter(|_| arguments.key.is_empty()) {
        Some(grants) => {
            let grants = GrantFile::read(grants)?;
            let findings = judge(&grants.signatures.keys);
            let verdict = by_policy(&grants, arguments.plugin.as_deref(), &digest, &findings, context);
            (findings, verdict)
        }
        None if arguments.key.is_empty() => bail!("give the keys that count (--key), or a grant file (--grants)"),
        None => {
            let keys = arguments.key.iter().map(|key| named(key)).collect::<anyhow::Result<_>>()?;
            let findings = judge(&keys);
            let verdict = by_any(&findings, "none of these keys has signed it");
            (findings, verdict)
        }
    };
    let mut text = format!("sha256 {digest}\n");
    if file.is_none() {
        text.push_str(&format!("there is no file {}\n", path.display()));
    }
    for finding in &findings {
        text.push_str(&format!("{finding}\n"));
    }
    printed::out(&text)?;
    match verdict {
        Ok(good) => printed::out(&format!("{}: {good}\n", arguments.component.display())),
        Err(bad) => bail!("{}: {bad}", arguments.component.display()),
    }
}

/// Why a component is not good enough.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Bad(String);

fn by_any(findings: &[Finding], otherwise: &str) -> Result<String, Bad> {
    let signers = signature::holding(findings);
    if signers.is_empty() { Err(Bad(otherwise.to_owned())) } else { Ok(format!("signed by {}", signers.join(", "))) }
}

/// The word of a grant file. Without a name it is that of the plugin that is pinned to the digest.
fn by_policy(
    grants: &GrantFile,
    plugin: Option<&str>,
    digest: &str,
    findings: &[Finding],
    context: &Context,
) -> Result<String, Bad> {
    let is_this = |sha256: &Option<String>| sha256.as_ref().is_some_and(|pin| pin.eq_ignore_ascii_case(digest));
    let table = match plugin {
        Some(name) => grants.plugins.get_key_value(name),
        None => grants.plugins.iter().find(|(_, grant)| is_this(&grant.sha256)),
    };
    if let Some((name, grant)) = table {
        if grant.sha256.is_some() && !is_this(&grant.sha256) {
            return Err(Bad(format!("the grant file pins '{name}' to another file (sha256)")));
        }
        let signers = signature::holding(findings);
        if !grant.signed_by.is_empty() && !grant.signed_by.iter().any(|wanted| signers.contains(wanted)) {
            let wanted = grant.signed_by.join(" or ");
            return Err(Bad(format!("the grant file wants '{name}' to be signed by {wanted}, who has not signed it")));
        }
    }
    if context.builtin.iter().any(|known| known.eq_ignore_ascii_case(digest)) {
        return Ok("it comes with the release and needs no signature".to_owned());
    }
    by_any(findings, "none of the grant file's keys has signed it")
}

/// A key from the command line, with a name for messages.
fn named(key: &str) -> anyhow::Result<(String, PublicKey)> {
    let read = match PublicKey::parse(key) {
        Ok(key) => return Ok((key.id(), key)),
        Err(_) => std::fs::read_to_string(Path::new(key)),
    };
    let text = read.with_context(|| format!("'{key}' is neither the base64 of a public key nor a file with one"))?;
    let parsed = PublicKey::parse(&text).with_context(|| key.to_owned())?;
    Ok((key.to_owned(), parsed))
}

#[cfg(test)]
mod tests;
