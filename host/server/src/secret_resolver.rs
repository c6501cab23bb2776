//! Reads `secret_ref`: environment, then the orchestrator's mount (a file, or a directory with
//! one key).

use std::path::Path;

use pangolin_core::secret::Secret;
use pangolin_core::secret_ref::{MOUNT, SecretRefError, SecretResolver, check_name, variable};

/// The two places of document 004.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemSecrets;

impl SecretResolver for SystemSecrets {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads secrets from the environment")]
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError> {
        check_name(name)?;
        if let Ok(value) = std::env::var(variable(name))
            && !value.is_empty()
        {
            return Ok(Secret::from(value));
        }
        from_mount(Path::new(MOUNT), name)
    }
}

fn from_mount(mount: &Path, name: &str) -> Result<Secret<String>, SecretRefError> {
    let path = mount.join(name);
    let unreadable = |reason: String| SecretRefError::Unreadable {
        name: name.to_owned(),
        path: path.display().to_string(),
        reason,
    };
    if !path.exists() {
        return Err(SecretRefError::NotFound {
            name: name.to_owned(),
            variable: variable(name),
            path: path.display().to_string(),
        });
    }
    // A mounted Kubernetes secret is a directory of keys; its own links start with two dots.
    let file = if path.is_dir() {
        let mut keys = std::fs::read_dir(&path)
            .map_err(|error| unreadable(error.to_string()))?
            .filter_map(Result::ok)
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with(".."))
            .map(|entry| entry.path());
        match (keys.next(), keys.next()) {
            (Some(only), None) => only,
            (Some(_), Some(_)) => return Err(unreadable("it is a directory with more than one key".to_owned())),
            _ => return Err(unreadable("it is an empty directory".to_owned())),
        }
    } else {
        path.clone()
    };
    let text = std::fs::read_to_string(&file).map_err(|error| unreadable(error.to_string()))?;
    Ok(Secret::from(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test looks at the secret")]
    #[test]
    fn a_mount_is_a_file_or_a_directory_with_one_key() {
        let mount = tempfile::tempdir().unwrap();
        std::fs::write(mount.path().join("plain"), "s3cret\n").unwrap();
        std::fs::create_dir(mount.path().join("dir")).unwrap();
        std::fs::write(mount.path().join("dir/value"), "other").unwrap();
        assert_eq!(from_mount(mount.path(), "plain").unwrap().expose(), "s3cret");
        assert_eq!(from_mount(mount.path(), "dir").unwrap().expose(), "other");
        std::fs::write(mount.path().join("dir/second"), "x").unwrap();
        assert!(matches!(from_mount(mount.path(), "dir"), Err(SecretRefError::Unreadable { .. })));
        let missing = from_mount(mount.path(), "none").unwrap_err().to_string();
        assert!(missing.contains("NONE") && missing.contains("/none"), "{missing}");
    }
}
