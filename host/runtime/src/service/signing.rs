//! Purpose-built signers over slots.

use std::fmt::Write as _;
use std::time::Duration;

use aws_credential_types::Credentials;
use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use percent_encoding::utf8_percent_encode;
use url::Url;

use super::s3_url::{self, QUERY};
use super::sigv4::{NotSignable, Signer, is_region};
use super::slot::{self, KeySlots};
use crate::call::Call;

/// The longest life of a presigned URL: seven days, S3's own bound.
const MAX_LIFE_SECONDS: u32 = 604_800;

/// A presigned URL as a guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct PresignRequest {
    pub(crate) keys: KeySlots,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) region: String,
    pub(crate) expires_in_seconds: u32,
}

/// Presigns a request on one object inside the scopes of the call.
#[expect(clippy::needless_pass_by_value, reason = "a request is used up by its service")]
pub(crate) fn presign_s3(clock: &dyn Clock, call: &Call, request: PresignRequest) -> Result<String, StrategyError> {
    let denied = |code, message: String| StrategyError::new(StrategyErrorKind::Denied, code, message);
    let Some(authorised) = &call.authorised else {
        return Err(denied("not-authorised", "nothing may be signed outside of a vend".to_owned()));
    };
    let longest = call.ttl_seconds.min(MAX_LIFE_SECONDS);
    if !(1..=longest).contains(&request.expires_in_seconds) {
        let message = format!("a presigned URL lives 1 to {longest} seconds here, not {}", request.expires_in_seconds);
        return Err(StrategyError::new(StrategyErrorKind::InvalidConfig, "presign-life-out-of-range", message));
    }
    if !is_region(&request.region) {
        let message = format!("'{}' is not a region", crate::text::printable(&request.region, 40));
        return Err(StrategyError::new(StrategyErrorKind::InvalidConfig, "region-invalid", message));
    }
    let url = Url::parse(&request.url)
        .ok()
        .filter(|url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none())
        .ok_or_else(|| denied("presign-outside-scope", "not an absolute URL of an object".to_owned()))?;
    let url = s3_url::within(&request.method, &url, &call.config, authorised.scopes())
        .map_err(|outside| denied("presign-outside-scope", outside.to_string()))?;
    let keys = slot::aws_keys(call, &request.keys, "s3")?;
    let life = Duration::from_secs(u64::from(request.expires_in_seconds));
    presigned(&keys, &request.region, clock.now(), &request.method, url, life).map_err(|not_signable| {
        StrategyError::new(StrategyErrorKind::InvalidConfig, "not-signable", not_signable.to_string())
    })
}

/// The URL with its signature.
fn presigned(
    keys: &Credentials,
    region: &str,
    at: UnixMillis,
    method: &str,
    url: Url,
    life: Duration,
) -> Result<String, NotSignable> {
    let signer = Signer { keys, service: "s3", region, at };
    let parameters = signer.query(method, &url, life)?;
    let mut separator = if url.query().is_some_and(|query| !query.is_empty()) { '&' } else { '?' };
    let mut text = String::from(url);
    if text.ends_with('?') {
        text.pop();
    }
    for (name, value) in parameters {
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{name}={}", utf8_percent_encode(&value, QUERY));
        separator = '&';
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
