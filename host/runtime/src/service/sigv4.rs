//! AWS Signature Version 4: headers, and query parameters of presigned URLs.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningInstructions,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::HeaderMap;
use pangolin_core::clock::UnixMillis;
use url::Url;

/// The signer refused its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed: a header, the region or the URL is not of a signable form")]
pub(super) struct NotSignable;

/// Who signs for what, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signer<'a> {
    pub(super) keys: &'a Credentials,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) at: UnixMillis,
}

impl Signer<'_> {
    /// The headers that authenticate the request.
    pub(super) fn headers(
        &self,
        method: &str,
        url: &Url,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Vec<(String, String)>, NotSignable> {
        let settings = self.settings(SignatureLocation::Headers);
        let signed = self.sign(settings, method, url, headers, SignableBody::Bytes(body))?;
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The query parameters that authenticate the request, in the order of the signature's text.
    pub(super) fn query(&self, method: &str, url: &Url, life: Duration) -> Result<Vec<(String, String)>, NotSignable> {
        let mut settings = self.settings(SignatureLocation::QueryParams);
        settings.expires_in = Some(life);
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let signed = self.sign(settings, method, url, &HeaderMap::new(), SignableBody::UnsignedPayload)?;
        Ok(signed.params().iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect())
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
        let mut pairs = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            pairs.push((name.as_str(), value.to_str().map_err(|_| NotSignable)?));
        }
        let request = SignableRequest::new(method, url.as_str(), pairs.into_iter(), body).map_err(|_| NotSignable)?;
        sign(request, &params).map(|output| output.into_parts().0).map_err(|_| NotSignable)
    }
}

/// Whether the text is a region's name as signatures carry it.
pub(super) fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
