//! The SDK for Rust, as a crate that needs nothing of this workspace.

use std::path::Path;

use super::files::{self, File, files};
use crate::wit;

/// What the SDK is without its manifest, which names the workspace.
pub(super) const SOURCES: &[File] = files!("../../../../plugins/sdk":
    "README.md",
    "doc/token_shop.rs",
    "src/arena.rs",
    "src/azure.rs",
    "src/clock.rs",
    "src/config.rs",
    "src/credential.rs",
    "src/crypto.rs",
    "src/description.rs",
    "src/error.rs",
    "src/gcp.rs",
    "src/guest.rs",
    "src/guest/calls.rs",
    "src/guest/convert.rs",
    "src/http.rs",
    "src/leases.rs",
    "src/lib.rs",
    "src/log.rs",
    "src/presign.rs",
    "src/request.rs",
    "src/signing.rs",
    "src/slots.rs",
    "src/sts.rs",
    "src/testing.rs",
    "src/testing/calls.rs",
    "src/testing/tests.rs",
);

/// The manifest outside of the workspace; a test holds its versions to those of the workspace.
pub(super) const MANIFEST: &str = include_str!("../../templates/sdk/Cargo.toml");

/// Writes the crate.
pub(super) fn write(folder: &Path) -> anyhow::Result<()> {
    files::write(&folder.join("Cargo.toml"), MANIFEST)?;
    for (path, text) in SOURCES {
        files::write(&folder.join(path), text)?;
    }
    wit::write(&folder.join("wit"))
}
