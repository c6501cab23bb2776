//! Checks a presigned URL that a guest answers: it must lead to the one object, at the warehouse's
//! own storage, and end in time.

use pangolin_core::clock::UnixMillis;
use pangolin_core::location::Location;
use pangolin_core::ports::Presigned;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use pangolin_core::warehouse::{StorageKind, Warehouse};
use percent_encoding::percent_decode_str;
use url::Url;

use super::{SKEW_SECONDS, bad};
use crate::bindings::presign as wit;

/// Bytes of a URL.
const MAX_URL: usize = 8 * 1024;

/// Headers beside it.
const MAX_HEADERS: usize = 16;

/// What a URL is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UrlTerms<'a> {
    /// Whose storage.
    pub(crate) warehouse: &'a Warehouse,
    /// The object.
    pub(crate) location: &'a Location,
    /// The life that was asked for.
    pub(crate) ttl_seconds: u32,
    /// Now.
    pub(crate) now: UnixMillis,
}

/// The URL as the host passes it on, or why it does not.
pub(crate) fn presigned(terms: &UrlTerms<'_>, answer: wit::Presigned) -> Result<Presigned, StrategyError> {
    let parsed = Url::parse(&answer.url).ok().filter(|_| answer.url.len() <= MAX_URL);
    let url = parsed.ok_or_else(|| bad("plugin-bad-answer", "the plugin answered with a URL that is none"))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(bad("plugin-bad-answer", "a presigned URL has no user and no fragment"));
    }
    let path = path_at_storage(terms, &url).ok_or_else(|| {
        bad("plugin-wider-scope", "the plugin answered with a URL that is not at the warehouse's storage")
    })?;
    if !is_object(terms.location, &percent_decode_str(path).decode_utf8_lossy()) {
        return Err(bad("plugin-wider-scope", "the plugin answered with a URL of another object"));
    }
    let fits = |(name, value): &(String, String)| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && value.len() <= 1_024
            && value.bytes().all(|b| (0x20..0x7f).contains(&b))
    };
    if answer.headers.len() > MAX_HEADERS || !answer.headers.iter().all(fits) {
        return Err(bad("plugin-bad-answer", "the plugin answered with headers that have no valid form"));
    }
    let expires_at = UnixMillis(i64::try_from(answer.expires_at_ms).unwrap_or(i64::MAX));
    if expires_at > terms.now.plus_seconds(i64::from(terms.ttl_seconds).saturating_add(SKEW_SECONDS)) {
        return Err(bad("plugin-longer-life", "the plugin answered with a URL that lives longer than asked for"));
    }
    Ok(Presigned { url: Secret::new(answer.url), headers: answer.headers, expires_at })
}

/// The path below the warehouse's endpoint, or below the cloud's own for the bucket or account of
/// the location; none anywhere else.
fn path_at_storage<'u>(terms: &UrlTerms<'_>, url: &'u Url) -> Option<&'u str> {
    let host = url.host_str()?;
    if let Some(endpoint) = terms.warehouse.text("endpoint").and_then(|text| Url::parse(text).ok()) {
        let storage = endpoint.host_str()?;
        let same = host == storage || host.strip_suffix(storage).is_some_and(|bucket| bucket.ends_with('.'));
        let same_port = url.port_or_known_default() == endpoint.port_or_known_default();
        return (same && same_port && url.scheme() == endpoint.scheme())
            .then(|| url.path().strip_prefix(endpoint.path().trim_end_matches('/')))
            .flatten();
    }
    let authority = terms.location.authority();
    let at_cloud = match terms.warehouse.kind {
        StorageKind::S3 => {
            let service = host.strip_prefix(authority).and_then(|rest| rest.strip_prefix('.')).unwrap_or(host);
            service.starts_with("s3.")
                && (service.ends_with(".amazonaws.com") || service.ends_with(".amazonaws.com.cn"))
        }
        StorageKind::Azure => authority
            .split_once('@')
            .is_some_and(|(_, account)| host == account || host == account.replacen(".dfs.", ".blob.", 1)),
        StorageKind::Gcs => host == "storage.googleapis.com" || host == format!("{authority}.storage.googleapis.com"),
        StorageKind::Local => false,
    };
    (at_cloud && url.scheme() == "https" && url.port().is_none()).then(|| url.path())
}

/// The key alone, below its bucket or container, or below account and container.
fn is_object(location: &Location, path: &str) -> bool {
    let (container, account) = match location.authority().split_once('@') {
        Some((container, host)) => (container, host.split('.').next().unwrap_or(host)),
        None => (location.authority(), ""),
    };
    let key = location.key();
    [format!("/{key}"), format!("/{container}/{key}"), format!("/{account}/{container}/{key}")]
        .iter()
        .any(|p| p == path)
}

#[cfg(test)]
mod tests;
