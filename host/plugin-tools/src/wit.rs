//! `pangolin plugin wit`: the contract, as this host speaks it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The files of `wit/`, the world first.
pub(crate) const FILES: [(&str, &str); 13] = [
    ("world.wit", include_str!("../../../wit/world.wit")),
    ("types.wit", include_str!("../../../wit/types.wit")),
    ("strategy.wit", include_str!("../../../wit/strategy.wit")),
    ("presign.wit", include_str!("../../../wit/presign.wit")),
    ("leases.wit", include_str!("../../../wit/leases.wit")),
    ("http.wit", include_str!("../../../wit/http.wit")),
    ("sts.wit", include_str!("../../../wit/sts.wit")),
    ("azure.wit", include_str!("../../../wit/azure.wit")),
    ("gcp.wit", include_str!("../../../wit/gcp.wit")),
    ("signing.wit", include_str!("../../../wit/signing.wit")),
    ("crypto.wit", include_str!("../../../wit/crypto.wit")),
    ("clock.wit", include_str!("../../../wit/clock.wit")),
    ("log.wit", include_str!("../../../wit/log.wit")),
];

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write one file per interface into this folder instead.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.out {
        Some(folder) => write(folder),
        None => crate::printed::out(&text()),
    }
}

/// Writes the contract into a folder, which is made where it is missing.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for (name, text) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// All of it as one file: the package is named once.
pub(crate) fn text() -> String {
    let mut out = String::new();
    for (index, (_, file)) in FILES.iter().enumerate() {
        let body = file.lines().filter(|line| index == 0 || !line.starts_with("package "));
        for line in body {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_contract_is_printed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        let there = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.ends_with(".wit").then_some(name)
        });
        let mut there: Vec<String> = there.collect();
        let mut known: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        known.sort();
        assert_eq!(there, known);
    }

    #[test]
    fn what_is_printed_is_one_file_that_can_be_read() {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("vending.wit", &text()).unwrap();
        for world in ["plugin", "presigner", "lessor"] {
            assert!(resolve.select_world(&[package], Some(world)).is_ok(), "{world}");
        }
    }
}
