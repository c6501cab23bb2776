//! V4 signed URLs of Cloud Storage (`GOOG4-RSA-SHA256`).

use pangolin_core::clock::UnixMillis;
use pangolin_core::location::Location;
use percent_encoding::utf8_percent_encode;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{DoesNotSign, ServiceAccount};
use crate::{PATH, UNRESERVED};

/// Cloud Storage takes no URL that lives longer: seven days.
pub const MAX_URL_LIFE_SECONDS: u32 = 604_800;

const ENDPOINT: &str = "https://storage.googleapis.com";

/// What the URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedUrl<'a> {
    /// `GET`, `HEAD`, `PUT` or `DELETE`.
    pub method: &'a str,
    /// `gs://bucket/object`.
    pub location: &'a Location,
    /// URL of the storage without a path; none, or an empty one: Google's.
    pub endpoint: Option<&'a str>,
    /// When its life begins, cut to whole seconds.
    pub at: UnixMillis,
    /// 1 to [`MAX_URL_LIFE_SECONDS`].
    pub life_seconds: u32,
}

/// Why there is no URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another method.
    #[error("a signed URL is for GET, HEAD, PUT or DELETE")]
    Method,
    /// Not an object of Cloud Storage.
    #[error("a signed URL is for one object, gs://bucket/object")]
    NoObject,
    /// Not an endpoint.
    #[error("the storage's endpoint is not an http or https URL without path, query and user")]
    Endpoint,
    /// Out of bounds.
    #[error("a signed URL lives 1 to {MAX_URL_LIFE_SECONDS} seconds, from a time after 1970")]
    Life,
    /// See [`DoesNotSign`].
    #[error(transparent)]
    Key(#[from] DoesNotSign),
}

impl ServiceAccount {
    /// The URL, with the bucket in its path. Whoever has it may send the request until its life is over.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn signed_url(&self, wanted: &SignedUrl<'_>) -> Result<String, UrlError> {
        let unsigned = wanted.unsigned(self.client_email())?;
        let signature = self.key.sign(unsigned.to_sign())?;
        Ok(unsigned.signed(&signature))
    }
}

/// A URL whose signature somebody else makes: Google's `signBlob`, for accounts without a key in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedUrl {
    url: String,
    to_sign: String,
}

impl UnsignedUrl {
    /// What the account's key signs: RSA with SHA-256, PKCS #1 v1.5.
    #[must_use]
    pub fn to_sign(&self) -> &str {
        &self.to_sign
    }

    /// The URL with its signature.
    #[must_use]
    pub fn signed(self, signature: &[u8]) -> String {
        format!("{}&X-Goog-Signature={}", self.url, hex::encode(signature))
    }
}

impl SignedUrl<'_> {
    /// The URL of this account, without its signature.
    ///
    /// # Errors
    /// [`UrlError`], but for the key.
    pub fn unsigned(&self, client_email: &str) -> Result<UnsignedUrl, UrlError> {
        let Self { method, location, .. } = *self;
        if !matches!(method, "GET" | "HEAD" | "PUT" | "DELETE") {
            return Err(UrlError::Method);
        }
        if location.scheme() != "gs" || location.key().is_empty() || location.as_str().ends_with('/') {
            return Err(UrlError::NoObject);
        }
        if !(1..=MAX_URL_LIFE_SECONDS).contains(&self.life_seconds) {
            return Err(UrlError::Life);
        }
        let (origin, host) = storage(self.endpoint)?;
        let (time, date) = timestamp(self.at)?;
        let path = format!("/{}/{}", location.authority(), utf8_percent_encode(location.key(), PATH));
        let scope = format!("{date}/auto/storage/goog4_request");
        let credential = format!("{client_email}/{scope}");
        let query = format!(
            "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential={}&X-Goog-Date={time}&X-Goog-Expires={}\
             &X-Goog-SignedHeaders=host",
            utf8_percent_encode(&credential, UNRESERVED),
            self.life_seconds,
        );
        let request = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let digest = hex::encode(Sha256::digest(request));
        Ok(UnsignedUrl {
            url: format!("{origin}{path}?{query}"),
            to_sign: format!("GOOG4-RSA-SHA256\n{time}\n{scope}\n{digest}"),
        })
    }
}

/// Scheme with host, and the header `Host` as clients send it.
fn storage(endpoint: Option<&str>) -> Result<(String, String), UrlError> {
    let endpoint = endpoint.filter(|text| !text.is_empty()).unwrap_or(ENDPOINT);
    let url = Url::parse(endpoint).map_err(|_| UrlError::Endpoint)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && matches!(url.path(), "" | "/")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let host = url.host_str().filter(|_| plain).ok_or(UrlError::Endpoint)?;
    // The port of the scheme is in neither: the parser drops it.
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok((format!("{}://{host}", url.scheme()), host))
}

/// `20260131T093000Z` and `20260131`.
fn timestamp(at: UnixMillis) -> Result<(String, String), UrlError> {
    const YEAR_10000: i64 = 253_402_300_800_000;
    if !(1..YEAR_10000).contains(&at.0) {
        return Err(UrlError::Life);
    }
    let digits: String = at.to_rfc3339().chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
    let (date, _) = digits.split_once('T').ok_or(UrlError::Life)?;
    Ok((format!("{digits}Z"), date.to_owned()))
}
