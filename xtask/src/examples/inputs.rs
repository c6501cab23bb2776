//! What goes into an example: its sources, the contract, the SDK for Rust, and the versions of the tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::Build;
use crate::{paths, tools};

/// What building leaves behind, and what no build reads.
const LEFT_OUT: [&str; 6] = ["node_modules", "gen", "target", "__pycache__", "README.md", ".gitignore"];

/// One text for everything that the component is made of.
pub(super) fn digest(source: &Path, build: Build) -> Result<String> {
    let root = paths::root();
    let mut roots = vec![source.to_path_buf(), root.join("wit"), root.join("tests/requirements.txt")];
    if build == Build::Cargo {
        roots.extend([root.join("plugins/sdk"), root.join("Cargo.lock")]);
    }
    let mut files = Vec::new();
    for root in roots {
        collect(&root, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    hash.update(format!("{build:?} {}", tools::COMPONENTIZE_JS));
    for file in files {
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().into_owned();
        hash.update(format!("\n{name} {}\n", bytes.len()));
        hash.update(bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if LEFT_OUT.contains(&name.as_ref()) || path.extension().is_some_and(|end| end == "wasm") {
        return Ok(());
    }
    if path.is_dir() {
        let unread = || format!("cannot read {}", path.display());
        for entry in std::fs::read_dir(path).with_context(unread)? {
            collect(&entry.with_context(unread)?.path(), files)?;
        }
    } else {
        files.push(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_source_is_seen_and_what_a_build_leaves_is_not() {
        let folder = std::env::temp_dir().join(format!("inputs-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("node_modules")).unwrap();
        let digest = || digest(&folder, Build::Npm).unwrap();
        std::fs::write(folder.join("plugin.js"), "1").unwrap();
        let first = digest();
        std::fs::write(folder.join("node_modules/a.js"), "1").unwrap();
        std::fs::write(folder.join("plugin.wasm"), "1").unwrap();
        assert_eq!(digest(), first);
        std::fs::write(folder.join("plugin.js"), "2").unwrap();
        assert_ne!(digest(), first);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn ways_to_build_differ() {
        let source = paths::root().join("examples/plugin-js");
        assert_ne!(digest(&source, Build::Npm).unwrap(), digest(&source, Build::NpmUnstubbed).unwrap());
    }
}
