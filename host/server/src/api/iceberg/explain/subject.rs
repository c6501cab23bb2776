//! Whose vend is explained, and where that one's grants come from.

use std::sync::Arc;

use pangolin_core::id::{TenantId, UserId};
use pangolin_core::principal::{AccountKind, Principal};
use pangolin_core::vend::{GivenBy, GrantSource, Via};
use pangolin_store::{HeldRole, PrincipalRecord};

use crate::auth::{Caller, load, of_account};
use crate::error::ApiError;
use crate::state::AppState;

/// Whose vend it is.
pub(super) struct Subject {
    pub(super) principal: Principal,
    pub(super) is_active: bool,
    pub(super) sources: Vec<GrantSource>,
}

/// The caller, with the token that asks.
pub(super) async fn caller(state: &AppState, caller: &Caller) -> Result<Subject, ApiError> {
    let principal = caller.principal.clone();
    Ok(Subject { sources: sources(state, &principal, GivenBy::Token).await?, principal, is_active: true })
}

/// A user of the caller's own tenant, as the next request of that user would be; by a token of
/// another issuer, with the roles that are assumed of it.
pub(super) async fn named(
    state: &AppState,
    asker: &Caller,
    user: &str,
    assumed: &[String],
) -> Result<Subject, ApiError> {
    let tenant = asker.require_tenant_admin()?;
    let stored = find(state, tenant, user).await?.ok_or_else(|| ApiError::not_found("user"))?;
    let id = stored.user.id;
    if assumed.is_empty() && id == asker.principal.user_id {
        return caller(state, asker).await;
    }
    if !assumed.is_empty() && stored.user.kind != AccountKind::External {
        let message = "only tokens of other issuers give roles beside those of the account: this is no such account";
        return Err(ApiError::bad_request("assume_roles", message));
    }
    let record = state.store.principal_with_roles(id, assumed).await?.ok_or_else(|| ApiError::not_found("user"))?;
    if let Some(unknown) = assumed.iter().find(|name| !record.held.iter().any(|role| role.name == **name)) {
        let shown: String = unknown.chars().take(100).collect();
        return Err(ApiError::bad_request("assume_roles", format!("the tenant has no role '{shown}'")));
    }
    let principal = of_account(&record);
    let is_active = load(state, id).await?.is_some();
    Ok(Subject { sources: sources(state, &principal, GivenBy::Assumption).await?, principal, is_active })
}

/// By identifier, else by name. Another tenant's user is none.
async fn find(state: &AppState, tenant: TenantId, user: &str) -> Result<Option<Arc<PrincipalRecord>>, ApiError> {
    let own = |record: &Arc<PrincipalRecord>| record.user.tenant_id == tenant;
    if let Ok(id) = user.parse::<UserId>()
        && let Some(record) = state.store.principal(id).await?.filter(own)
    {
        return Ok(Some(record));
    }
    match state.store.user_by_name(tenant, user).await? {
        Some(named) => Ok(state.store.principal(named.id).await?.filter(own)),
        None => Ok(None),
    }
}

/// Where the grants come from that are stored with the account, and the roles that are not: these are
/// `others`' word.
async fn sources(state: &AppState, principal: &Principal, others: GivenBy) -> Result<Vec<GrantSource>, ApiError> {
    let (Some(tenant), Some(record)) = (principal.tenant_id, state.store.principal(principal.user_id).await?) else {
        return Ok(Vec::new());
    };
    let mut sources = stored(&record, principal);
    for id in principal.roles.iter().filter(|id| !record.roles.contains(id)) {
        if let Some(role) = state.store.role(tenant, *id).await? {
            let via = Via::Role { role_id: role.id, role: role.name, given_by: others };
            sources.push(GrantSource { via, grants: role.permissions.into() });
        }
    }
    Ok(sources)
}

/// Of a narrowed token only the roles that it has.
fn stored(record: &PrincipalRecord, principal: &Principal) -> Vec<GrantSource> {
    let by_roles: usize = record.held.iter().map(|role| role.grants.len()).sum();
    let direct = record.grants.iter().take(record.grants.len().saturating_sub(by_roles)).cloned();
    let direct = (!principal.narrowed).then(|| GrantSource { via: Via::Direct, grants: direct.collect() });
    let has = |role: &&HeldRole| !principal.narrowed || principal.roles.contains(&role.id);
    let roles = record.held.iter().filter(has).map(|role| GrantSource {
        via: Via::Role { role_id: role.id, role: role.name.clone(), given_by: GivenBy::Account },
        grants: Arc::from(role.grants.as_slice()),
    });
    direct.into_iter().chain(roles).collect()
}
