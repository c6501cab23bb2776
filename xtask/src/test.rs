//! `cargo xtask test`: everything the tests need, then all tests, in the order of the CI.

mod tally;

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::tally::Tally;
use crate::{examples, paths, plugins, process, tools};

/// The generated document that is kept in the repository.
const OPENAPI: &str = "host/server/openapi.json";

/// Runs every step, also after one that failed, and sums up.
pub(crate) fn run() -> Result<()> {
    let python = step("tools", prepare).context("what the tests need cannot be installed")?;
    let mut tally = Tally::default();
    tally.check("fmt", step("fmt", || cargo(&["fmt", "--all", "--check"])));
    tally.check("clippy", step("clippy", clippy));
    tally.check("plugins", step("plugins", || plugins::build().and_then(|()| plugins::build_hostile())));
    tally.tests("unit and integration tests", step("tests", tests));
    // Of the SDK alone (`xtask/tests/docs.rs` holds that): cargo would compile the workspace's libraries once more.
    let doc = ["test", "--package", "pangolin-plugin-sdk", "--doc", "--locked"];
    tally.tests("doc tests", step("doc tests", || tally::counted(command(&doc))));
    // The integration tests of the server had the binary built, with the features of the whole
    // workspace; building it alone would compile large dependencies once more.
    tally.check("host", step("host", host_is_built));
    tally.check("examples", step("examples", examples::build_all));
    let mut black_box = Command::new(python);
    // Two files at a time: most of a test is waiting. Each worker has stores, databases and hosts of its own.
    black_box.current_dir(paths::root()).args(["-m", "pytest", "tests", "-n", "2", "--dist", "loadfile"]);
    black_box.arg("--no-loadscope-reorder");
    tally.tests("black box", step("black box", || tally::counted(black_box)));
    tally.check("generated files", step("generated files", regenerate));
    println!("\n{tally}");
    if tally.failed() > 0 { bail!("{} failed: {}", tally.failed(), tally.failures()) } else { Ok(()) }
}

fn step<T>(name: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n== {name}");
    let began = Instant::now();
    let result = run();
    println!("== {name}: {} in {:.0} s", if result.is_ok() { "done" } else { "FAILED" }, began.elapsed().as_secs_f32());
    result
}

fn prepare() -> Result<std::path::PathBuf> {
    tools::rust_components()?;
    tools::postgres()?;
    tools::program("curl", "curl")?;
    tools::azurite()?;
    tools::openid_provider()?;
    let python = tools::python()?;
    tools::java(&python)?;
    Ok(python)
}

fn command(arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(paths::root()).args(arguments);
    cargo
}

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(&mut command(arguments))
}

fn host_is_built() -> Result<()> {
    let host = paths::host();
    if host.is_file() { Ok(()) } else { bail!("{} was not built", host.display()) }
}

fn clippy() -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"])
}

/// nextest where it is installed; it runs the same tests, faster.
fn tests() -> Result<tally::Counts> {
    let nextest = process::output(&mut command(&["nextest", "--version"])).is_ok();
    let plain = ["test", "--workspace", "--locked", "--lib", "--bins", "--tests"];
    let fast = ["nextest", "run", "--workspace", "--locked", "--no-fail-fast"];
    if nextest {
        return tally::counted(command(&fast));
    }
    let mut cargo = command(&plain);
    cargo.arg("--no-fail-fast");
    tally::counted(cargo)
}

/// The OpenAPI document in the repository is the one that the host serves.
fn regenerate() -> Result<()> {
    let mut document = process::output(Command::new(paths::host()).arg("openapi"))?.trim_end().to_owned();
    document.push('\n');
    let path = paths::root().join(OPENAPI);
    std::fs::write(&path, document).with_context(|| format!("cannot write {}", path.display()))?;
    let mut git = Command::new("git");
    git.current_dir(paths::root()).args(["status", "--porcelain", "--", OPENAPI]);
    let changed = process::output(&mut git)?;
    if !changed.is_empty() {
        bail!("{OPENAPI} was not up to date; it is now: commit it");
    }
    Ok(())
}
