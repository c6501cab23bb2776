//! `cargo xtask freeze`: keeps the contract of this version for ever, as text and as a component that was built
//! against it. Tests hold every later contract and host to both.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{paths, plugins};

/// The command.
pub(crate) fn run() -> Result<()> {
    let wit = paths::root().join("wit");
    let version = version(&wit)?;
    let frozen = wit.join("frozen").join(&version);
    let component = paths::root().join("tests/compat").join(format!("{version}.wasm"));
    if frozen.exists() || component.exists() {
        bail!("{version} is frozen already: a contract that changes takes a new version (wit/README.md)");
    }
    std::fs::create_dir_all(&frozen).with_context(|| format!("cannot make {}", frozen.display()))?;
    for entry in std::fs::read_dir(&wit)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wit") {
            let target = frozen.join(path.file_name().unwrap_or_default());
            std::fs::copy(&path, &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    let built = plugins::build_compat()?;
    std::fs::copy(&built, &component).with_context(|| format!("cannot write {}", component.display()))?;
    println!("pangolin:vending@{version} is frozen: {} and {}", frozen.display(), component.display());
    Ok(())
}

/// The version that `world.wit` names.
fn version(wit: &Path) -> Result<String> {
    let world = std::fs::read_to_string(wit.join("world.wit"))?;
    let package = world.lines().find_map(|line| line.strip_prefix("package pangolin:vending@"));
    Ok(package.and_then(|rest| rest.strip_suffix(';')).context("wit/world.wit names no version")?.to_owned())
}
