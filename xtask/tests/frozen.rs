//! Holds `wit/` to every version of it that was frozen: what was built against one keeps running.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails where something is missing")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_parser::{PackageId, Resolve};

const WORLDS: [&str; 3] = ["plugin", "presigner", "lessor"];

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

fn frozen() -> Vec<PathBuf> {
    let versions = std::fs::read_dir(wit().join("frozen")).expect("a version is frozen");
    versions.map(|entry| entry.unwrap().path()).collect()
}

/// The contract as one text, its package under another version.
fn push(resolve: &mut Resolve, texts: &BTreeMap<String, String>, version: &str) -> PackageId {
    let body: String = texts
        .values()
        .flat_map(|text| text.lines())
        .filter(|line| !line.starts_with("package "))
        .flat_map(|line| [line, "\n"])
        .collect();
    resolve.push_str("vending.wit", &format!("package pangolin:vending@{version};\n{body}")).expect("it is WIT")
}

fn check(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Result<(), String> {
    for world in WORLDS {
        let mut resolve = Resolve::default();
        let old = push(&mut resolve, old, "1.0.0-old");
        let new = push(&mut resolve, new, "1.0.0-new");
        let old = resolve.select_world(&[old], Some(world)).expect("the old world");
        let new = resolve.select_world(&[new], Some(world)).map_err(|error| format!("{world} is gone: {error}"))?;
        wit_component::semver_check(resolve, old, new).map_err(|error| format!("{world}: {error:#}"))?;
    }
    Ok(())
}

#[test]
fn what_was_built_against_a_frozen_version_fits_the_contract() {
    let now = texts(&wit());
    for version in frozen() {
        if let Err(error) = check(&texts(&version), &now) {
            panic!("{} does not fit any more: {error}", version.display());
        }
    }
}

#[test]
fn the_version_that_the_contract_names_is_frozen_as_it_stands() {
    let now = texts(&wit());
    let version = now["world.wit"]
        .lines()
        .find_map(|line| line.strip_prefix("package pangolin:vending@")?.strip_suffix(';'))
        .expect("world.wit names a version");
    let kept = wit().join("frozen").join(version);
    assert!(kept.exists(), "{version} is not frozen: cargo xtask freeze");
    assert_eq!(texts(&kept), now, "{version} is frozen: a change takes a new version, see wit/README.md");
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/compat/{version}.wasm"));
    assert!(component.exists(), "no component of {version} is kept");
}

/// The check itself can fail: each of these breaks plugins that exist.
#[test]
fn changes_that_break_plugins_are_found() {
    let now = texts(&wit());
    let breaking = [
        ("types.wit", "        unavailable,", "        unavailable,\n        tired,"),
        ("types.wit", "        ttl-seconds: u32,", "        ttl-seconds: u64,"),
        ("strategy.wit", "        summary: string,", ""),
        ("http.wit", "    send: func(request: request)", "    send: func(request: request, again: bool)"),
        ("strategy.wit", "    check-config: func(", "    explain: func() -> string;\n    check-config: func("),
        ("world.wit", "    import crypto;", ""),
    ];
    for (file, text, instead) in breaking {
        let mut changed = now.clone();
        let old = &now[file];
        assert!(old.contains(text), "{file} has no '{text}'");
        changed.insert(file.to_owned(), old.replacen(text, instead, 1));
        assert!(check(&now, &changed).is_err(), "'{instead}' in {file} was not found");
    }
    let mut grown = now.clone();
    grown.insert(
        "world.wit".to_owned(),
        now["world.wit"].replacen("    import crypto;", "    import crypto;\n    import cache;", 1),
    );
    grown.insert("cache.wit".to_owned(), "interface cache { get: func(key: string) -> option<string>; }".to_owned());
    assert_eq!(check(&now, &grown), Ok(()), "a new interface to import breaks nobody");
}
