//! AWS Signature Version 4: headers, and query parameters of presigned URLs.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

pub use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningInstructions,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::HeaderMap;
use pangolin_core::clock::UnixMillis;
use percent_encoding::utf8_percent_encode;
use url::Url;

use crate::UNRESERVED;

/// The signer refused its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed: a header, the region, the payload's hash or the URL is not of a signable form")]
pub struct NotSignable;

/// What the signature says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The body itself, to be hashed.
    Bytes(&'a [u8]),
    /// The value of `x-amz-content-sha256` as the sender of the body says it: 64 lower-case
    /// hexadecimal digits, `UNSIGNED-PAYLOAD`, or `STREAMING-UNSIGNED-PAYLOAD-TRAILER`. Signed
    /// chunks are refused: each needs the key again.
    Declared(&'a str),
}

/// Who signs for what, and when.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The key pair, with the session token if it has one.
    pub keys: &'a Credentials,
    /// Name of the service, for example `s3`.
    pub service: &'a str,
    /// Name of the region; see [`is_region`].
    pub region: &'a str,
    /// Now.
    pub at: UnixMillis,
}

/// Headers that a signature makes. Given ones give way: two of a name would be read differently by
/// different servers.
const OWNED: [&str; 5] = ["host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];

impl Signer<'_> {
    /// The headers that authenticate the request, beside the given ones, all of which are signed
    /// but for `user-agent`, `x-amzn-trace-id` and `transfer-encoding`, which proxies change.
    /// `host` is read from the URL.
    ///
    /// # Errors
    /// [`NotSignable`].
    pub fn headers(
        &self,
        method: &str,
        url: &Url,
        headers: &HeaderMap,
        payload: Payload<'_>,
    ) -> Result<Vec<(String, String)>, NotSignable> {
        let settings = self.settings(SignatureLocation::Headers);
        let signed = self.sign(settings, method, url, headers, body(payload)?)?;
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The query parameters that authenticate the request, in the order of the signature's text.
    ///
    /// # Errors
    /// [`NotSignable`].
    pub fn query(&self, method: &str, url: &Url, life: Duration) -> Result<Vec<(String, String)>, NotSignable> {
        let mut settings = self.settings(SignatureLocation::QueryParams);
        settings.expires_in = Some(life);
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let signed = self.sign(settings, method, url, &HeaderMap::new(), SignableBody::UnsignedPayload)?;
        Ok(signed.params().iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect())
    }

    /// The URL with its signature: whoever has it may send the request until its life is over.
    ///
    /// # Errors
    /// [`NotSignable`].
    pub fn presigned(&self, method: &str, url: &Url, life: Duration) -> Result<String, NotSignable> {
        let parameters = self.query(method, url, life)?;
        let mut text = String::from(url.as_str());
        let mut separator = if url.query().is_some_and(|query| !query.is_empty()) { '&' } else { '?' };
        if text.ends_with('?') {
            text.pop();
        }
        for (name, value) in parameters {
            // Writing to a String cannot fail.
            let _ = write!(text, "{separator}{name}={}", utf8_percent_encode(&value, UNRESERVED));
            separator = '&';
        }
        Ok(text)
    }

    /// S3 takes the path as it is; every other service encodes it twice.
    fn settings(&self, location: SignatureLocation) -> SigningSettings {
        let mut settings = SigningSettings::default();
        settings.signature_location = location;
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        settings
    }

    fn sign(
        &self,
        settings: SigningSettings,
        method: &str,
        url: &Url,
        headers: &HeaderMap,
        body: SignableBody<'_>,
    ) -> Result<SigningInstructions, NotSignable> {
        let since = Duration::from_millis(u64::try_from(self.at.0).map_err(|_| NotSignable)?);
        let identity = self.keys.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + since)
            .settings(settings)
            .build()
            .map_err(|_| NotSignable)?
            .into();
        // The signer takes a host for granted.
        if url.host_str().is_none_or(str::is_empty) {
            return Err(NotSignable);
        }
        let mut pairs = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            if !OWNED.contains(&name.as_str()) {
                pairs.push((name.as_str(), value.to_str().map_err(|_| NotSignable)?));
            }
        }
        let request = SignableRequest::new(method, url.as_str(), pairs.into_iter(), body).map_err(|_| NotSignable)?;
        sign(request, &params).map(|output| output.into_parts().0).map_err(|_| NotSignable)
    }
}

fn body(payload: Payload<'_>) -> Result<SignableBody<'_>, NotSignable> {
    match payload {
        Payload::Bytes(bytes) => Ok(SignableBody::Bytes(bytes)),
        Payload::Declared("UNSIGNED-PAYLOAD") => Ok(SignableBody::UnsignedPayload),
        Payload::Declared("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => Ok(SignableBody::StreamingUnsignedPayloadTrailer),
        Payload::Declared(hash) if is_hash(hash) => Ok(SignableBody::Precomputed(hash.to_owned())),
        Payload::Declared(_) => Err(NotSignable),
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether the text is a region's name as signatures carry it.
#[must_use]
pub fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests;
