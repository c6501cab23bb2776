//! Host patterns as text, and which covers which. Pure.

use pangolin_core::strategy::HostPattern;

/// Prefix of a pattern that takes the host from a field of the configuration.
const FIELD: &str = "field:";

/// As the grant file writes it.
pub(super) fn to_text(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Literal(host) => host.clone(),
        HostPattern::OfField(field) => format!("{FIELD}{field}"),
    }
}

/// Reads the grant file's form.
pub(super) fn parse(text: &str) -> Option<HostPattern> {
    match text.strip_prefix(FIELD) {
        Some(field) => is_field(field).then(|| HostPattern::OfField(field.to_owned())),
        None => is_host(text).then(|| HostPattern::Literal(text.to_owned())),
    }
}

/// Whether a description could have a field of this name.
fn is_field(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether the text is a lower-case host name, or `*.` and a suffix of at least two labels.
pub(crate) fn is_host(text: &str) -> bool {
    let (name, least) = match text.strip_prefix("*.") {
        Some(suffix) => (suffix, 2),
        None => (text, 1),
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label) && name.split('.').count() >= least
}

/// Whether one of the granted patterns opens everything that `asked` opens.
pub(super) fn covered(asked: &HostPattern, granted: &[String]) -> bool {
    let asked = to_text(asked);
    granted.iter().any(|granted| text_covers(granted, &asked))
}

/// Whether everything that `asked` opens is opened by `granted`.
pub(super) fn text_covers(granted: &str, asked: &str) -> bool {
    granted == asked
        || granted.strip_prefix("*.").is_some_and(|suffix| {
            let name = asked.strip_prefix("*.").unwrap_or(asked);
            !asked.starts_with(FIELD)
                && name
                    .strip_suffix(suffix)
                    .is_some_and(|front| front.ends_with('.') || front.is_empty() && asked != name)
        })
}

/// What both open: of two patterns where one covers the other, the narrower.
pub(super) fn intersect(asked: &[HostPattern], granted: &[String]) -> Vec<HostPattern> {
    let mut out: Vec<HostPattern> = Vec::new();
    for pattern in asked {
        let asked = to_text(pattern);
        for granted in granted {
            let both = if text_covers(granted, &asked) {
                Some(pattern.clone())
            } else if text_covers(&asked, granted) {
                parse(granted)
            } else {
                None
            };
            out.extend(both.filter(|both| !out.contains(both)));
        }
    }
    out
}
