//! Whether a component is one of our world: what it imports and exports, by name and version.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::{text, wasi};

/// The package of the contract.
const PACKAGE: &str = "pangolin:vending";

/// The version of the contract that this host speaks.
const VERSION: Version = Version { major: 1, minor: 0, patch: 0 };

/// Interfaces of the contract that a plugin may import.
const IMPORTS: [&str; 9] = ["types", "log", "clock", "crypto", "signing", "http", "sts", "azure", "gcp"];

/// Interfaces of the contract that the host calls.
const EXPORTS: [&str; 3] = ["strategy", "presign", "leases"];

/// Why the component does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongWorld {
    #[error(
        "the component imports {0}, which this host does not offer: a plugin may import interfaces of {PACKAGE} and, \
         for the runtimes of languages, wasi:cli, clocks, filesystem, io, random and sockets of WASI 0.2"
    )]
    Import(String),
    #[error(
        "the component imports {0}, which this host does not offer: requests go through {PACKAGE}/http, where the \
         operator's grants bind them. Import that instead; where a tool adds wasi:http by itself, leave it out \
         (`jco componentize --disable http`)"
    )]
    WasiHttp(String),
    #[error(
        "the component imports {0}, and this host offers WASI 0.2 only: build it with tools for WASI 0.2 (Rust: target \
         wasm32-wasip2 or wasm32-unknown-unknown, JavaScript: `componentize-qjs --sync`)"
    )]
    WasiVersion(String),
    #[error("the component speaks {PACKAGE}@{0}, this host {PACKAGE}@{VERSION}: {advice}", advice = .0.advice())]
    Version(OtherVersion),
    #[error(
        "the component does not export {PACKAGE}/strategy@{VERSION}: build it for the world 'plugin' of wit/; it \
         exports {0}"
    )]
    NoStrategy(String),
    #[error("the component's types are not those of {PACKAGE}@{VERSION} and WASI 0.2: {0}")]
    Types(String),
    #[error("the component takes a module or a component as a parameter, so its size is not known")]
    Open,
}

/// A version that this host does not speak, as the component writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherVersion(String);

impl std::fmt::Display for OtherVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&text::printable(&self.0, 50))
    }
}

impl OtherVersion {
    fn advice(&self) -> &'static str {
        match Version::parse(&self.0) {
            Some(Version { major, minor, .. }) if major == VERSION.major && minor > VERSION.minor => {
                "run a newer host, or build the component against this host's contract (`pangolin plugin wit`)"
            }
            _ => "build the component against this host's contract (`pangolin plugin wit`)",
        }
    }
}

/// A released version. What comes before a release promises nothing, so it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.').map(|part| part.parse().ok());
        Some(Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? })
    }

    /// Whether what was built against this version runs on a host of version `host`: interfaces
    /// grow with minor versions, and a patch changes texts only.
    fn runs_on(self, host: Self) -> bool {
        self.major == host.major && self.minor <= host.minor
    }
}

/// Names of interfaces: what is imported, and what of our package is exported.
#[derive(Debug, Clone)]
pub(super) struct Interfaces {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

/// Checks imports and exports.
pub(super) fn check(engine: &Engine, component: &Component) -> Result<Interfaces, WrongWorld> {
    let ty = component.component_type();
    let imports = ty.imports(engine).map(|(name, item)| (name, matches!(item.ty, ComponentItem::ComponentInstance(_))));
    let imports = check_imports(imports)?;
    let exports = check_exports(ty.exports(engine).map(|(name, _)| name))?;
    if component.resources_required().is_none() {
        return Err(WrongWorld::Open);
    }
    Ok(Interfaces { imports, exports })
}

/// Checks names of imports, and whether each is an interface.
fn check_imports<'a>(items: impl Iterator<Item = (&'a str, bool)>) -> Result<Vec<String>, WrongWorld> {
    let mut imports = Vec::new();
    let (mut unknown, mut http, mut wasi_version) = (Vec::new(), Vec::new(), Vec::new());
    for (name, is_interface) in items {
        match offer(name) {
            Offer::Offered if is_interface => imports.push(name.to_owned()),
            Offer::OtherVersion(version) => return Err(WrongWorld::Version(OtherVersion(version.to_owned()))),
            Offer::WasiHttp => http.push(text::printable(name, 200)),
            Offer::WasiVersion => wasi_version.push(text::printable(name, 200)),
            Offer::Offered | Offer::Unknown => unknown.push(text::printable(name, 200)),
        }
    }
    let named = |mut names: Vec<String>| {
        names.sort();
        names.join(", ")
    };
    if !unknown.is_empty() {
        return Err(WrongWorld::Import(named(unknown)));
    }
    if !http.is_empty() {
        return Err(WrongWorld::WasiHttp(named(http)));
    }
    if !wasi_version.is_empty() {
        return Err(WrongWorld::WasiVersion(named(wasi_version)));
    }
    imports.sort();
    Ok(imports)
}

/// What the host makes of one import.
#[derive(Debug, PartialEq, Eq)]
enum Offer<'a> {
    Offered,
    /// Our package, in a version that this host does not speak.
    OtherVersion(&'a str),
    WasiHttp,
    WasiVersion,
    Unknown,
}

fn offer(name: &str) -> Offer<'_> {
    if let Some((interface, version)) = ours(name) {
        let speaks = Version::parse(version).is_some_and(|version| version.runs_on(VERSION));
        return match speaks {
            true if IMPORTS.contains(&interface) => Offer::Offered,
            true => Offer::Unknown,
            false => Offer::OtherVersion(version),
        };
    }
    if name.starts_with("wasi:http/") {
        return Offer::WasiHttp;
    }
    let Some((interface, version)) = name.split_once('@').filter(|_| name.starts_with("wasi:")) else {
        return Offer::Unknown;
    };
    match Version::parse(version) {
        Some(Version { major: 0, minor: 2, .. }) if wasi::IMPORTS.contains(&interface) => Offer::Offered,
        Some(Version { major: 0, minor: 2, .. }) => Offer::Unknown,
        _ => Offer::WasiVersion,
    }
}

/// The exports of our package. Those that this host does not know are of a later version, which it
/// need not call.
fn check_exports<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<String>, WrongWorld> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let called = names.iter().filter_map(|name| ours(name)).filter(|(interface, _)| EXPORTS.contains(interface));
    for (_, version) in called.clone() {
        if !Version::parse(version).is_some_and(|version| version.runs_on(VERSION)) {
            return Err(WrongWorld::Version(OtherVersion(version.to_owned())));
        }
    }
    if !called.clone().any(|(interface, _)| interface == "strategy") {
        let exported = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        return Err(WrongWorld::NoStrategy(text::printable(&exported, 300)));
    }
    Ok(names.into_iter().filter(|name| ours(name).is_some()).map(str::to_owned).collect())
}

/// Interface and version of a name of our package.
fn ours(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@')
}

#[cfg(test)]
mod tests;
