//! `pangolin plugin bindings`: the contract as code of a language that has no package for it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wit_bindgen_core::Files;
use wit_parser::Resolve;

use crate::wit;

/// World of every plugin.
const WORLD: &str = "plugin";

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The language.
    #[arg(long, value_enum)]
    lang: Language,
    /// Folder for the files; it is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// Languages that bindings are written for.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Language {
    /// `plugin.h`, `plugin.c` and `plugin_component_type.o`.
    C,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Language::C = arguments.lang;
    for name in write_c(&arguments.out)? {
        crate::printed::out(&format!("{}\n", arguments.out.join(name).display()))?;
    }
    Ok(())
}

/// Writes the C bindings and says how their files are called.
pub(crate) fn write_c(folder: &Path) -> anyhow::Result<Vec<String>> {
    let files = c()?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut names = Vec::new();
    for (name, bytes) in files.iter() {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
        names.push(name.to_owned());
    }
    Ok(names)
}

fn c() -> anyhow::Result<Files> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("vending.wit", &wit::text()).context("the contract cannot be read")?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files).context("no C bindings can be made")?;
    if files.iter().next().is_none() {
        bail!("no C bindings were made");
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_bindings_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = write_c(folder.path()).unwrap();
        names.sort();
        assert_eq!(names, ["plugin.c", "plugin.h", "plugin_component_type.o"]);
        let header = std::fs::read_to_string(folder.path().join("plugin.h")).unwrap();
        assert!(header.contains("exports_pangolin_vending_strategy_vend("), "{header}");
        assert!(header.contains("pangolin_vending_http_send("));
    }
}
