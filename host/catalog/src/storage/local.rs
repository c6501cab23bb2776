//! Files below the operator's directory. Nothing else of the machine can be named: the path is
//! walked part by part, and a symbolic link on the way is refused.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use pangolin_core::location::Location;

use super::{MAX_METADATA_BYTES, StorageError};

type Result<T> = std::result::Result<T, StorageError>;

/// Files below one directory.
#[derive(Debug, Clone)]
pub(crate) struct LocalFiles {
    root: Arc<PathBuf>,
}

impl LocalFiles {
    pub(super) fn new(root: Option<Arc<PathBuf>>) -> Result<Self> {
        root.map(|root| Self { root }).ok_or(StorageError::LocalDisabled)
    }

    pub(super) async fn write(&self, file: &Location, content: Arc<str>) -> Result<()> {
        self.blocking(file, move |files, file| files.write_now(file, content.as_bytes())).await
    }

    pub(super) async fn read(&self, file: &Location) -> Result<String> {
        self.blocking(file, Self::read_now).await
    }

    pub(super) async fn delete(&self, file: &Location) -> Result<()> {
        self.blocking(file, |files, file| {
            let path = files.walk(file, Missing::Fail)?;
            fs::remove_file(path).map_err(|error| StorageError::of_io(file.as_str(), &error))
        })
        .await
    }

    pub(super) async fn purge(&self, location: &Location) -> Result<()> {
        self.blocking(location, |files, location| {
            let path = files.walk(location, Missing::Fail)?;
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => fs::remove_dir_all(path),
                Ok(_) => return Err(StorageError::LocalOutside(location.to_string())),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            }
            .map_err(|error| StorageError::of_io(location.as_str(), &error))
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        file: &Location,
        work: impl FnOnce(&Self, &Location) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (files, file) = (self.clone(), file.clone());
        let name = file.to_string();
        tokio::task::spawn_blocking(move || work(&files, &file))
            .await
            .map_err(|_| StorageError::Failed { file: name, reason: "the host is stopping".to_owned() })?
    }

    fn write_now(&self, file: &Location, content: &[u8]) -> Result<()> {
        let path = self.walk(file, Missing::Create)?;
        let fault = |error| StorageError::of_io(file.as_str(), &error);
        // Never over an existing file, and never through a link.
        let mut handle = fs::File::options().write(true).create_new(true).open(path).map_err(fault)?;
        handle.write_all(content).map_err(fault)?;
        handle.sync_all().map_err(fault)
    }

    fn read_now(&self, file: &Location) -> Result<String> {
        let path = self.walk(file, Missing::Fail)?;
        let fault = |error| StorageError::of_io(file.as_str(), &error);
        let found = fs::symlink_metadata(&path).map_err(fault)?;
        if !found.is_file() {
            return Err(StorageError::LocalOutside(file.to_string()));
        }
        if found.len() > MAX_METADATA_BYTES {
            return Err(StorageError::TooLarge(file.to_string()));
        }
        let mut content = String::new();
        fs::File::open(path)
            .and_then(|handle| handle.take(MAX_METADATA_BYTES).read_to_string(&mut content))
            .map_err(fault)?;
        Ok(content)
    }

    /// The path of a location, every directory above it checked to be one.
    fn walk(&self, location: &Location, missing: Missing) -> Result<PathBuf> {
        let outside = || StorageError::LocalOutside(location.to_string());
        let fault = |error| StorageError::of_io(location.as_str(), &error);
        if location.scheme() != "file" {
            return Err(outside());
        }
        let root = self.root.canonicalize().map_err(|error| match error.kind() {
            // Else the text would blame the file, which is one of many.
            ErrorKind::NotFound => StorageError::Failed { file: location.to_string(), reason: NO_ROOT.to_owned() },
            _ => fault(error),
        })?;
        let absolute = Path::new("/").join(location.key());
        let inside = absolute.strip_prefix(self.root.as_ref()).or_else(|_| absolute.strip_prefix(&root));
        let inside = inside.map_err(|_| outside())?;
        let mut path = root;
        let mut parts = inside.components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else { return Err(outside()) };
            path.push(name);
            if parts.peek().is_none() {
                return Ok(path);
            }
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(outside()),
                Err(error) if error.kind() == ErrorKind::NotFound && missing == Missing::Create => {
                    create_directory(&path).map_err(fault)?;
                }
                Err(error) => return Err(fault(error)),
            }
        }
        // The root itself is no file.
        Err(outside())
    }
}

/// What the operator has to do.
const NO_ROOT: &str = "the operator's directory for local storage (PANGOLIN_LOCAL_STORAGE_DIR) is not there";

/// What to do about a directory that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Fail,
}

fn create_directory(path: &Path) -> std::io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && fs::symlink_metadata(path)?.is_dir() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
