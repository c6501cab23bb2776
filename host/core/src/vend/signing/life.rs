//! The life of a signature.

use super::super::ttl::{Life, LimitedBy, Limits};
use super::super::{VendError, Vending};
use crate::clock::UnixMillis;
use crate::principal::Principal;
use crate::warehouse::Warehouse;

/// Seven days, the bound of S3, Azure's delegation keys and Google alike.
const LONGEST_SECONDS: u32 = 604_800;

/// How long a store takes a signature in headers after its time.
pub(in crate::vend) const HEADER_SECONDS: u32 = 900;

impl Vending {
    /// What limits the life of a URL beside the credential that signs it: what is asked for, the
    /// warehouse, the strategy if it signs itself, and, if the operator says so, the caller's token.
    pub(in crate::vend) fn url_limits(
        &self,
        principal: &Principal,
        warehouse: &Warehouse,
        requested: Option<u32>,
        strategy: Option<u32>,
    ) -> Limits {
        let token_ends = principal.token_expires_at.filter(|_| self.settings.limit_to_token);
        Limits {
            requested,
            default: self.settings.default_ttl_seconds,
            warehouse: warehouse.max_ttl_seconds,
            strategy,
            token_rest_ms: token_ends.map(|end| end.0.saturating_sub(self.clock.now().0)),
            signature: Some(LONGEST_SECONDS),
            ..Limits::default()
        }
    }

    /// Seconds until then.
    pub(in crate::vend) fn rest(&self, end: UnixMillis) -> u32 {
        u32::try_from(end.0.saturating_sub(self.clock.now().0).max(0) / 1000).unwrap_or(u32::MAX)
    }
}

/// The least of what is asked for and of everything that limits a URL.
pub(in crate::vend) fn of_url(limits: &Limits) -> Result<Life, VendError> {
    let token = limits.token_rest();
    if token == Some(0) {
        return Err(VendError::TokenTooOld { rest: 0, least: 1 });
    }
    let asked = match limits.requested {
        Some(seconds) => Life { seconds, limited_by: LimitedBy::Requested },
        None => Life { seconds: limits.default, limited_by: LimitedBy::Default },
    };
    let asked = asked.at_most(limits.signature, LimitedBy::Signature);
    let life = asked
        .at_most(limits.warehouse, LimitedBy::Warehouse)
        .at_most(token, LimitedBy::Token)
        .at_most(limits.strategy, LimitedBy::Strategy)
        .at_most(limits.credential, LimitedBy::Credential);
    if life.seconds == 0 {
        return Err(VendError::TtlTooShort { asked: asked.seconds, least: 1 });
    }
    Ok(life)
}

/// What limits a signature in headers.
pub(in crate::vend) fn request_limits(credential: Option<u32>) -> Limits {
    Limits { default: HEADER_SECONDS, credential, signature: Some(HEADER_SECONDS), ..Limits::default() }
}

/// The life of a signature in headers: what stores take, and no longer than its credential.
pub(in crate::vend) fn of_request(limits: &Limits) -> Life {
    Life { seconds: HEADER_SECONDS, limited_by: LimitedBy::Signature }.at_most(limits.credential, LimitedBy::Credential)
}
