//! The life of a presigned URL.

use super::super::{VendError, Vending};
use crate::clock::UnixMillis;
use crate::principal::Principal;
use crate::warehouse::Warehouse;

/// Seven days, the bound of S3, Azure's delegation keys and Google alike.
const LONGEST_SECONDS: u32 = 604_800;

impl Vending {
    /// The least of what is asked for and of everything that limits it: the credential that signs,
    /// the warehouse, and, if the operator says so, the caller's token.
    pub(super) fn url_life(
        &self,
        principal: &Principal,
        warehouse: &Warehouse,
        requested: Option<u32>,
        credential_ends: Option<UnixMillis>,
    ) -> Result<u32, VendError> {
        let now = self.clock.now();
        let token_ends = principal.token_expires_at.filter(|_| self.settings.limit_to_token);
        let rest = |end: Option<UnixMillis>| {
            end.map_or(u32::MAX, |end| u32::try_from(end.0.saturating_sub(now.0).max(0) / 1000).unwrap_or(u32::MAX))
        };
        let token_rest = rest(token_ends);
        if token_rest == 0 {
            return Err(VendError::TokenTooOld { rest: 0, least: 1 });
        }
        let asked = requested.unwrap_or(self.settings.default_ttl_seconds).min(LONGEST_SECONDS);
        let life = asked.min(warehouse.max_ttl_seconds.unwrap_or(u32::MAX)).min(token_rest).min(rest(credential_ends));
        if life == 0 {
            return Err(VendError::TtlTooShort { asked, least: 1 });
        }
        Ok(life)
    }
}
