//! What a vend of one table's credentials would be, and why.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use pangolin_catalog::{CatalogError, ExplainTable};
use pangolin_core::access::Access;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::principal::Principal;
use pangolin_core::vend::{GrantSource, Via};
use pangolin_store::PrincipalRecord;
use serde::Deserialize;

use super::request::{Params, Place, asker, private_value, seconds};
use crate::audited::Event;
use crate::auth::{Caller, load, of_account};
use crate::error::ApiError;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

/// Whose vend, and what it asks for.
// A misspelt `user` would explain the administrator instead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainQuery {
    access: Option<String>,
    ttl: Option<String>,
    user: Option<String>,
}

impl ExplainQuery {
    fn access(&self) -> Result<Access, CatalogError> {
        super::credentials::access(self.access.as_deref())
    }
}

/// What a vend would be, step by step: rights, scope, life, and what the strategy would ask for.
/// Nothing is minted, and no secret is in the answer. Administrators of the tenant may name a user.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials/explain", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path),
        ("access" = Option<String>, Query, description = "read, read-write or read-write-delete (default)"),
        ("ttl" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64, description = "seconds"),
        ("user" = Option<String>, Query, description = "identifier or name; administrators of the tenant only")),
    responses((status = 200, body = Value, description = "allowed, grants, checks, strategy, ttl, would, outcome"),
        (status = 404, description = "no such table or user, or none that the caller may see")))]
pub(super) async fn explain(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(query): Params<ExplainQuery>,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let subject = match &query.user {
        None => Subject {
            sources: sources(&state, &caller.principal).await?,
            principal: caller.principal.clone(),
            is_active: true,
        },
        Some(user) => match subject(&state, &caller, user).await {
            Ok(subject) => subject,
            Err(refused) => {
                let table = format!("{}.{namespace}.{name}", place.catalog);
                let event = Event::new("explain_credentials", "table").name(&table);
                if refused.status == StatusCode::FORBIDDEN {
                    state.record_denied(&caller, event, &refused).await?;
                }
                return Err(refused.into());
            }
        },
    };
    let asked = ExplainTable {
        subject: &subject.principal,
        is_active: subject.is_active,
        sources: &subject.sources,
        access: query.access()?,
        ttl_seconds: seconds(query.ttl.as_deref())?,
    };
    let explained = state.catalogs.explain(asker(&caller), &place.catalog, &namespace, name, asked).await?;
    Ok(private_value(&explained, true)?)
}

/// Whose vend it is.
struct Subject {
    principal: Principal,
    is_active: bool,
    sources: Vec<GrantSource>,
}

/// A user of the caller's own tenant, as the next request of that user would be.
async fn subject(state: &AppState, caller: &Caller, user: &str) -> Result<Subject, ApiError> {
    let tenant = caller.require_tenant_admin()?;
    let record = find(state, tenant, user).await?.ok_or_else(|| ApiError::not_found("user"))?;
    let principal = of_account(&record);
    let is_active = load(state, principal.user_id).await?.is_some();
    Ok(Subject { sources: sources(state, &principal).await?, principal, is_active })
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

/// Where the grants come from that are stored with the account, and the roles that are not.
async fn sources(state: &AppState, principal: &Principal) -> Result<Vec<GrantSource>, ApiError> {
    let (Some(tenant), Some(record)) = (principal.tenant_id, state.store.principal(principal.user_id).await?) else {
        return Ok(Vec::new());
    };
    let mut sources = stored(&record);
    for id in principal.roles.iter().filter(|id| !record.roles.contains(id)) {
        // By another issuer's word.
        if let Some(role) = state.store.role(tenant, *id).await? {
            let via = Via::Role { role_id: role.id, role: role.name };
            sources.push(GrantSource { via, grants: role.permissions.into() });
        }
    }
    Ok(sources)
}

fn stored(record: &PrincipalRecord) -> Vec<GrantSource> {
    let by_roles: usize = record.held.iter().map(|role| role.grants.len()).sum();
    let direct = record.grants.iter().take(record.grants.len().saturating_sub(by_roles)).cloned();
    let direct = GrantSource { via: Via::Direct, grants: direct.collect() };
    let roles = record.held.iter().map(|role| GrantSource {
        via: Via::Role { role_id: role.id, role: role.name.clone() },
        grants: Arc::from(role.grants.as_slice()),
    });
    std::iter::once(direct).chain(roles).collect()
}
