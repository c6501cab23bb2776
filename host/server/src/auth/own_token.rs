//! A token of our own to the principal behind it.

use std::sync::Arc;

use pangolin_core::id::{TokenId, UserId};
use pangolin_core::principal::{Principal, UserRole};
use pangolin_core::record::TokenRecord;

use super::refusal::{CredentialKind, Refusal, Refused, Whose};
use super::tokens::Claims;
use super::{of_account, root, standing};
use crate::error::ApiError;
use crate::state::AppState;

/// Who shows this token: it verifies, is recorded, stands, and so does its account.
pub(crate) async fn principal(state: &AppState, unverified: &str) -> Result<Result<Principal, Refused>, ApiError> {
    let (claims, record) = match recorded(state, unverified).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    if claims.has_ended(state.clock.now()) {
        return Ok(Err(Refused::of(Refusal::Expired, whose(&claims))));
    }
    Ok(of_record(state, &record).await?.ok_or_else(|| Refused::of(Refusal::Inactive, whose(&claims))))
}

/// A token that verifies, is recorded as it says, and is not revoked; it may have ended.
pub(crate) async fn recorded(
    state: &AppState,
    unverified: &str,
) -> Result<Result<(Claims, Arc<TokenRecord>), Refused>, ApiError> {
    let now = state.clock.now();
    let claims = match state.tokens.read(unverified, now) {
        Ok(claims) => claims,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    if !state.tokens.is_of_this_root(&claims) {
        return Ok(Err(Refused::of(Refusal::Revoked, whose(&claims))));
    }
    let record = state.store.token(claims.jti).await?;
    let standing = record.filter(|record| !record.is_revoked(now) && claims.match_record(record));
    match standing {
        Some(record) => Ok(Ok((claims, record))),
        // A token that has ended may be forgotten as well.
        None if claims.has_ended(now) => Ok(Err(Refused::of(Refusal::Expired, whose(&claims)))),
        None => Ok(Err(Refused::of(Refusal::Revoked, whose(&claims)))),
    }
}

/// What a token opens now, if its account stands: no higher rank than it was issued with, and of
/// a narrowed one the grants of its roles that are still held.
pub(crate) async fn of_record(state: &AppState, record: &TokenRecord) -> Result<Option<Principal>, ApiError> {
    let account = standing(state, record.user_id).await?;
    let principal = if record.user_id == UserId::ROOT { Some(root(state)) } else { account.as_deref().map(of_account) };
    let Some(mut principal) = principal.filter(|principal| principal.tenant_id == record.tenant_id) else {
        return Ok(None);
    };
    principal.role = principal.role.min(record.role);
    if let Some(roles) = &record.roles {
        let (roles, grants) = account.map(|account| account.narrowed(roles)).unwrap_or_default();
        principal = Principal { role: UserRole::TenantUser, narrowed: true, roles, grants, ..principal };
    }
    principal.token_id = Some(record.id);
    // One that is to be revoked, by a rotation with grace, ends then.
    let ends = [principal.token_expires_at, Some(record.expires_at), record.revoked_at];
    principal.token_expires_at = ends.into_iter().flatten().min();
    Ok(Some(principal))
}

/// The chain that a narrowed token keeps to, of all the tokens of its holder; none: it is not narrowed.
pub(crate) async fn kept_to(state: &AppState, principal: &Principal) -> Result<Option<TokenId>, ApiError> {
    let Some(shown) = principal.token_id.filter(|_| principal.narrowed) else { return Ok(None) };
    Ok(Some(state.store.token(shown).await?.map_or(shown, |record| record.family)))
}

/// Whose token it is. The claims are signed by this host.
fn whose(claims: &Claims) -> Whose {
    Whose {
        user_id: claims.sub,
        tenant_id: claims.tenant_id,
        username: claims.username.clone(),
        kind: CredentialKind::Token,
        credential_id: claims.jti.0,
    }
}
