//! `pangolin plugin list`: what a host of these settings would serve. Texts of components are fit to
//! be printed since they were loaded.

use std::fmt::{self, Write as _};

use pangolin_core::ports::Strategies;
use pangolin_core::strategy::{RejectedPlugin, StrategyInfo};

/// The list.
pub(super) fn text(strategies: &dyn Strategies) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, strategies);
    out
}

fn write(out: &mut String, strategies: &dyn Strategies) -> fmt::Result {
    let loaded = strategies.list();
    for info in &loaded {
        plugin(out, info)?;
    }
    for rejected in strategies.rejected() {
        refused(out, &rejected)?;
    }
    match strategies.directory_state().problem {
        Some((problem, _)) => writeln!(out, "the plugin directory cannot be used: {problem}"),
        None if loaded.is_empty() => writeln!(out, "no plugin is loaded"),
        None => Ok(()),
    }
}

fn plugin(out: &mut String, info: &StrategyInfo) -> fmt::Result {
    let description = &info.description;
    writeln!(out, "{} {}: {}", description.name, description.version, description.summary)?;
    writeln!(out, "  file    {}, sha256:{}, since {}", info.file, info.digest, info.since.to_rfc3339())?;
    if !info.signed_by.is_empty() {
        writeln!(out, "  signed  by {}", info.signed_by.join(", "))?;
    }
    writeln!(out, "  imports {}", or_nothing(&info.imports))?;
    writeln!(out, "  may     {}", rights(info))?;
    if !info.missing_grants.is_empty() {
        writeln!(out, "  asks for more, as lines of the grant file")?;
        for line in info.missing_grants.lines() {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

fn rights(info: &StrategyInfo) -> String {
    if !info.granted {
        return "nothing".to_owned();
    }
    let mut rights = vec!["vend".to_owned()];
    if !info.rights.hosts.is_empty() {
        rights.push(format!("reach {}", info.rights.hosts.join(" and ")));
    }
    for (text, given) in [
        ("use the host's own identity", info.rights.host_identity),
        ("pass on values of its secrets", info.rights.credential_values),
        ("make a raw HMAC", info.rights.raw_hmac),
    ] {
        if given {
            rights.push(text.to_owned());
        }
    }
    rights.join(", ")
}

fn refused(out: &mut String, rejected: &RejectedPlugin) -> fmt::Result {
    writeln!(out, "refused: {}: {}", rejected.file, rejected.reason)?;
    if let Some(digest) = &rejected.digest {
        writeln!(out, "  sha256:{digest}, since {}", rejected.since.to_rfc3339())?;
    }
    match &rejected.serving {
        Some(name) => writeln!(out, "  the version of {name} before it serves"),
        None => Ok(()),
    }
}

fn or_nothing(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use pangolin_core::clock::UnixMillis;
    use pangolin_core::strategy::{Description, Rights, Scoping};

    use super::*;

    fn info() -> StrategyInfo {
        let description = Description {
            name: "Shop".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "Tokens".to_owned(),
            schemes: vec!["s3".to_owned()],
            scoping: Scoping::Exact,
            scoping_rules: Vec::new(),
            fields: Vec::new(),
            hosts: Vec::new(),
            max_ttl_seconds: None,
            min_ttl_seconds: None,
        };
        StrategyInfo {
            file: "shop.wasm".to_owned(),
            digest: "5e".repeat(32),
            signed_by: vec!["acme".to_owned()],
            rights: Rights { hosts: vec!["shop.example".to_owned()], host_identity: true, ..Rights::default() },
            missing_grants: "[plugins.Shop]\nraw_hmac = true\n".to_owned(),
            ..StrategyInfo::of(description)
        }
    }

    fn shown(info: &StrategyInfo) -> String {
        let mut out = String::new();
        plugin(&mut out, info).unwrap();
        out
    }

    #[test]
    fn a_plugin_shows_who_signed_it_what_it_may_and_what_it_lacks() {
        let text = shown(&info());
        for line in [
            "Shop 0.1.0: Tokens",
            "  signed  by acme",
            "  imports nothing",
            "  may     vend, reach shop.example, use the host's own identity",
            "    raw_hmac = true",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
        let nothing = shown(&StrategyInfo { granted: false, signed_by: Vec::new(), ..info() });
        assert!(nothing.contains("  may     nothing\n") && !nothing.contains("signed"), "{nothing}");
    }

    #[test]
    fn a_refused_file_says_what_serves_in_its_place() {
        let rejected = RejectedPlugin {
            file: "shop.wasm".to_owned(),
            reason: "it is broken".to_owned(),
            digest: Some("ab".to_owned()),
            since: UnixMillis(0),
            serving: Some("Shop".to_owned()),
        };
        let mut out = String::new();
        refused(&mut out, &rejected).unwrap();
        assert!(out.starts_with("refused: shop.wasm: it is broken\n  sha256:ab, since 1970-01-01T00:00:00"), "{out}");
        assert!(out.ends_with("the version of Shop before it serves\n"), "{out}");
    }
}
