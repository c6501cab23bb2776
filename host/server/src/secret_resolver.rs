//! Reads `secret_ref`: environment, then the orchestrator's mount.

use std::path::{Path, PathBuf};

use pangolin_core::secret::Secret;
use pangolin_core::secret_ref::{OWN_FILES, Places, SecretRefError, SecretResolver, clean, places};

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
        let own = OWN_FILES.iter().filter_map(std::env::var_os).filter_map(|file| Path::new(&file).canonicalize().ok());
        from_mount(&places, &own.collect::<Vec<_>>())
    }
}

/// The mounted file, or the key of a mounted directory. Files of the host's `own` are nobody's secret.
fn from_mount(places: &Places, own: &[PathBuf]) -> Result<Secret<String>, SecretRefError> {
    let path = Path::new(&places.path);
    if path.is_dir() {
        for key in &places.keys {
            if let Some(value) = read(places, Path::new(key), own)? {
                return Ok(value);
            }
        }
        return only_key(places, path, own);
    }
    read(places, path, own)?.ok_or_else(|| places.not_found())
}

/// The one key of a directory; the mount's own links start with two dots.
fn only_key(places: &Places, dir: &Path, own: &[PathBuf]) -> Result<Secret<String>, SecretRefError> {
    let entries = std::fs::read_dir(dir).map_err(|error| unreadable(places, &error.kind().to_string()))?;
    let mut keys = entries
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with(".."))
        .map(|entry| entry.path());
    match (keys.next(), keys.next()) {
        (Some(only), None) => read(places, &only, own)?.ok_or_else(|| places.not_found()),
        (Some(_), Some(_)) => {
            Err(unreadable(places, "it is a directory with several keys and none of the expected name"))
        }
        _ => Err(places.not_found()),
    }
}

fn read(places: &Places, file: &Path, own: &[PathBuf]) -> Result<Option<Secret<String>>, SecretRefError> {
    // As mounts are made of links, the file behind them counts.
    if file.canonicalize().is_ok_and(|file| own.contains(&file)) {
        return Err(SecretRefError::Reserved(places.name.clone()));
    }
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
        assert!(matches!(from_mount(&at(mount.path(), "dir"), &[]), Err(SecretRefError::NotFound { .. })));
        std::fs::write(dir.join("password"), "other").unwrap();
        assert_eq!(from_mount(&at(mount.path(), "plain"), &[]).unwrap().expose(), "s3cret");
        assert_eq!(from_mount(&at(mount.path(), "dir"), &[]).unwrap().expose(), "other");
        std::fs::write(dir.join("second"), "x").unwrap();
        assert!(matches!(from_mount(&at(mount.path(), "dir"), &[]), Err(SecretRefError::Unreadable { .. })));
        std::fs::write(dir.join("value"), "named").unwrap();
        assert_eq!(from_mount(&at(mount.path(), "dir"), &[]).unwrap().expose(), "named");
        assert!(matches!(from_mount(&at(mount.path(), "none"), &[]), Err(SecretRefError::NotFound { .. })));
    }

    /// The host's own identity may be mounted beside the tenants' secrets, under any name.
    #[test]
    fn a_file_of_the_hosts_own_is_no_secret_of_a_tenant() {
        let mount = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(mount.path().join("lake-sa/..data")).unwrap();
        let own = mount.path().join("lake-sa/..data/key.json");
        std::fs::write(&own, "the host's own key").unwrap();
        std::os::unix::fs::symlink("..data/key.json", mount.path().join("lake-sa/key.json")).unwrap();
        std::os::unix::fs::symlink("lake-sa/key.json", mount.path().join("plain-name")).unwrap();
        let own = [own.canonicalize().unwrap()];
        for name in ["lake-sa", "plain-name"] {
            let refused = from_mount(&at(mount.path(), name), &own);
            assert!(matches!(refused, Err(SecretRefError::Reserved(_))), "{name}: {refused:?}");
            assert!(from_mount(&at(mount.path(), name), &[]).is_ok(), "{name}");
        }
    }
}
