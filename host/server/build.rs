//! Writes the digests of the first-party components that this build trusts without a grant
//! file: those in `PANGOLIN_BUILTIN_PLUGINS`, else in the workspace's `target/plugins`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

/// Only these names are ever trusted so.
const FIRST_PARTY: [&str; 6] = ["aws_sts", "aws_static", "azure_oauth", "azure_sas", "gcp_downscoped", "vast_s3keys"];

#[expect(clippy::disallowed_methods, reason = "a build script is configured by its environment")]
fn main() {
    println!("cargo::rerun-if-env-changed=PANGOLIN_BUILTIN_PLUGINS");
    let workspace = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let dir = env::var("PANGOLIN_BUILTIN_PLUGINS").map_or_else(|_| workspace.join("target/plugins"), PathBuf::from);
    let mut list = String::new();
    for name in FIRST_PARTY {
        let path = dir.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", path.display());
        if let Ok(bytes) = fs::read(&path) {
            let _ = write!(list, "\"{}\", ", hex::encode(Sha256::digest(&bytes)));
        }
    }
    let text = format!(
        "/// Digests of the components that this release was built with.\nconst BUILTIN_PLUGIN_DIGESTS: &[&str] = &[{list}];\n"
    );
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("builtin_plugins.rs");
    if let Err(error) = fs::write(&out, text) {
        println!("cargo::error={} cannot be written: {error}", out.display());
    }
}
