//! `pangolin plugin keygen`: a key that signs plugins.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use pangolin_runtime::signature::{PublicKey, SigningKey};

use crate::printed;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write the private key into this new file (PEM, readable by its owner only).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The key's name in the grant file (default: that of the file).
    #[arg(long)]
    name: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = name(arguments)?;
    let key = SigningKey::generate()?;
    write(&arguments.out, &key)?;
    printed::out(&told(&arguments.out, &name, &key.public_key()))
}

/// The name under which the grant file would have the key.
fn name(arguments: &Arguments) -> anyhow::Result<String> {
    let fits = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if let Some(name) = &arguments.name {
        if !fits(name) {
            bail!("'{name}' is not a name of a key: 1 to 64 letters, digits, '-' and '_'");
        }
        return Ok(name.clone());
    }
    let stem = arguments.out.file_stem().unwrap_or_default().to_string_lossy();
    Ok(if fits(&stem) { stem.into_owned() } else { "signer".to_owned() })
}

/// Writes the key. A file that is there stays: it may be the only copy of another key.
#[expect(clippy::disallowed_methods, reason = "the key goes into a file of its owner")]
fn write(path: &Path, key: &SigningKey) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already: give another name, or move it away", path.display())
        }
        other => other.with_context(|| format!("{} cannot be written", path.display()))?,
    };
    let pem = key.to_pem()?;
    let written = file.write_all(pem.expose().as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// What the grant file gets, with the rest as comments: all of it can be appended to a new file.
fn told(path: &Path, name: &str, key: &PublicKey) -> String {
    let (id, public) = (key.id(), key.to_base64());
    format!(
        "# The private key is in {path:?}. Whoever has it can sign plugins for every host that trusts the key.\n\
         # public key: {public}\n\
         # key id: {id}\n\
         # Hosts trust it by these lines of the grant file (in its table [signatures.keys], if there is one):\n\
         [signatures.keys]\n\
         {name} = \"{public}\"\n\
         # and need a signature of one of their keys by these:\n\
         # [signatures]\n\
         # required = true\n",
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use pangolin_core::secret::Secret;
    use pangolin_runtime::GrantFile;

    use super::*;

    #[test]
    fn a_new_key_is_its_owners_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("acme.pem");
        let arguments = Arguments { out: out.clone(), name: None };
        run(&arguments).unwrap();
        assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let before = std::fs::read_to_string(&out).unwrap();
        let error = run(&arguments).unwrap_err().to_string();
        assert!(error.contains("is there already"), "{error}");
        assert_eq!(std::fs::read_to_string(&out).unwrap(), before);
        let key = SigningKey::from_pem(&Secret::from(before)).unwrap().public_key();
        let file = GrantFile::parse(&told(&out, &name(&arguments).unwrap(), &key)).unwrap();
        assert_eq!(file.signatures.keys["acme"], key);
    }

    #[test]
    fn a_name_that_is_none_is_refused_and_none_is_made_of_a_path() {
        let named = |name: Option<&str>, out: &str| {
            super::name(&Arguments { out: out.into(), name: name.map(str::to_owned) })
                .map_err(|error| error.to_string())
        };
        assert_eq!(named(None, "keys/acme.pem").unwrap(), "acme");
        assert_eq!(named(None, "a key.pem").unwrap(), "signer");
        assert_eq!(named(Some("release-2026"), "x.pem").unwrap(), "release-2026");
        assert!(named(Some("a\"b"), "x.pem").is_err());
    }
}
