//! `X-API-Key`, and the client secret of OAuth2: a service user's key to its principal.

use pangolin_core::principal::{AccountKind, Principal};
use pangolin_core::secret::Secret;
use pangolin_store::KeyHash;

use super::refusal::{CredentialKind, Refusal, Refused, Whose};
use super::{of_account, stands};
use crate::error::ApiError;
use crate::state::AppState;

/// What every key begins with, so that scanners of leaked secrets find it.
const PREFIX: &str = "pgl_";
/// Hexadecimal digits of 32 random bytes.
const DIGITS: usize = 64;

/// A new key.
pub(crate) fn new_key() -> Secret<String> {
    Secret::from(format!("{PREFIX}{}", hex::encode(crate::random::bytes())))
}

/// Who holds a key.
pub(crate) struct Holder {
    pub(crate) principal: Principal,
    pub(crate) hash: KeyHash,
}

/// Who shows this key: it is known, has not ended, and neither has its service user.
pub(crate) async fn holder(state: &AppState, unverified: &Secret<String>) -> Result<Result<Holder, Refused>, ApiError> {
    if !is_well_formed(unverified) {
        return Ok(Err(Refusal::Malformed.into()));
    }
    let hash = KeyHash::of(unverified);
    let Some(key) = state.store.api_key(&hash).await? else { return Ok(Err(Refusal::Malformed.into())) };
    let Some(record) = state.store.principal(key.user_id).await? else { return Ok(Err(Refusal::Inactive.into())) };
    let refused = |reason| {
        let whose = Whose {
            user_id: key.user_id,
            tenant_id: Some(record.user.tenant_id),
            username: record.user.username.clone(),
            kind: CredentialKind::ApiKey,
            credential_id: key.id.0,
        };
        Ok(Err(Refused::of(reason, whose)))
    };
    let now = state.clock.now();
    if key.ends_at.is_some_and(|end| end <= now) {
        return refused(Refusal::Revoked);
    }
    if record.expires_at.is_some_and(|end| end <= now) {
        return refused(Refusal::Expired);
    }
    if !stands(&record, now) || record.user.kind != AccountKind::Service {
        return refused(Refusal::Inactive);
    }
    let principal = of_account(&record);
    state.store.note_key_use(&key, now);
    let ends = [principal.token_expires_at, key.ends_at].into_iter().flatten().min();
    Ok(Ok(Holder { principal: Principal { token_expires_at: ends, ..principal }, hash }))
}

#[expect(clippy::disallowed_methods, reason = "the form of the key is looked at, nothing else")]
fn is_well_formed(unverified: &Secret<String>) -> bool {
    unverified.expose().strip_prefix(PREFIX).is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_was_made_and_nothing_else() {
        let key = new_key();
        assert!(is_well_formed(&key));
        assert_ne!(KeyHash::of(&key), KeyHash::of(&new_key()));
        let digits = "a".repeat(64);
        for wrong in ["", "pgl_", &digits, &format!("PGL_{digits}"), &format!("pgl_{digits}a")] {
            assert!(!is_well_formed(&Secret::from(wrong)), "{wrong}");
        }
        assert!(!is_well_formed(&Secret::from(format!("pgl_{}", digits.to_uppercase()))));
        assert!(!is_well_formed(&Secret::from(format!("pgl_{}é", "a".repeat(62)))));
    }
}
