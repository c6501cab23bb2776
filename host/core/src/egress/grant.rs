//! Which servers a plugin was granted.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use crate::strategy::HostPattern;

/// Whether one of the granted patterns covers the URL.
///
/// A literal covers its host on the usual port of `https` (and of `http`, where the egress policy
/// allows that). `of-field` covers the host of the URL in that field, on the usual port or on the
/// field's own, and never with less protection than the field has: a field with `https` grants no
/// `http`.
#[must_use]
pub fn host_granted(patterns: &[HostPattern], config: &BTreeMap<String, Value>, url: &Url) -> bool {
    let Some(host) = url.host_str().map(bare) else { return false };
    patterns.iter().any(|pattern| match pattern {
        HostPattern::Literal(literal) => url.port().is_none() && literal_covers(literal, host),
        HostPattern::OfField(field) => {
            config.get(field).and_then(Value::as_str).is_some_and(|text| field_covers(text, url, host))
        }
    })
}

/// The host as a grant would name it, for the text of a refusal.
#[must_use]
pub fn wanted_host(url: &Url) -> String {
    url.host_str().map(bare).unwrap_or_default().to_owned()
}

fn bare(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn literal_covers(literal: &str, host: &str) -> bool {
    let literal = bare(literal).to_ascii_lowercase();
    match literal.strip_prefix("*.") {
        // A suffix of one label would grant a whole top-level domain.
        Some(suffix) if suffix.split('.').filter(|label| !label.is_empty()).count() < 2 => false,
        Some(suffix) => host
            .strip_suffix(suffix)
            .and_then(|left| left.strip_suffix('.'))
            .is_some_and(|left| !left.is_empty() && host.parse::<std::net::IpAddr>().is_err()),
        None => !literal.is_empty() && !literal.contains('*') && literal == host,
    }
}

fn field_covers(text: &str, url: &Url, host: &str) -> bool {
    let Ok(field) = Url::parse(text) else { return false };
    let same_host = field.host_str().map(bare) == Some(host);
    let port_is_fine = url.port().is_none() || url.port_or_known_default() == field.port_or_known_default();
    let protection_is_fine = url.scheme() == "https" || url.scheme() == field.scheme();
    same_host && port_is_fine && protection_is_fine
}
