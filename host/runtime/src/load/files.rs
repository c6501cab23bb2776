//! Reading the plugin directory: only regular files in it, that nobody but the owner can write.

use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Size of the largest component. A Python runtime is 18 MB.
const MAX_COMPONENT_BYTES: u64 = 64 << 20;

/// Someone else could replace the file or the directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPrivate {
    /// By its mode.
    #[error("{path} can be written by its group or by everyone (mode {mode:o}): run `chmod go-w {path}`")]
    Mode {
        /// What.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// By its owner.
    #[error("{path} belongs to user {owner}: it must belong to root or to the user that the host runs as")]
    Owner {
        /// What.
        path: PathBuf,
        /// The owner's id.
        owner: u32,
    },
}

/// Why a file, or the whole directory, is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    NotPrivate(#[from] NotPrivate),
    #[error("{0} is not a directory")]
    NotADirectory(PathBuf),
    #[error("this is a link to {0}, outside the plugin directory: put the file itself there")]
    Outside(PathBuf),
    #[error("this is not a regular file")]
    NotAFile,
    #[error("the file has more than {MAX_COMPONENT_BYTES} bytes")]
    TooLarge,
}

/// Refuses what others than root and the host's own user can write.
pub(crate) fn require_private(path: &Path, metadata: &Metadata) -> Result<(), NotPrivate> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(NotPrivate::Mode { path: path.to_owned(), mode });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(NotPrivate::Owner { path: path.to_owned(), owner });
    }
    Ok(())
}

/// The `*.wasm` files of the directory, sorted by name. Blocking.
pub(crate) fn list(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = |source| FileError::Io { path: directory.to_owned(), source };
    let metadata = std::fs::metadata(directory).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(FileError::NotADirectory(directory.to_owned()));
    }
    require_private(directory, &metadata)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads one file of the directory. What is checked is the opened file, not its name. Blocking.
pub(crate) fn read(directory: &Path, path: &Path) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let target = path.canonicalize().map_err(failed)?;
    if !target.starts_with(directory.canonicalize().map_err(failed)?) {
        return Err(FileError::Outside(target));
    }
    // A FIFO would block the open; a link put there meanwhile must not be followed.
    let flags = rustix::fs::OFlags::RDONLY
        | rustix::fs::OFlags::NOFOLLOW
        | rustix::fs::OFlags::NONBLOCK
        | rustix::fs::OFlags::CLOEXEC;
    let opened = rustix::fs::open(&target, flags, rustix::fs::Mode::empty()).map_err(|error| failed(error.into()))?;
    let file = std::fs::File::from(opened);
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    require_private(&target, &metadata)?;
    if metadata.len() > MAX_COMPONENT_BYTES {
        return Err(FileError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(MAX_COMPONENT_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_COMPONENT_BYTES {
        return Err(FileError::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        directory
    }

    fn write(path: &Path, mode: u32) {
        std::fs::write(path, b"bytes").unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_wasm_files_are_listed_in_order() {
        let directory = directory();
        for name in ["b.wasm", "a.wasm", "a.cwasm", "readme.md"] {
            write(&directory.path().join(name), 0o644);
        }
        let names: Vec<_> = list(directory.path()).unwrap().iter().map(|path| super::super::file_name(path)).collect();
        assert_eq!(names, ["a.wasm", "b.wasm"]);
    }

    #[test]
    fn what_others_can_write_is_refused() {
        let directory = directory();
        let file = directory.path().join("a.wasm");
        for mode in [0o664, 0o646] {
            write(&file, mode);
            assert!(matches!(read(directory.path(), &file), Err(FileError::NotPrivate(NotPrivate::Mode { .. }))));
        }
        write(&file, 0o644);
        assert_eq!(read(directory.path(), &file).unwrap(), b"bytes");
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let message = list(directory.path()).unwrap_err().to_string();
        assert!(message.contains("chmod go-w"), "{message}");
    }

    #[test]
    fn a_link_is_followed_inside_the_directory_only() {
        let (inside, outside) = (directory(), directory());
        write(&outside.path().join("x"), 0o644);
        write(&inside.path().join("real"), 0o644);
        symlink(outside.path().join("x"), inside.path().join("out.wasm")).unwrap();
        symlink("real", inside.path().join("in.wasm")).unwrap();
        assert!(matches!(read(inside.path(), &inside.path().join("out.wasm")), Err(FileError::Outside(_))));
        assert!(read(inside.path(), &inside.path().join("in.wasm")).is_ok());
    }

    #[test]
    fn a_directory_and_a_fifo_are_not_files() {
        let directory = directory();
        let path = directory.path().join("dir.wasm");
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(read(directory.path(), &path), Err(FileError::NotAFile)));
        let fifo = directory.path().join("fifo.wasm");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(read(directory.path(), &fifo), Err(FileError::NotAFile)));
    }
}
