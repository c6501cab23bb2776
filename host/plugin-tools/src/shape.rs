//! What a Wasm file is made of, read without running or compiling it: this works for files that
//! the runtime refuses.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use wasmparser::{Encoding, Parser, Payload};

use crate::shown::printable;

/// Characters of one name.
const NAME: usize = 200;
/// Names that are kept; a hostile file has as many as it likes.
const MOST_NAMES: usize = 500;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A component.
    Component,
    /// A core module, of which a component can be made.
    Module,
    /// Neither.
    Other,
}

/// A Wasm file, as it says itself. Names are fit to be printed.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// SHA-256, hexadecimal.
    pub(crate) digest: String,
    pub(crate) size: usize,
    /// Of a component the interfaces, of a module `module name`.
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    /// Whether a module carries the type of a component.
    pub(crate) typed: bool,
    /// Why reading stopped before the end.
    pub(crate) broken: Option<String>,
}

impl Shape {
    /// Reads a file.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut shape = Self {
            kind: Kind::Other,
            digest: hex::encode(Sha256::digest(bytes)),
            size: bytes.len(),
            imports: Vec::new(),
            exports: Vec::new(),
            typed: false,
            broken: None,
        };
        let mut names = Names::default();
        if let Err(error) = shape.read(bytes, &mut names) {
            shape.broken = Some(printable(error.message(), NAME));
        }
        shape.imports = names.imports.into_iter().collect();
        shape.exports = names.exports.into_iter().collect();
        shape
    }

    fn read(&mut self, bytes: &[u8], names: &mut Names) -> wasmparser::Result<()> {
        // Components hold modules and components; only the outermost one's own sections count.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::Version { encoding, .. } => {
                    depth += 1;
                    if depth == 1 {
                        self.kind = match encoding {
                            Encoding::Component => Kind::Component,
                            Encoding::Module => Kind::Module,
                        };
                    }
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 1 {
                self.section(payload, names)?;
            }
        }
        Ok(())
    }

    fn section(&mut self, payload: Payload<'_>, names: &mut Names) -> wasmparser::Result<()> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    keep(&mut names.imports, &import?.name.full_name());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    keep(&mut names.exports, &export?.name.full_name());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    keep(&mut names.imports, &format!("{} {}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    keep(&mut names.exports, export?.name);
                }
            }
            Payload::CustomSection(section) if section.name().starts_with("component-type") => self.typed = true,
            _ => {}
        }
        Ok(())
    }
}

#[derive(Default)]
struct Names {
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
}

fn keep(names: &mut BTreeSet<String>, name: &str) {
    if names.len() < MOST_NAMES {
        names.insert(printable(name, NAME));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::Guest;

    #[test]
    fn a_component_is_read_without_its_inner_modules() {
        let guest = Guest::named("Shop").importing("clock", "now-ms", "(result i64)");
        let shape = Shape::of(&guest.build());
        assert_eq!(shape.kind, Kind::Component);
        assert!(shape.imports.contains(&"pangolin:vending/clock@1.0.0".to_owned()), "{:?}", shape.imports);
        assert_eq!(shape.exports, ["pangolin:vending/strategy@1.0.0"]);
        assert_eq!(shape.broken, None);
    }

    #[test]
    fn a_component_that_no_host_would_load_is_read() {
        let text = r#"(component (import "wasi:sockets/tcp@0.2.0" (instance)) (import "a:b/c" (func)))"#;
        let shape = Shape::of(&wat::parse_str(text).unwrap());
        assert_eq!(shape.imports, ["a:b/c", "wasi:sockets/tcp@0.2.0"]);
    }

    #[test]
    fn a_module_shows_its_imports_and_whether_it_is_typed() {
        let text = r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)) (@custom "component-type:x" "y"))"#;
        let shape = Shape::of(&wat::parse_str(text).unwrap());
        assert_eq!((shape.kind, shape.typed), (Kind::Module, true));
        assert_eq!(shape.imports, ["wasi_snapshot_preview1 fd_write"]);
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        let whole = Guest::named("Shop").build();
        let shape = Shape::of(&whole[..whole.len() - 3]);
        assert_eq!(shape.kind, Kind::Component);
        assert!(shape.broken.is_some());
        let other = Shape::of(b"#!/bin/sh");
        assert!(other.kind == Kind::Other && other.broken.is_some());
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        let shape = Shape::of(&wat::parse_str("(module (func (export \"\\1b[2J\")))").unwrap());
        assert_eq!(shape.exports, ["\\u{1b}[2J"]);
    }
}
