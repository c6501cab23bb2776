//! A compiler that can build guests: rustup's target if it is there, else rustup fetches it,
//! else Debian's compiler with the library's sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{paths, process};

const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, the sources of its library, its linker.
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "rust-web-src", "lld-19"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "wasm-ld-19";
/// Guests parse small documents: two pages of stack instead of sixteen keep an instance small,
/// and so quick to make and to wipe.
const STACK_BYTES: u32 = 128 * 1024;

/// Who compiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The toolchain that runs us has the target.
    Installed,
    /// Debian's compiler builds the library too.
    Debian,
}

/// The first that can, fetching what it needs.
pub(crate) fn find() -> Result<Toolchain> {
    if has_target() {
        return Ok(Toolchain::Installed);
    }
    println!("the target {TARGET} is missing: asking rustup for it");
    let added = process::run(Command::new("rustup").args(["target", "add", TARGET]));
    if has_target() {
        return Ok(Toolchain::Installed);
    }
    if !has_debian() {
        println!("rustup cannot fetch it: asking apt-get for {}", DEBIAN_PACKAGES.join(" "));
        let installed = install_debian();
        if !has_debian() {
            let reasons = [added.err(), installed.err()].into_iter().flatten();
            let reasons: Vec<String> = reasons.map(|error| format!("  {error:#}")).collect();
            bail!(
                "no compiler for {TARGET}. Install one of:\n  rustup target add {TARGET}\n  apt-get install {}\n\
                 What was tried:\n{}",
                DEBIAN_PACKAGES.join(" "),
                reasons.join("\n")
            );
        }
    }
    Ok(Toolchain::Debian)
}

/// Fresh machines have no package lists.
fn install_debian() -> Result<()> {
    process::run(Command::new("apt-get").args(["update", "-q"]))?;
    let mut install = Command::new("apt-get");
    process::run(install.args(["install", "-q", "-y", "--no-install-recommends"]).args(DEBIAN_PACKAGES))
}

/// The core module of a guest, once built.
pub(crate) fn module(name: &str) -> PathBuf {
    paths::wasm().join(TARGET).join("plugin").join(format!("{name}.wasm"))
}

impl Toolchain {
    /// Builds the packages to core modules.
    pub(crate) fn build(self, packages: &[&str]) -> Result<()> {
        std::fs::create_dir_all(paths::wasm()).context("cannot create target/wasm")?;
        process::run(&mut self.command(packages)?)
    }

    /// Builds a crate that is a workspace of its own; its core module.
    pub(crate) fn build_crate(self, folder: &Path, module: &str) -> Result<PathBuf> {
        let target = paths::wasm().join("examples");
        std::fs::create_dir_all(&target).context("cannot create target/wasm/examples")?;
        let mut cargo = self.cargo("release", &target)?;
        process::run(cargo.arg("--manifest-path").arg(folder.join("Cargo.toml")))?;
        Ok(target.join(TARGET).join("release").join(format!("{module}.wasm")))
    }

    fn command(self, packages: &[&str]) -> Result<Command> {
        let mut cargo = self.cargo("plugin", &paths::wasm())?;
        for package in packages {
            cargo.args(["--package", package]);
        }
        Ok(cargo)
    }

    /// `cargo build` of libraries, with everything but which.
    fn cargo(self, profile: &str, target: &Path) -> Result<Command> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(paths::root()).args(["build", "--locked", "--target", TARGET, "--lib", "--profile", profile]);
        cargo.arg("--target-dir").arg(target);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags()?.join("\u{1f}"));
        if self == Self::Debian {
            cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
            cargo.args(["-Zbuild-std=std,panic_abort", "--config"]);
            cargo.arg(format!("target.{TARGET}.linker=\"{DEBIAN_LINKER}\""));
        }
        Ok(cargo)
    }
}

/// Paths of this machine stay out of the components, so that their digests are those of any
/// other machine with the same compiler.
fn flags() -> Result<Vec<String>> {
    let root = paths::root();
    let root = root.to_str().context("the checkout's path is not text")?;
    let mut flags = vec![
        "-Clink-arg=-zstack-size=".to_owned() + &STACK_BYTES.to_string(),
        format!("--remap-path-prefix={root}=/pangolin"),
    ];
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={home}=/cargo"));
    }
    Ok(flags)
}

/// Where cargo keeps the sources of dependencies, as cargo itself says it.
fn cargo_home() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "cargo's own variables, set by cargo for us")]
    let (home, user) = (std::env::var("CARGO_HOME"), std::env::var("HOME"));
    home.ok().or_else(|| user.ok().map(|user| format!("{user}/.cargo")))
}

fn has_target() -> bool {
    process::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|directory| Path::new(directory.trim()).is_dir())
}

fn has_debian() -> bool {
    let sysroot = process::output(Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]));
    let has_sources =
        sysroot.is_ok_and(|sysroot| Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std").is_dir());
    has_sources && process::exists(DEBIAN_LINKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(toolchain: Toolchain) -> Vec<String> {
        let command = toolchain.command(&["pangolin-aws-sts"]).unwrap();
        command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn guests_have_their_own_target_directory_and_profile() {
        let arguments = arguments(Toolchain::Installed);
        assert!(arguments.windows(2).any(|pair| pair == ["--profile", "plugin"]), "{arguments:?}");
        assert!(arguments.contains(&paths::wasm().to_string_lossy().into_owned()), "{arguments:?}");
        assert!(!arguments.iter().any(|argument| argument.starts_with("-Z")), "{arguments:?}");
    }

    #[test]
    fn debian_builds_the_library_too() {
        let arguments = arguments(Toolchain::Debian);
        assert!(arguments.contains(&"-Zbuild-std=std,panic_abort".to_owned()), "{arguments:?}");
        assert!(arguments.iter().any(|argument| argument.contains(DEBIAN_LINKER)), "{arguments:?}");
    }

    #[test]
    fn paths_of_the_machine_are_mapped_away() {
        let flags = flags().unwrap();
        let root = paths::root();
        assert!(flags.iter().any(|flag| flag.ends_with("=/pangolin") && flag.contains(root.to_str().unwrap())));
    }
}
