//! The directory of what is the host's own: the database, the generated key, the code cache.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

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
    if let Some(keys) = existing_key_ring(dir)? {
        return Ok(keys);
    }
    let path = key_file(dir);
    let (keys, text) = KeyRing::generate();
    write_private(&path, &text)?;
    tracing::info!(path = %path.display(), "generated an encryption key; keep a copy: without it the secrets are lost");
    Ok(keys)
}

/// The file of the generated key ring.
pub(crate) fn key_file(dir: &Path) -> PathBuf {
    dir.join("encryption.key")
}

/// The key ring of the data directory, if there is one.
pub(crate) fn existing_key_ring(dir: &Path) -> anyhow::Result<Option<KeyRing>> {
    let path = key_file(dir);
    match fs::read_to_string(&path) {
        Ok(text) => KeyRing::parse(text.trim()).map(Some).with_context(|| format!("{} cannot be used", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Puts a key first into the file, which is replaced whole: no reader sees a part of it.
#[expect(clippy::disallowed_methods, reason = "the keys go from their file to their file, mode 0600")]
pub(crate) fn add_key(dir: &Path, key: &Secret<String>) -> anyhow::Result<KeyRing> {
    let path = key_file(dir);
    let text = match fs::read_to_string(&path) {
        Ok(old) => Secret::new(format!("{},{}", key.expose(), Secret::new(old).expose().trim())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => key.clone(),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let keys = KeyRing::parse(text.expose()).with_context(|| format!("{} cannot be used", path.display()))?;
    let new = dir.join("encryption.key.new");
    write_private(&new, &text).context("another run may be adding a key; if none is, remove that file")?;
    fs::rename(&new, &path).with_context(|| format!("{} cannot be replaced", path.display()))?;
    fs::File::open(dir)?.sync_all()?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_put_first_and_the_old_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        assert!(existing_key_ring(dir.path()).unwrap().is_none());
        key_ring(dir.path()).unwrap();
        for id in ["second", "third"] {
            add_key(dir.path(), &KeyRing::generate_named(id).unwrap()).unwrap();
        }
        let keys = existing_key_ring(dir.path()).unwrap().unwrap();
        assert_eq!(keys.ids().collect::<Vec<_>>(), ["third", "second", "default"]);
        assert_eq!(fs::metadata(key_file(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        key_ring(dir.path()).unwrap();
        let before = fs::read_to_string(key_file(dir.path())).unwrap();
        let error = add_key(dir.path(), &KeyRing::generate_named("default").unwrap()).unwrap_err();
        assert!(format!("{error:#}").contains("two encryption keys are called 'default'"), "{error:#}");
        fs::write(dir.path().join("encryption.key.new"), "").unwrap();
        let error = add_key(dir.path(), &KeyRing::generate_named("second").unwrap()).unwrap_err();
        assert!(format!("{error:#}").contains("another run"), "{error:#}");
        assert_eq!(fs::read_to_string(key_file(dir.path())).unwrap(), before);
        fs::write(key_file(dir.path()), "not keys").unwrap();
        assert!(existing_key_ring(dir.path()).is_err() && key_ring(dir.path()).is_err());
    }
}
