//! What an import lets a component reach, in one line each.

/// Package of the contract.
const PACKAGE: &str = "pangolin:vending/";

/// What an import can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Reach {
    /// Whether it reaches nothing at all.
    pub(crate) inert: bool,
    /// One line.
    pub(crate) text: &'static str,
}

/// What this import can reach.
pub(crate) fn of(import: &str) -> Reach {
    let inert = |text| Reach { inert: true, text };
    let reaches = |text| Reach { inert: false, text };
    let name = import.split('@').next().unwrap_or(import);
    if let Some(interface) = name.strip_prefix(PACKAGE) {
        return match interface {
            "types" => inert("nothing: the words of the contract"),
            "log" => reaches("the host's log: bounded lines, secrets masked"),
            "clock" => reaches("the time"),
            "crypto" => reaches("digests, and random bytes of the host"),
            "signing" => reaches("presigned S3 URLs of objects inside the call's scopes, by secrets it names"),
            "http" => reaches("requests to granted hosts; the host puts the secrets in"),
            "sts" => {
                reaches("AWS AssumeRole by the host, scope proved; the host's own identity only if `host_identity`")
            }
            "azure" => {
                reaches("Azure tokens and SAS by the host, scope checked; its own identity only if `host_identity`")
            }
            "gcp" => reaches("Google tokens by the host, boundary proved; its own identity only if `host_identity`"),
            _ => reaches("not offered by this host"),
        };
    }
    let Some(wasi) = name.strip_prefix("wasi:") else { return reaches("not offered by this host") };
    let (package, interface) = wasi.split_once('/').unwrap_or((wasi, ""));
    match (package, interface) {
        ("sockets", _) => inert("inert: no socket can be made, no name is resolved"),
        ("filesystem", _) => inert("inert: no folder is there, no file can be opened"),
        ("cli", "environment") => inert("inert: no variable, no argument"),
        ("cli", "stdout" | "stderr") => inert("lines become lines of `log`, with its bounds"),
        ("cli", "stdin") => inert("inert: empty"),
        ("cli", _) => inert("inert: no terminal; leaving ends the call"),
        ("clocks", _) => inert("the time, as `clock` gives it"),
        ("random", _) => inert("random bytes, as `crypto` gives them, bounded"),
        ("io", _) => inert("inert: waiting on what the others open"),
        ("http", _) => reaches("not offered by this host: use pangolin:vending/http"),
        _ => reaches("not offered by this host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_of_the_world_is_explained() {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("vending.wit", &crate::wit::text()).unwrap();
        let world = resolve.select_world(&[package], Some("plugin")).unwrap();
        let imports = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key));
        let unknown: Vec<String> = imports.filter(|name| of(name).text.contains("not offered")).collect();
        assert_eq!(unknown, Vec::<String>::new());
    }

    #[test]
    fn of_wasi_nothing_reaches_anything_and_http_is_not_there() {
        for name in ["wasi:sockets/tcp@0.2.6", "wasi:filesystem/types@0.2.0", "wasi:cli/environment", "wasi:io/poll"] {
            assert!(of(name).inert, "{name}");
        }
        assert!(!of("wasi:http/outgoing-handler@0.2.0").inert);
        assert!(!of("evil:thing/x").inert);
    }
}
