//! Where a search stopped, as a text for the one who searches. It may name what the caller may not
//! see, so it is sealed, for this caller alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::StoreError;

use super::SearchAt;
use crate::error::broken;
use crate::row;
use crate::seal::Place;
use crate::store::Store;

const fn place<'a>(tenant: &'a str, user: &'a str) -> Place<'a> {
    Place { table: "search", row: user, column: "cursor", tenant }
}

impl Store {
    /// The text for a place.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn search_cursor(&self, tenant: TenantId, user: UserId, at: &SearchAt) -> Result<String, StoreError> {
        let (tenant, user, plain) = (tenant.to_string(), user.to_string(), row::to_json(at)?);
        let sealed = self.inner.keys.seal(place(&tenant, &user), plain.as_bytes()).map_err(broken)?;
        Ok(BASE64.encode(sealed))
    }

    /// The place of a text; none if it was not made for this user by a host with the same keys.
    #[must_use]
    pub fn search_at(&self, tenant: TenantId, user: UserId, cursor: &str) -> Option<SearchAt> {
        let sealed = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
        let plain = self.inner.keys.open(place(&tenant.to_string(), &user.to_string()), &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}
