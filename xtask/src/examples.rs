//! `cargo xtask examples`: the strategies of `examples/` as components in `target/examples/`, each built from
//! source by its language's own tools, which are installed below `target/tools`.
//!
//! Python takes its time, so an example is built when something that goes into it has changed ([`inputs`]).

mod inputs;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{self, Profile};
use crate::plugins::{component, toolchain};
use crate::{paths, process, tools};

/// One component of an example.
struct Example {
    /// Folder below `examples`.
    folder: &'static str,
    /// File of the component, in the folder and in `target/examples`.
    file: &'static str,
    build: Build,
}

/// Who builds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Build {
    /// `npm run build`, as the example's page says.
    Npm,
    /// The same without `--stub-wasi`: the component imports WASI.
    NpmUnstubbed,
    /// `make <file>`.
    Make,
    /// Cargo, then our own encoder: its page names the same two steps.
    Cargo,
}

const EXAMPLES: &[Example] = &[
    Example { folder: "plugin-js", file: "r2-temporary.wasm", build: Build::Npm },
    Example { folder: "plugin-js", file: "r2-temporary-wasi.wasm", build: Build::NpmUnstubbed },
    Example { folder: "plugin-python", file: "vault-aws.wasm", build: Build::Make },
    Example { folder: "plugin-python", file: "vault-aws-wasi.wasm", build: Build::Make },
    Example { folder: "plugin-c", file: "minio-ldap.wasm", build: Build::Make },
    Example { folder: "plugin-rust", file: "token-shop.wasm", build: Build::Cargo },
];

/// The command.
pub(crate) fn run() -> Result<()> {
    // The C example is made with it: its bindings, and the component.
    if !paths::host().is_file() {
        build::host(Profile::Dev)?;
    }
    build_all()
}

/// Builds what has changed. The host is there.
pub(crate) fn build_all() -> Result<()> {
    tools::python()?;
    tools::componentize_js()?;
    tools::program("make", "make")?;
    std::fs::create_dir_all(stamps()).context("cannot create target/examples")?;
    for example in EXAMPLES {
        example.built().with_context(|| format!("example {}", example.folder))?;
    }
    Ok(())
}

fn stamps() -> PathBuf {
    paths::examples().join(".stamps")
}

impl Example {
    fn source(&self) -> PathBuf {
        paths::root().join("examples").join(self.folder)
    }

    fn built(&self) -> Result<()> {
        let target = paths::examples().join(self.file);
        let stamp = stamps().join(self.file);
        let wanted = inputs::digest(&self.source(), self.build)?;
        if target.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
            println!("{} is up to date", self.file);
            return Ok(());
        }
        println!("building {}", self.file);
        let bytes = self.component()?;
        std::fs::write(&target, bytes).with_context(|| format!("cannot write {}", target.display()))?;
        std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
    }

    fn component(&self) -> Result<Vec<u8>> {
        let made = self.source().join(self.file);
        match self.build {
            Build::Npm => process::run(self.tool("npm").args(["run", "--silent", "build"]))?,
            Build::NpmUnstubbed => {
                let mut tool = self.tool("componentize-qjs");
                tool.args(["--wit", "wit", "--world", "reach", "--js", "src/plugin.js", "--sync", "--output"]);
                process::run(tool.arg(&made))?;
            }
            Build::Make => process::run(self.tool("make").args(["--silent", "--always-make", self.file]))?,
            Build::Cargo => return rust(&self.source()),
        }
        let bytes = std::fs::read(&made).with_context(|| format!("cannot read {}", made.display()))?;
        std::fs::remove_file(&made).with_context(|| format!("cannot remove {}", made.display()))?;
        Ok(bytes)
    }

    /// A program of the example's tools, in its folder.
    fn tool(&self, program: &str) -> Command {
        let mut command = Command::new("env");
        command.current_dir(self.source()).arg(format!("PATH={}", tools::path())).arg(program);
        command
    }
}

/// A crate of a workspace of its own, as an outsider's is.
fn rust(folder: &Path) -> Result<Vec<u8>> {
    let core = toolchain::find()?.build_crate(folder, "plugin_rust")?;
    let bytes = std::fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
    component::encode(&bytes, &["types", "http"], &["strategy"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_a_strategy_is_built() {
        let folders = std::fs::read_dir(paths::root().join("examples")).unwrap();
        let names = folders.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        for name in names.filter(|name| name.starts_with("plugin-")) {
            assert!(EXAMPLES.iter().any(|example| example.folder == name), "{name}");
        }
    }
}
