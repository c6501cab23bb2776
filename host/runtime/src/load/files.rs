//! Reading the plugin directory: only regular files in it, that nobody but the owner can write.
//!
//! Who can write where is read from the modes. On a mount that is read-only they say nothing and
//! are not asked: a Kubernetes ConfigMap shows mode 0777 there.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, StatVfsMountFlags};

use crate::signature::MAX_SIGNATURE_FILE_BYTES;

/// Size of the largest component. A Python runtime is 18 MB.
pub const MAX_COMPONENT_BYTES: u64 = 64 << 20;

/// Components of one directory. Each is read and hashed at every change.
pub(crate) const MAX_COMPONENTS: usize = 1_000;

/// What the name of a component's signatures has more than its own.
pub(crate) const SIGNATURES: &str = ".sig";

/// Write permission of group and others.
const WRITABLE: u32 = 0o022;

/// Write permission of others, without the bit that leaves each entry to its owner.
const EVERYBODYS: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// A path for messages, which go into logs and to terminals: its names are somebody's choice.
fn shown(path: &Path) -> String {
    crate::text::printable(&path.to_string_lossy(), 1_000)
}

/// Someone else could replace the file or the directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPrivate {
    /// By its mode.
    #[error(
        "{path} can be written by its group or by everyone (mode {mode:o}): run `chmod go-w {path}`",
        path = shown(.path)
    )]
    Mode {
        /// What.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// By its owner.
    #[error(
        "{path} belongs to user {owner}: it must belong to root or to the user that the host runs as",
        path = shown(.path)
    )]
    Owner {
        /// What.
        path: PathBuf,
        /// The owner's id.
        owner: u32,
    },
    /// By the mode of a directory above it.
    #[error(
        "{path} lies below {above}, in which everyone can rename and replace (mode {mode:o}): run `chmod o-w {above}`, \
         or `chmod +t {above}`",
        path = shown(.path), above = shown(.above)
    )]
    Above {
        /// What.
        path: PathBuf,
        /// The directory above.
        above: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Why a file, or the whole directory, is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{path}: {source}", path = shown(.path))]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    NotPrivate(#[from] NotPrivate),
    #[error("{} is not a directory", shown(.0))]
    NotADirectory(PathBuf),
    #[error("this is a link to {}, outside the plugin directory: put the file itself there", shown(.0))]
    Outside(PathBuf),
    #[error("{} is not a regular file", shown(.0))]
    NotAFile(PathBuf),
    #[error("{} has more than {} bytes", shown(.0), .1)]
    TooLarge(PathBuf, u64),
    #[error("{} has more than {MAX_COMPONENTS} components", shown(.0))]
    TooMany(PathBuf),
}

/// Refuses what others than root and the host's own user can write. `opened` is the thing itself,
/// `path` names it.
pub(crate) fn require_private(path: &Path, metadata: &Metadata, opened: impl AsFd) -> Result<(), NotPrivate> {
    judge(path, metadata.mode(), metadata.uid(), || is_read_only(opened))
}

fn judge(path: &Path, mode: u32, owner: u32, is_read_only: impl FnOnce() -> bool) -> Result<(), NotPrivate> {
    let mode = mode & 0o7777;
    if mode & WRITABLE != 0 && !is_read_only() {
        return Err(NotPrivate::Mode { path: path.to_owned(), mode });
    }
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(NotPrivate::Owner { path: path.to_owned(), owner });
    }
    Ok(())
}

/// Whether nothing can be written through the mount.
pub(crate) fn is_read_only(opened: impl AsFd) -> bool {
    rustix::fs::fstatvfs(opened).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Refuses a path below a directory in which everyone can put something else in its place. That of
/// a group is left alone: `/usr/local` is one on Debian, and who swaps a directory there still
/// has nothing of its own to put in, as [`require_private`] asks for the owner of each thing.
pub(crate) fn require_steady(path: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    for above in all_above(path).map_err(failed)? {
        let mode = std::fs::metadata(&above).map_err(failed)?.mode() & 0o7777;
        if mode & (EVERYBODYS | STICKY) == EVERYBODYS && !open_directory(&above).is_ok_and(is_read_only) {
            return Err(NotPrivate::Above { path: path.to_owned(), above, mode }.into());
        }
    }
    Ok(())
}

/// The directories above a path, as it is written and where it really lies.
pub(crate) fn all_above(path: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let real = path.canonicalize()?;
    let written = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new(".").canonicalize()?,
        Some(parent) => parent.canonicalize()?,
        None => PathBuf::from("/"),
    };
    Ok(real.ancestors().skip(1).chain(written.ancestors()).map(Path::to_owned).collect())
}

/// The components of the directory: `*.wasm` but no dot files, sorted by name. Blocking.
pub(crate) fn list(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = |source| FileError::Io { path: directory.to_owned(), source };
    require_private_directory(directory)?;
    require_steady(directory)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !is_component(&path) {
            continue;
        }
        if files.len() == MAX_COMPONENTS {
            return Err(FileError::TooMany(directory.to_owned()));
        }
        files.push(path);
    }
    files.sort();
    Ok(files)
}

/// Whether a file of this name is one to load.
pub(crate) fn is_component(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "wasm")
}

/// Reads one component of the directory. Blocking.
pub(crate) fn read(directory: &Path, path: &Path) -> Result<Vec<u8>, FileError> {
    read_at_most(directory, path, MAX_COMPONENT_BYTES)
}

/// Reads the signatures beside a component, if there are any. Blocking.
pub(crate) fn read_signatures(directory: &Path, component: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let mut path = component.as_os_str().to_owned();
    path.push(SIGNATURES);
    let path = PathBuf::from(path);
    let most = u64::try_from(MAX_SIGNATURE_FILE_BYTES).unwrap_or(u64::MAX);
    match read_at_most(directory, &path, most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FileError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads one file of the directory. What is checked is the opened file, not its name. Blocking.
fn read_at_most(directory: &Path, path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let target = path.canonicalize().map_err(failed)?;
    let directory = directory.canonicalize().map_err(failed)?;
    if !target.starts_with(&directory) {
        return Err(FileError::Outside(target));
    }
    for between in target.ancestors().skip(1).take_while(|between| *between != directory) {
        require_private_directory(between)?;
    }
    // A FIFO would block the open; a link put there meanwhile must not be followed.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&target, flags, rustix::fs::Mode::empty()).map_err(|error| failed(error.into()))?;
    let file = File::from(opened);
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    require_private(&target, &metadata, &file)?;
    let too_large = || FileError::TooLarge(path.to_owned(), most);
    if metadata.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

fn require_private_directory(directory: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::Io { path: directory.to_owned(), source };
    let opened = match open_directory(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(FileError::NotADirectory(directory.to_owned()));
        }
        other => other.map_err(failed)?,
    };
    let metadata = opened.metadata().map_err(failed)?;
    Ok(require_private(directory, &metadata, &opened)?)
}

/// Opens a directory and nothing else: a FIFO in its place would block for ever.
pub(crate) fn open_directory(directory: &Path) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(directory, flags, rustix::fs::Mode::empty())?))
}

/// Opens a file whose kind is not known, without waiting for the other end of a FIFO.
pub(crate) fn open_at_once(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty())?))
}

#[cfg(test)]
mod tests;
