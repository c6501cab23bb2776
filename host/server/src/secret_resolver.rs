//! Reads `secret_ref`: environment, then the orchestrator's mount.

use std::path::Path;

use pangolin_core::secret::Secret;
use pangolin_core::secret_ref::{Places, SecretRefError, SecretResolver, clean, places};

/// The places of document 004.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemSecrets;

impl SecretResolver for SystemSecrets {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads secrets from the environment")]
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError> {
        let places = places(name)?;
        if let Some(value) = std::env::var(&places.variable).ok().as_deref().and_then(clean) {
            return Ok(value);
        }
        from_mount(&places)
    }
}

/// The mounted file, or the key of a mounted directory.
fn from_mount(places: &Places) -> Result<Secret<String>, SecretRefError> {
    let path = Path::new(&places.path);
    if path.is_dir() {
        for key in &places.keys {
            if let Some(value) = read(places, Path::new(key))? {
                return Ok(value);
            }
        }
        return only_key(places, path);
    }
    read(places, path)?.ok_or_else(|| places.not_found())
}

/// The one key of a directory; the mount's own links start with two dots.
fn only_key(places: &Places, dir: &Path) -> Result<Secret<String>, SecretRefError> {
    let entries = std::fs::read_dir(dir).map_err(|error| unreadable(places, &error.kind().to_string()))?;
    let mut keys = entries
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with(".."))
        .map(|entry| entry.path());
    match (keys.next(), keys.next()) {
        (Some(only), None) => read(places, &only)?.ok_or_else(|| places.not_found()),
        (Some(_), Some(_)) => {
            Err(unreadable(places, "it is a directory with several keys and none of the expected name"))
        }
        _ => Err(places.not_found()),
    }
}

fn read(places: &Places, file: &Path) -> Result<Option<Secret<String>>, SecretRefError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(clean(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(places, &error.kind().to_string())),
    }
}

fn unreadable(places: &Places, reason: &str) -> SecretRefError {
    SecretRefError::Unreadable { name: places.name.clone(), path: places.path.clone(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mount: &Path, name: &str) -> Places {
        let path = mount.join(name).display().to_string();
        let keys = [format!("{path}/{name}"), format!("{path}/value")];
        Places { path, keys, ..places(name).unwrap() }
    }

    #[expect(clippy::disallowed_methods, reason = "a test looks at the secret")]
    #[test]
    fn a_mount_is_a_file_or_a_directory_of_keys() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("dir");
        std::fs::write(mount.path().join("plain"), "s3cret\n").unwrap();
        std::fs::create_dir(&dir).unwrap();
        assert!(matches!(from_mount(&at(mount.path(), "dir")), Err(SecretRefError::NotFound { .. })));
        std::fs::write(dir.join("password"), "other").unwrap();
        assert_eq!(from_mount(&at(mount.path(), "plain")).unwrap().expose(), "s3cret");
        assert_eq!(from_mount(&at(mount.path(), "dir")).unwrap().expose(), "other");
        std::fs::write(dir.join("second"), "x").unwrap();
        assert!(matches!(from_mount(&at(mount.path(), "dir")), Err(SecretRefError::Unreadable { .. })));
        std::fs::write(dir.join("value"), "named").unwrap();
        assert_eq!(from_mount(&at(mount.path(), "dir")).unwrap().expose(), "named");
        assert!(matches!(from_mount(&at(mount.path(), "none")), Err(SecretRefError::NotFound { .. })));
    }
}
