//! `cargo xtask plugins`: the strategies as components in `target/plugins/`.
//!
//! Each guest is built to a core module by the first toolchain that can ([`toolchain`]), then
//! made a component, checked against what it may import ([`component`]), and put in place by a
//! rename, so that a host that watches the directory never sees half a file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths;

pub(crate) mod component;
pub(crate) mod toolchain;

/// A strategy of our own.
struct Guest {
    package: &'static str,
    /// Name of the library, and of the file.
    module: &'static str,
    file: &'static str,
    /// Interfaces of `pangolin:vending` that it may import, and does.
    imports: &'static [&'static str],
    /// Interfaces that it exports.
    exports: &'static [&'static str],
}

const GUESTS: &[Guest] = &[
    Guest {
        package: "pangolin-aws-static",
        module: "pangolin_aws_static",
        file: "aws_static.wasm",
        imports: &["types"],
        exports: &["strategy"],
    },
    Guest {
        package: "pangolin-aws-sts",
        module: "pangolin_aws_sts",
        file: "aws_sts.wasm",
        imports: &["types", "log", "crypto", "sts"],
        exports: &["strategy"],
    },
    Guest {
        package: "pangolin-azure-oauth",
        module: "pangolin_azure_oauth",
        file: "azure_oauth.wasm",
        imports: &["types", "clock", "azure"],
        exports: &["strategy", "presign"],
    },
    Guest {
        package: "pangolin-azure-sas",
        module: "pangolin_azure_sas",
        file: "azure_sas.wasm",
        imports: &["types", "clock", "azure"],
        exports: &["strategy", "presign"],
    },
    Guest {
        package: "pangolin-gcp-downscoped",
        module: "pangolin_gcp_downscoped",
        file: "gcp_downscoped.wasm",
        imports: &["types", "clock", "gcp"],
        exports: &["strategy", "presign"],
    },
    Guest {
        package: "pangolin-vast-s3keys",
        module: "pangolin_vast_s3keys",
        file: "vast_s3keys.wasm",
        imports: &["types", "http"],
        exports: &["strategy", "leases"],
    },
];

/// The strategy that misbehaves on request. Never in the directory of the real ones.
const HOSTILE: &[Guest] = &[Guest {
    package: "pangolin-hostile",
    module: "pangolin_hostile",
    file: "hostile.wasm",
    imports: &["types", "log", "clock", "crypto", "signing", "http", "sts", "azure", "gcp"],
    exports: &["strategy", "presign"],
}];

/// The strategy that uses the whole contract; kept at each freeze.
const COMPAT: &[Guest] = &[Guest {
    package: "pangolin-compat",
    module: "pangolin_compat",
    file: "compat.wasm",
    imports: &["types", "log", "clock", "crypto", "signing", "http", "sts", "azure", "gcp"],
    exports: &["strategy", "presign", "leases"],
}];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build the tests' misbehaving strategy as well, into target/plugins-hostile.
    #[arg(long)]
    hostile: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    build()?;
    if arguments.hostile { build_hostile() } else { Ok(()) }
}

/// Builds our own strategies.
pub(crate) fn build() -> Result<()> {
    build_into(GUESTS, &paths::plugins())
}

/// Builds the one for tests.
pub(crate) fn build_hostile() -> Result<()> {
    build_into(HOSTILE, &paths::hostile_plugins())
}

/// Builds the one for tests of later contracts, and says where it is.
pub(crate) fn build_compat() -> Result<PathBuf> {
    let directory = paths::target().join("plugins-compat");
    build_into(COMPAT, &directory)?;
    Ok(directory.join("compat.wasm"))
}

fn build_into(guests: &[Guest], directory: &Path) -> Result<()> {
    let toolchain = toolchain::find()?;
    let packages: Vec<&str> = guests.iter().map(|guest| guest.package).collect();
    toolchain.build(&packages)?;

    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    for guest in guests {
        let core = read(&toolchain::module(guest.module))?;
        let path = directory.join(guest.file);
        let bytes = component::encode(&core, guest.imports, guest.exports).with_context(|| guest.package.to_owned())?;
        // An equal file is left alone: a host that watches it has nothing to load again.
        let state = if std::fs::read(&path).is_ok_and(|present| present == bytes) {
            "up to date"
        } else {
            place(&path, &bytes)?;
            "written"
        };
        println!("{:>7} bytes  sha256:{}  {} ({state})", bytes.len(), digest(&bytes), shown(&path));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Written beside the plugin directory, which holds components only, then renamed into it.
fn place(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = paths::wasm().join(format!("{name}.{}.tmp", std::process::id()));
    std::fs::write(&draft, bytes).with_context(|| format!("cannot write {}", draft.display()))?;
    std::fs::rename(&draft, path).with_context(|| format!("cannot put {} in place", path.display()))
}

/// Relative to the checkout.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(paths::root()).unwrap_or(path).display()
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
