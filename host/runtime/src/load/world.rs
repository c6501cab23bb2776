//! Whether a component is one of our world: what it imports and exports, by name and version.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::text;

/// The package of the contract.
const PACKAGE: &str = "pangolin:vending";

/// The version of the contract; a patch of it adds nothing that breaks.
const VERSION: &str = "1.0.0";

/// Interfaces that a plugin may import.
const IMPORTS: [&str; 9] = ["types", "log", "clock", "crypto", "signing", "http", "sts", "azure", "gcp"];

/// Why the component does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongWorld {
    #[error(
        "the component imports {0}, which this host does not offer: a plugin may import interfaces of {PACKAGE} only. \
         Imports of wasi:* come from the language's library: build Rust for wasm32-unknown-unknown, JavaScript with \
         `--disable all`, Python with `--stub-wasi`"
    )]
    Import(String),
    #[error("the component speaks {PACKAGE}@{0}, this host {PACKAGE}@{VERSION}: build it against the host's wit/")]
    Version(String),
    #[error(
        "the component does not export {PACKAGE}/strategy@{VERSION}: build it for the world 'plugin' of wit/; it \
         exports {0}"
    )]
    NoStrategy(String),
    #[error("the component's types are not those of {PACKAGE}@{VERSION}: {0}")]
    Types(String),
    #[error("the component takes a module or a component as a parameter, so its size is not known")]
    Open,
}

/// Names of interfaces of our package.
#[derive(Debug, Clone)]
pub(super) struct Interfaces {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

/// Checks imports and exports.
pub(super) fn check(engine: &Engine, component: &Component) -> Result<Interfaces, WrongWorld> {
    let ty = component.component_type();
    let mut imports = Vec::new();
    let mut unknown = Vec::new();
    for (name, item) in ty.imports(engine) {
        let known = matches!(item.ty, ComponentItem::ComponentInstance(_))
            && split(name).is_some_and(|(interface, _)| IMPORTS.contains(&interface));
        if known { imports.push(name.to_owned()) } else { unknown.push(text::printable(name, 200)) }
    }
    if !unknown.is_empty() {
        unknown.sort();
        return Err(WrongWorld::Import(unknown.join(", ")));
    }
    if let Some(version) = imports.iter().filter_map(|name| split(name)).find_map(|(_, v)| (v != VERSION).then_some(v))
    {
        return Err(WrongWorld::Version(text::printable(version, 50)));
    }
    let mut exports: Vec<&str> = ty.exports(engine).map(|(name, _)| name).collect();
    exports.sort_unstable();
    match exports.iter().filter_map(|name| split(name)).find(|(interface, _)| *interface == "strategy") {
        Some((_, VERSION)) => {}
        Some((_, version)) => return Err(WrongWorld::Version(text::printable(version, 50))),
        None if exports.is_empty() => return Err(WrongWorld::NoStrategy("nothing".to_owned())),
        None => return Err(WrongWorld::NoStrategy(text::printable(&exports.join(", "), 300))),
    }
    if component.resources_required().is_none() {
        return Err(WrongWorld::Open);
    }
    imports.sort();
    let exports = exports.into_iter().filter(|name| split(name).is_some()).map(str::to_owned).collect();
    Ok(Interfaces { imports, exports })
}

/// Interface and version of a name of our package.
fn split(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@')
}
