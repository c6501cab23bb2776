//! Builds the host. The components come first: it trusts their digests.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{paths, plugins, process};

/// How the host is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Tests, demo and `serve`.
    Dev,
    /// Measurements.
    Release,
}

/// Builds the components and the host; the host's binary.
pub(crate) fn host(profile: Profile) -> Result<PathBuf> {
    plugins::build()?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(paths::root()).args(["build", "--locked", "--package", "pangolin-server"]);
    let directory = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            cargo.arg("--release");
            "release"
        }
    };
    process::run(&mut cargo)?;
    Ok(paths::target().join(directory).join("pangolin"))
}
