//! The file of a SQLite database: who may read it, and one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::open::OpenError;

/// Only the host's own user.
const MODE: u32 = 0o600;

/// A database that this process holds. The lock ends when it is dropped.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    _lock: File,
}

/// The absolute path that a URL names.
pub(crate) fn path_of(url: &str) -> Result<PathBuf, OpenError> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" || path.ends_with('/') {
        return Err(OpenError::Url);
    }
    std::path::absolute(path).map_err(OpenError::File)
}

/// The URL by which the driver opens that path. Everything that a URL could read otherwise is
/// percent-encoded.
pub(crate) fn url_of(path: &Path) -> String {
    let mut url = "sqlite://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            url.push(char::from(*byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

/// Creates the file if need be and takes its lock.
pub(crate) fn take(path: &Path) -> Result<SqliteFile, OpenError> {
    let lock_path = beside(path, ".lock");
    let lock = private(&lock_path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => return Err(OpenError::File(error)),
    }
    // The log and the shared memory take their mode from the database.
    let database = private(path)?;
    let permissions = database.metadata().map_err(OpenError::File)?.permissions();
    if permissions.mode() & 0o777 != MODE {
        std::fs::set_permissions(path, PermissionsExt::from_mode(MODE)).map_err(OpenError::File)?;
    }
    Ok(SqliteFile { _lock: lock })
}

/// Whether another process holds the database. Nothing is made or changed.
pub(crate) fn is_held(path: &Path) -> Result<bool, OpenError> {
    let lock = match File::open(beside(path, ".lock")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(OpenError::File)?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(OpenError::File(error)),
    }
}

fn private(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .open(path)
        .map_err(OpenError::File)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        assert_eq!(path_of("sqlite:///var/lib/p.db").unwrap(), Path::new("/var/lib/p.db"));
        assert_eq!(path_of("sqlite:///var/lib/p.db?mode=rwc").unwrap(), Path::new("/var/lib/p.db"));
        assert!(path_of("sqlite://data/p.db").unwrap().is_absolute());
        for url in ["sqlite::memory:", "sqlite://", "sqlite:///var/lib/"] {
            assert!(matches!(path_of(url), Err(OpenError::Url)), "{url}");
        }
    }

    #[test]
    fn who_looks_holds_nothing_and_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.db");
        assert!(!is_held(&path).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let held = take(&path).unwrap();
        assert!(is_held(&path).unwrap());
        drop(held);
        assert!(!is_held(&path).unwrap());
        assert!(take(&path).is_ok());
    }

    #[test]
    fn odd_paths_survive_the_url() {
        assert_eq!(url_of(Path::new("/a b/c?d#e%.db")), "sqlite:///a%20b/c%3Fd%23e%25.db");
    }
}
