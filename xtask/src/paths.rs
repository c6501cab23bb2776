//! Where things are.

use std::path::{Path, PathBuf};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Everything built or downloaded.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The built components, and nothing else.
pub(crate) fn plugins() -> PathBuf {
    target().join("plugins")
}

/// The component that misbehaves, for tests.
pub(crate) fn hostile_plugins() -> PathBuf {
    target().join("plugins-hostile")
}

/// The components of `examples/`.
pub(crate) fn examples() -> PathBuf {
    target().join("examples")
}

/// The host as tests and examples use it.
pub(crate) fn host() -> PathBuf {
    target().join("debug/pangolin")
}

/// Cargo's target directory of the guests: apart, so that it does not disturb the host's.
pub(crate) fn wasm() -> PathBuf {
    target().join("wasm")
}
