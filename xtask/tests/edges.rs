//! Holds the edges between the crates, as `host/ARCHITECTURE.md` draws them.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails where something is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Direct dependencies of every crate of the workspace, development ones left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let direct = package["dependencies"].as_array().expect("dependencies").iter();
            let names = direct.filter(|dependency| dependency["kind"].is_null()).map(|one| text(&one["name"]));
            (text(&package["name"]), names.collect())
        })
        .collect()
}

/// Our crates that each crate may depend on.
const EDGES: [(&str, &[&str]); 18] = [
    ("pangolin-core", &[]),
    ("pangolin-egress", &["pangolin-core"]),
    ("pangolin-signing", &["pangolin-core"]),
    ("pangolin-store", &["pangolin-core"]),
    ("pangolin-runtime", &["pangolin-core", "pangolin-egress", "pangolin-signing"]),
    ("pangolin-plugin-tools", &["pangolin-core", "pangolin-egress", "pangolin-runtime"]),
    ("pangolin-catalog", &["pangolin-core", "pangolin-egress", "pangolin-signing"]),
    ("pangolin-plugin-sdk", &[]),
    ("pangolin-aws-sts", &["pangolin-plugin-sdk"]),
    ("pangolin-aws-static", &["pangolin-plugin-sdk"]),
    ("pangolin-azure-rules", &["pangolin-plugin-sdk"]),
    ("pangolin-azure-oauth", &["pangolin-plugin-sdk", "pangolin-azure-rules"]),
    ("pangolin-azure-sas", &["pangolin-plugin-sdk", "pangolin-azure-rules"]),
    ("pangolin-gcp-downscoped", &["pangolin-plugin-sdk"]),
    ("pangolin-vast-s3keys", &["pangolin-plugin-sdk"]),
    ("pangolin-hostile", &["pangolin-plugin-sdk"]),
    ("pangolin-compat", &["pangolin-plugin-sdk"]),
    ("xtask", &[]),
];

/// Libraries that only these crates may touch.
const PRIVATE: [(&str, &[&str]); 9] = [
    ("sqlx", &["pangolin-store"]),
    ("wasmtime", &["pangolin-runtime"]),
    ("wasmtime-wasi", &["pangolin-runtime"]),
    ("iceberg", &["pangolin-catalog"]),
    ("object_store", &["pangolin-catalog"]),
    ("aws-sdk-sts", &["pangolin-runtime"]),
    ("aws-sigv4", &["pangolin-signing"]),
    ("axum", &["pangolin-server"]),
    ("jsonwebtoken", &["pangolin-server"]),
];

#[test]
fn crates_see_only_what_the_architecture_says() {
    let found = dependencies();
    for (name, allowed) in EDGES {
        let ours: Vec<&String> = found[name].iter().filter(|dependency| found.contains_key(*dependency)).collect();
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
    let known: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).chain(["pangolin-server"]).collect();
    for name in found.keys().filter(|name| !name.starts_with("pangolin-example")) {
        assert!(known.contains(name.as_str()), "{name} has no edges in this test: add it");
    }
}

#[test]
fn heavy_libraries_stay_in_their_room() {
    for (name, dependencies) in dependencies() {
        for (library, rooms) in PRIVATE {
            let allowed = rooms.contains(&name.as_str());
            assert!(allowed || !dependencies.contains(library), "{name} must not depend on {library}");
        }
    }
}
