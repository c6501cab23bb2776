//! Files of the release that are part of this program.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Path in the project, and text.
pub(super) type File = (&'static str, &'static str);

/// The files of a folder, by their paths in it.
macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!($folder, "/", $path)))),+]
    };
}
pub(super) use files;

/// Writes one, with the folders above it. A script can be run.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let unwritten = || format!("{} cannot be written", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(unwritten)?;
    }
    std::fs::write(path, text).with_context(unwritten)?;
    if text.starts_with("#!") {
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).with_context(unwritten)?;
    }
    Ok(())
}
