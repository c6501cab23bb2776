//! A token of our own to the principal behind it.

use pangolin_core::id::UserId;
use pangolin_core::principal::{Principal, UserRole};

use super::{Refusal, load, root};
use crate::error::ApiError;
use crate::state::AppState;

/// Who shows this token: it verifies, is recorded, stands, and so does its account.
pub(super) async fn principal(state: &AppState, unverified: &str) -> Result<Result<Principal, Refusal>, ApiError> {
    let claims = match state.tokens.verify(unverified, state.clock.now()) {
        Ok(claims) => claims,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(record) = state.store.token(claims.jti).await? else { return Ok(Err(Refusal::Revoked)) };
    if record.revoked_at.is_some() || !claims.match_record(&record) {
        return Ok(Err(Refusal::Revoked));
    }
    let principal =
        if record.user_id == UserId::ROOT { Some(root(state)) } else { load(state, record.user_id).await? };
    let Some(mut principal) = principal.filter(|principal| principal.tenant_id == record.tenant_id) else {
        return Ok(Err(Refusal::Inactive));
    };
    // A token never has a higher rank than it was issued with.
    principal.role = principal.role.min(record.role);
    if let Some(roles) = &record.roles {
        let held = state.store.principal(record.user_id).await?;
        let (roles, grants) = held.map(|held| held.narrowed(roles)).unwrap_or_default();
        principal = Principal { role: UserRole::TenantUser, roles, grants, ..principal };
    }
    principal.token_id = Some(record.id);
    principal.token_expires_at = Some(record.expires_at);
    Ok(Ok(principal))
}
