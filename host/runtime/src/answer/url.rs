//! Checks a presigned URL that a guest answers: it must lead to the one object, at the warehouse's
//! own storage, and end in time.

use std::borrow::Cow;

use pangolin_core::clock::UnixMillis;
use pangolin_core::location::Location;
use pangolin_core::ports::Presigned;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use pangolin_core::warehouse::{StorageKind, Warehouse, blob_service};
use pangolin_signing::s3_url::named;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{SKEW_SECONDS, bad};
use crate::bindings::presign as wit;

/// Bytes of a URL.
const MAX_URL: usize = 8 * 1024;

/// Headers beside it.
const MAX_HEADERS: usize = 16;

/// Headers by which a client would say something else than the URL does, or somebody else.
const NO_HEADERS: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
    "x-http-method-override",
];

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
    if object_at_storage(terms, &url).as_deref() != Some(terms.location.key()) {
        return Err(bad(
            "plugin-wider-scope",
            "the plugin answered with a URL of another object, or not at the warehouse's storage",
        ));
    }
    let fits = |(name, value): &(String, String)| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !NO_HEADERS.contains(&name.to_ascii_lowercase().as_str())
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
    if expires_at <= terms.now {
        return Err(bad("plugin-expired-answer", "the plugin answered with a URL that does not work any more"));
    }
    // As it was read here: of the plugin's own text another reader may think otherwise.
    Ok(Presigned { url: Secret::new(url.into()), headers: answer.headers, expires_at, issued: Vec::new() })
}

/// Key of the object that the URL names in the bucket or container of the location: at the
/// warehouse's endpoint, or at the cloud's own address where there is none. None anywhere else. A
/// host that begins with a bucket is that bucket's, and no other's.
fn object_at_storage(terms: &UrlTerms<'_>, url: &Url) -> Option<String> {
    let endpoint = terms.warehouse.text("endpoint").filter(|text| !text.is_empty());
    let authority = terms.location.authority();
    match terms.warehouse.kind {
        StorageKind::S3 => named(url, authority, endpoint).map(|named| named.key().to_owned()),
        StorageKind::Azure => {
            let (container, host) = authority.split_once('@')?;
            let mut blobs = url.clone();
            blobs.set_host(Some(&url.host_str()?.replacen(".dfs.", ".blob.", 1))).ok()?;
            below(&blobs, &blob_service(endpoint, host)?, Some(container))
        }
        StorageKind::Gcs => {
            let storage = Url::parse(endpoint.unwrap_or("https://storage.googleapis.com")).ok()?;
            let mut of_bucket = storage.clone();
            let of_bucket =
                of_bucket.set_host(Some(&format!("{authority}.{}", storage.host_str()?))).map(|()| of_bucket);
            below(url, &storage, Some(authority)).or_else(|| below(url, &of_bucket.ok()?, None))
        }
        StorageKind::Local => None,
    }
}

/// What the path says below the storage, or below a bucket or container of it.
fn below(url: &Url, storage: &Url, container: Option<&str>) -> Option<String> {
    let base = storage.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(base).filter(|_| url.origin() == storage.origin())?.strip_prefix('/')?;
    let key = match container {
        Some(container) => rest.strip_prefix(container)?.strip_prefix('/')?,
        None => rest,
    };
    percent_decode_str(key).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
