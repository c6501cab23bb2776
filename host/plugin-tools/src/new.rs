//! `pangolin plugin new`: a project that builds, tests and vends, to be changed into one's own.

mod files;
mod name;
mod sdk;
mod templates;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use self::name::Name;
use self::templates::{Language, Template};
use crate::{bindings, wit};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The language.
    #[arg(long, value_enum)]
    lang: Language,
    /// Name of the project and of its folder, for example token-shop.
    name: Name,
    /// Make the project's folder in this one.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    r#in: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let template = arguments.lang.template();
    let folder = arguments.r#in.join(arguments.name.kebab());
    write(template, &arguments.name, &folder)?;
    crate::printed::out(&next(template, &arguments.name, &folder))
}

/// Writes the project. A folder that is there is left alone.
fn write(template: &Template, name: &Name, folder: &Path) -> anyhow::Result<()> {
    match std::fs::create_dir(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} is there already: choose another name, or remove it", folder.display())
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be made", folder.display())),
    }
    for (path, text) in template.files.iter().chain(templates::SHARED) {
        files::write(&folder.join(path), &name.put_into(text))?;
    }
    match template.brings {
        Brings::Contract => wit::write(&folder.join("wit")),
        Brings::Bindings => {
            wit::write(&folder.join("wit"))?;
            bindings::write_c(&folder.join("gen")).map(|_| ())
        }
        Brings::Sdk => sdk::write(&folder.join("vendor/pangolin-plugin-sdk")),
    }
}

/// What a project has beside the files of its template.
#[derive(Debug, Clone, Copy)]
enum Brings {
    /// The contract.
    Contract,
    /// The contract, and the contract as C.
    Bindings,
    /// The SDK for Rust, which has the contract in it.
    Sdk,
}

/// What to run next.
fn next(template: &Template, name: &Name, folder: &Path) -> String {
    let component = format!("{}.wasm", name.kebab());
    let mut out = format!("{} is written. Next:\n\n  cd {}\n", folder.display(), folder.display());
    for command in template.build {
        out.push_str(&format!("  {command}\n"));
    }
    out.push_str(&format!("  pangolin plugin test {component}\n  pangolin plugin inspect {component}\n"));
    out.push_str("\nREADME.md says what is where.\n");
    out
}
