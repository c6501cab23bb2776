//! `cargo xtask plugins`: the strategies as components in `target/plugins/`.
//!
//! Each guest is built to a core module by the first toolchain that can ([`toolchain`]), then
//! made a component, checked against what it may import ([`component`]), and put in place by a
//! rename, so that a host that watches the directory never sees half a file.

use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths;

mod component;
mod toolchain;

/// A strategy of our own.
struct Guest {
    package: &'static str,
    /// Name of the library, and of the file.
    module: &'static str,
    file: &'static str,
    /// Interfaces of `pangolin:vending` that it may import, and does.
    imports: &'static [&'static str],
}

const GUESTS: &[Guest] = &[
    Guest {
        package: "pangolin-aws-static",
        module: "pangolin_aws_static",
        file: "aws_static.wasm",
        imports: &["types"],
    },
    Guest {
        package: "pangolin-aws-sts",
        module: "pangolin_aws_sts",
        file: "aws_sts.wasm",
        imports: &["types", "crypto", "sts"],
    },
];

/// Builds them all.
pub(crate) fn build() -> Result<()> {
    let toolchain = toolchain::find()?;
    let packages: Vec<&str> = GUESTS.iter().map(|guest| guest.package).collect();
    toolchain.build(&packages)?;

    let plugins = paths::plugins();
    std::fs::create_dir_all(&plugins).with_context(|| format!("cannot create {}", plugins.display()))?;
    for guest in GUESTS {
        let core = read(&toolchain::module(guest.module))?;
        let path = plugins.join(guest.file);
        let bytes = component::encode(&core, guest.imports).with_context(|| guest.package.to_owned())?;
        // An equal file is left alone: a host that watches it has nothing to load again.
        let state = if std::fs::read(&path).is_ok_and(|present| present == bytes) {
            "up to date"
        } else {
            place(&path, &bytes)?;
            "written"
        };
        println!("{:>7} bytes  sha256:{}  target/plugins/{} ({state})", bytes.len(), digest(&bytes), guest.file);
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

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
