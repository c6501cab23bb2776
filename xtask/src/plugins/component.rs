//! From a core module to a component of the world `plugin`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{WorldItem, WorldKey};

/// Encodes, validates, and holds the component's imports and exports to what is expected: an
/// import that nobody expects would widen what the plugin can reach.
pub(crate) fn encode(core: &[u8], expected_imports: &[&str], expected_exports: &[&str]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    let bytes =
        encoder.validate(true).module(core)?.encode().context("the core module is no component of our world")?;
    let (imports, exports) = interfaces(&bytes)?;
    let expected: BTreeSet<String> = expected_imports.iter().map(|name| full_name(name)).collect();
    if imports != expected {
        bail!("imports {imports:?}, expected {expected:?}");
    }
    let expected: BTreeSet<String> = expected_exports.iter().map(|name| full_name(name)).collect();
    if exports != expected {
        bail!("exports {exports:?}, expected {expected:?}");
    }
    Ok(bytes)
}

/// Names of the interfaces that a component imports and exports.
pub(crate) fn interfaces(component: &[u8]) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("not a component");
    };
    let world = resolve.worlds.get(world).context("the component has no world")?;
    let names = |items: &mut dyn Iterator<Item = (&WorldKey, &WorldItem)>| {
        items.map(|(key, _)| resolve.name_world_key(key)).collect()
    };
    Ok((names(&mut world.imports.iter()), names(&mut world.exports.iter())))
}

/// `pangolin:vending/<interface>@<version>`; the version is the one that `wit/` has.
fn full_name(interface: &str) -> String {
    format!("{}/{interface}@{}", PACKAGE.0, PACKAGE.1)
}

const PACKAGE: (&str, &str) = ("pangolin:vending", "1.0.0");

#[cfg(test)]
mod tests;
