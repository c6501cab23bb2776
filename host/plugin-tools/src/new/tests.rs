use std::collections::BTreeSet;

use super::*;
use crate::new::files::File;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Paths of the regular files below a folder, as git would have them.
fn below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn paths(files: &[File]) -> BTreeSet<String> {
    files.iter().map(|(path, _)| (*path).to_owned()).collect()
}

#[test]
fn the_program_has_every_file_of_every_template() {
    for (lang, folder) in
        [(Language::Rust, "rust"), (Language::Js, "js"), (Language::Python, "python"), (Language::C, "c")]
    {
        let there = below(&Path::new(ROOT).join("host/plugin-tools/templates").join(folder));
        assert_eq!(paths(lang.template().files), there, "{folder}");
    }
}

#[test]
fn the_program_has_every_file_of_the_sdk() {
    let mut there = below(&Path::new(ROOT).join("plugins/sdk"));
    there.retain(|path| path != "Cargo.toml" && !path.starts_with("wit/"));
    assert_eq!(paths(sdk::SOURCES), there);
}

#[test]
fn the_sdk_outside_has_the_dependencies_that_it_has_here() {
    let table = |text: &str| text.parse::<toml::Table>().unwrap();
    let read = |path: &str| table(&std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap());
    let workspace = read("Cargo.toml")["workspace"].clone();
    let (here, outside) = (read("plugins/sdk/Cargo.toml"), table(sdk::MANIFEST));
    let resolved = |dependencies: &toml::Value| {
        let mut resolved = dependencies.as_table().unwrap().clone();
        for (name, value) in &mut resolved {
            // What is on for all of the workspace is more than the SDK needs.
            let whole = &workspace["dependencies"][name];
            *value = if name == "serde_json" { whole["version"].clone() } else { whole.clone() };
        }
        resolved
    };
    assert_eq!(outside["dependencies"].as_table(), Some(&resolved(&here["dependencies"])));
    let (target, elsewhere) = (here["target"].as_table().unwrap(), outside["target"].as_table().unwrap());
    assert_eq!(target.keys().collect::<Vec<_>>(), elsewhere.keys().collect::<Vec<_>>());
    for (condition, table) in target {
        assert_eq!(elsewhere[condition]["dependencies"].as_table(), Some(&resolved(&table["dependencies"])));
    }
    assert_eq!(outside["package"]["version"], workspace["package"]["version"]);
    assert_eq!(outside["package"]["edition"], workspace["package"]["edition"]);
    assert_eq!(outside["package"]["rust-version"], workspace["package"]["rust-version"]);
}

#[test]
fn a_project_is_written_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (lang, part) in [
        (Language::Rust, "vendor/pangolin-plugin-sdk/wit/world.wit"),
        (Language::Js, "wit/world.wit"),
        (Language::Python, "wit/strategy.wit"),
        (Language::C, "gen/plugin.h"),
    ] {
        let name = format!("my-{lang:?}").to_ascii_lowercase();
        let arguments = Arguments { lang, name: name.parse().unwrap(), r#in: folder.path().to_owned() };
        run(&arguments).unwrap();
        let project = folder.path().join(&name);
        assert!(project.join(part).is_file(), "{lang:?}");
        for path in below(&project) {
            let own = !path.starts_with("vendor/") && !path.starts_with("gen/");
            let text = std::fs::read_to_string(project.join(&path)).unwrap_or_default().to_ascii_lowercase();
            assert!(!own || !["token-shop", "token_shop", "tokenshop"].iter().any(|old| text.contains(old)), "{path}");
        }
    }
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = Arguments { lang: Language::C, name: "shop".parse().unwrap(), r#in: folder.path().to_owned() };
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    let error = run(&arguments).unwrap_err().to_string();
    assert!(error.contains("is there already"), "{error}");
    assert_eq!(below(folder.path()).len(), 0);
}

#[test]
fn what_to_run_next_is_said() {
    let next = next(Language::Js.template(), &"shop".parse().unwrap(), Path::new("./shop"));
    assert!(next.contains("  cd ./shop\n  npm install\n  npm run build\n  pangolin plugin test shop.wasm\n"), "{next}");
}
