//! Examples in documentation are run for the SDK alone: what plugin authors copy. Elsewhere one would stand
//! there without being tried.

#![expect(clippy::expect_used, reason = "a test fails where something is missing")]

use std::path::{Path, PathBuf};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What follows the fence of a line of documentation.
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?.trim().strip_prefix("```")
}

/// Whether rustdoc would run or compile a block that begins so.
fn is_example(tags: &str) -> bool {
    let ours = ["", "rust", "no_run", "should_panic", "compile_fail", "ignore"];
    tags.split([',', ' ']).all(|tag| ours.contains(&tag) || tag.starts_with("edition"))
}

#[test]
fn examples_stand_where_they_are_run() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut found = Vec::new();
    for part in ["host", "plugins", "xtask"] {
        sources(&root.join(part), &mut found);
    }
    assert!(found.len() > 300, "{}", found.len());
    let sdk = root.join("plugins/sdk");
    let mut untried = Vec::new();
    for path in found.iter().filter(|path| !path.starts_with(&sdk)) {
        let text = std::fs::read_to_string(path).expect("a source can be read");
        let fences = text.lines().enumerate().filter_map(|(at, line)| Some((at, fence(line)?)));
        // Every other one ends a block.
        let begun = fences.step_by(2).filter(|(_, tags)| is_example(tags));
        untried.extend(begun.map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
    }
    assert!(untried.is_empty(), "examples that nothing runs:\n{}", untried.join("\n"));
}
