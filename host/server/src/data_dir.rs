//! The directory of what is the host's own: the database, the generated key, the code cache.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use pangolin_core::secret::Secret;
use pangolin_store::KeyRing;

/// Makes the directory, readable by its owner only.
pub(crate) fn prepare(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("the data directory {} cannot be made", dir.display()))
}

/// The key ring of the data directory, generated at the first start.
pub(crate) fn key_ring(dir: &Path) -> anyhow::Result<KeyRing> {
    let path = dir.join("encryption.key");
    if let Ok(text) = fs::read_to_string(&path) {
        return KeyRing::parse(text.trim()).with_context(|| format!("{} cannot be used", path.display()));
    }
    let (keys, text) = KeyRing::generate();
    write_private(&path, &text)?;
    tracing::info!(path = %path.display(), "generated an encryption key; keep a copy: without it the secrets are lost");
    Ok(keys)
}

#[expect(clippy::disallowed_methods, reason = "the generated key is written to its own file, mode 0600")]
fn write_private(path: &Path, text: &Secret<String>) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(text.expose().as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// The key of audit finger prints, generated at the first start.
pub(crate) fn fingerprint_key(dir: &Path) -> anyhow::Result<[u8; 32]> {
    let path = dir.join("fingerprint.key");
    if let Ok(text) = fs::read_to_string(&path) {
        let bytes = hex::decode(text.trim()).with_context(|| format!("{} cannot be used", path.display()))?;
        return bytes.try_into().map_err(|_| anyhow::anyhow!("{} is not 32 bytes", path.display()));
    }
    let key = crate::random::bytes();
    write_private(&path, &Secret::from(hex::encode(key)))?;
    Ok(key)
}
