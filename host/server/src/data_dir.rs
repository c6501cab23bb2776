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
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| cannot_be_made(dir))
}

fn cannot_be_made(dir: &Path) -> String {
    format!("the data directory {} cannot be made", dir.display())
}

/// Whether it is there; an error, if it could not be made or written to. Nothing is made.
pub(crate) fn look(dir: &Path) -> anyhow::Result<bool> {
    let there = fs::metadata(dir).is_ok_and(|found| found.is_dir());
    if !there && fs::symlink_metadata(dir).is_ok() {
        let taken = std::io::Error::from(rustix::io::Errno::EXIST);
        return Err(taken).with_context(|| cannot_be_made(dir));
    }
    // The nearest directory that is there decides.
    let absolute = std::path::absolute(dir).with_context(|| cannot_be_made(dir))?;
    let nearest = absolute.ancestors().find(|above| fs::symlink_metadata(above).is_ok()).unwrap_or(&absolute);
    let usable = if fs::metadata(nearest).is_ok_and(|found| found.is_dir()) {
        rustix::fs::access(nearest, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
    } else {
        Err(rustix::io::Errno::NOTDIR)
    };
    let what = || {
        if there { format!("the data directory {} cannot be written to", dir.display()) } else { cannot_be_made(dir) }
    };
    usable.map_err(std::io::Error::from).with_context(what)?;
    Ok(there)
}

/// The files of keys that others than their owner may read or write, and the directory itself.
pub(crate) fn open_to_others(dir: &Path) -> Vec<(PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: PathBuf| fs::metadata(&path).ok().map(|found| (path, found.permissions().mode() & 0o777));
    let all = [dir.to_owned(), key_file(dir), fingerprint_file(dir)];
    all.into_iter().filter_map(mode).filter(|(_, mode)| mode & 0o077 != 0).collect()
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
    if let Some(key) = existing_fingerprint_key(dir)? {
        return Ok(key);
    }
    let key = crate::random::bytes();
    write_private(&fingerprint_file(dir), &Secret::from(hex::encode(key)))?;
    Ok(key)
}

fn fingerprint_file(dir: &Path) -> PathBuf {
    dir.join("fingerprint.key")
}

/// The same, if there is one.
pub(crate) fn existing_fingerprint_key(dir: &Path) -> anyhow::Result<Option<[u8; 32]>> {
    let path = fingerprint_file(dir);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let unusable = || {
        format!(
            "{} cannot be used: it must be 32 bytes in hexadecimal; restore it, or remove it: then finger prints of before compare with none of after",
            path.display()
        )
    };
    let bytes = hex::decode(text.trim()).ok().with_context(unusable)?;
    bytes.try_into().ok().map(Some).with_context(unusable)
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
    fn a_look_makes_nothing_and_says_what_a_start_says() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(look(dir.path()).unwrap());
        assert!(!look(&dir.path().join("a/b")).unwrap());
        for path in [file.clone(), file.join("below"), file.join("far/below")] {
            let (looked, made) = (look(&path).unwrap_err(), prepare(&path).unwrap_err());
            assert_eq!(format!("{looked:#}"), format!("{made:#}"));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_of_finger_prints_is_read_or_refused_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(existing_fingerprint_key(dir.path()).unwrap(), None);
        let key = fingerprint_key(dir.path()).unwrap();
        assert_eq!(fingerprint_key(dir.path()).unwrap(), key);
        for text in ["", "abcd", "not hexadecimal"] {
            fs::write(dir.path().join("fingerprint.key"), text).unwrap();
            let error = fingerprint_key(dir.path()).unwrap_err().to_string();
            assert!(error.contains("fingerprint.key cannot be used"), "{error}");
        }
    }

    #[test]
    fn what_others_can_reach_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        key_ring(dir.path()).unwrap();
        set(dir.path(), 0o700);
        assert_eq!(open_to_others(dir.path()), []);
        set(&key_file(dir.path()), 0o640);
        set(dir.path(), 0o750);
        assert_eq!(open_to_others(dir.path()), [(dir.path().to_owned(), 0o750), (key_file(dir.path()), 0o640)]);
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
