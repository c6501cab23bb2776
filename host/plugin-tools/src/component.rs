//! `pangolin plugin component`: a component of a core module, as a C or Rust compiler makes one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wit_component::ComponentEncoder;

use crate::shape::{Kind, Shape};

/// Module name by which compilers import WASI's first preview.
const PREVIEW1: &str = "wasi_snapshot_preview1 ";

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The core module.
    module: PathBuf,
    /// The component's file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let module =
        std::fs::read(&arguments.module).with_context(|| format!("{} cannot be read", arguments.module.display()))?;
    let component = encode(&module).with_context(|| format!("no component of {}", arguments.module.display()))?;
    place(&arguments.out, &component)?;
    let shape = Shape::of(&component);
    crate::printed::out(&format!("{}: {} bytes, sha256:{}\n", arguments.out.display(), shape.size, shape.digest))
}

/// The component of a core module.
fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let shape = Shape::of(module);
    match shape.kind {
        Kind::Module => {}
        Kind::Component => bail!("it is a component already: use it as it is"),
        Kind::Other => bail!("it is no Wasm module"),
    }
    if let Some(reason) = &shape.broken {
        bail!("the module is broken: {reason}");
    }
    let preview1: Vec<&str> = shape.imports.iter().filter_map(|import| import.strip_prefix(PREVIEW1)).collect();
    if !preview1.is_empty() {
        bail!(
            "the module imports wasi_snapshot_preview1 ({}), which a plugin does not have. C: link a reactor \
             (-mexec-model=reactor), and call nothing of the library that prints, opens files, reads clocks or exits; \
             Rust: build for wasm32-unknown-unknown",
            preview1.join(", ")
        );
    }
    if !shape.typed {
        bail!(
            "the module does not say which component it is. C: link plugin_component_type.o of `pangolin plugin \
             bindings`; Rust: the crate is a cdylib that calls pangolin_plugin_sdk::export!"
        );
    }
    ComponentEncoder::default().validate(true).module(module)?.encode()
}

/// Puts the file there whole: a host may be watching the folder.
fn place(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let unwritten = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = tempfile::Builder::new().prefix(".component-").tempfile_in(folder).with_context(unwritten)?;
    draft.write_all(bytes).with_context(unwritten)?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    draft.as_file().set_permissions(readable).with_context(unwritten)?;
    draft.persist(path).with_context(unwritten)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::Guest;

    fn refused(text: &str) -> String {
        format!("{:#}", encode(&wat::parse_str(text).unwrap()).unwrap_err())
    }

    #[test]
    fn a_typed_module_becomes_a_component() {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("a.wit", "package a:b; world w { export f: func(); }").unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let mut module = wat::parse_str(r#"(module (func (export "f")))"#).unwrap();
        let encoding = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, encoding, false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let arguments = Arguments { module: folder.path().join("core.wasm"), out: folder.path().join("out.wasm") };
        std::fs::write(&arguments.module, module).unwrap();
        run(&arguments).unwrap();
        let shape = Shape::of(&std::fs::read(&arguments.out).unwrap());
        assert_eq!((shape.kind, shape.exports), (Kind::Component, vec!["f".to_owned()]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        let wasi = refused(r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))"#);
        assert!(wasi.contains("(proc_exit)") && wasi.contains("reactor"), "{wasi}");
        assert!(refused("(module)").contains("plugin_component_type.o"));
        let component = encode(&Guest::named("Shop").build()).unwrap_err().to_string();
        assert!(component.contains("a component already"), "{component}");
        assert!(encode(b"\0asm").unwrap_err().to_string().contains("no Wasm module"));
        assert!(encode(b"hello").is_err());
    }
}
