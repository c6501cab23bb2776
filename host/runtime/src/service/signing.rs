//! Purpose-built signers over slots.

use std::time::Duration;

use pangolin_core::clock::Clock;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_signing::s3_url;
use pangolin_signing::sigv4::{Signer, is_region};
use serde_json::{Value, json};
use url::Url;

use super::slot::{self, KeySlots};
use crate::call::Call;
use crate::dry_run::STAND_IN;

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
    let endpoint = call.config.get("endpoint").and_then(Value::as_str);
    let url = s3_url::within(&request.method, &url, endpoint, authorised.scopes())
        .map_err(|outside| denied("presign-outside-scope", outside.to_string()))?;
    if let Some(object) = &call.object
        && s3_url::named(&url, object.authority(), endpoint).is_none_or(|named| named.key() != object.key())
    {
        return Err(denied("presign-outside-scope", "the URL of another object was asked for".to_owned()));
    }
    let keys = slot::aws_keys(call, &request.keys, "s3")?;
    let shown = || {
        json!({
            "method": request.method, "url": url.as_str(), "region": request.region, "slots": request.keys.names(),
            "expires_in_seconds": request.expires_in_seconds,
        })
    };
    if call.rehearses("signing.presign-s3", shown)? {
        return Ok(STAND_IN.to_owned());
    }
    let life = Duration::from_secs(u64::from(request.expires_in_seconds));
    let signer = Signer { keys: &keys, service: "s3", region: &request.region, at: clock.now() };
    signer.presigned(&request.method, &url, life).map_err(|not_signable| {
        StrategyError::new(StrategyErrorKind::InvalidConfig, "not-signable", not_signable.to_string())
    })
}

#[cfg(test)]
mod tests;
