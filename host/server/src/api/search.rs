//! Search over the names of catalogs, namespaces and tables: what the caller may list, and nothing
//! else. A request looks at so many names and no more; where that ends before the list does, the
//! answer has a token to go on with, also if nothing was found yet.

mod matching;
mod wire;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use pangolin_core::id::CatalogId;
use pangolin_core::permission::{Action, PermissionScope, Target};
use pangolin_core::principal::{Principal, UserRole};
use pangolin_store::{Named, SearchAt, SearchItem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::wire::{Asked, SearchQuery, SearchReply, SearchResult};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Names that one request looks at, but for the rest of a part.
const MAX_LOOKED_AT: usize = 10_000;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search))
}

/// Finds catalogs, namespaces and tables by a part of their name, in any case; a text with a `.`
/// is also looked for in `namespace.table`. Shown is what the caller may list.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchReply)))]
async fn search(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Json<SearchReply>, ApiError> {
    let tenant = state.attempt(&caller, &Event::new("search", "catalog"), async { caller.tenant() }).await?;
    let Query(query) = query.map_err(|rejection| ApiError::bad_request("", rejection.body_text()))?;
    let Asked { wanted, limit, cursor } = query.read()?;
    let principal = &caller.principal;
    let mut next = Some(match cursor {
        Some(cursor) => state.store.search_at(tenant, principal.user_id, &cursor).ok_or_else(|| {
            ApiError::bad_request("page_token", "this token is none that a search of yours gave: begin without one")
        })?,
        None => SearchAt::default(),
    });
    let within = catalogs_of(principal);
    let mut results = Vec::new();
    let mut looked_at = 0;
    while let Some(at) = next.take_if(|_| looked_at < MAX_LOOKED_AT && results.len() < limit) {
        let part = state.store.search_part(tenant, within.as_deref(), &at).await?;
        next = part.next;
        looked_at += part.items.len();
        for item in part.items {
            if results.len() == limit {
                next = results.last().map(|(_, after): &(SearchResult, SearchAt)| after.clone());
                break;
            }
            if wanted.fits(&item) && may_see(principal, &item) {
                results.push((SearchResult::of(&item, may_read(principal, &item)), item.after()));
            }
        }
    }
    let next_page_token = next.map(|at| state.store.search_cursor(tenant, principal.user_id, &at)).transpose()?;
    Ok(Json(SearchReply { results: results.into_iter().map(|(result, _)| result).collect(), next_page_token }))
}

fn target(item: &SearchItem) -> Target<'_> {
    match &item.named {
        Named::Catalog { .. } => Target::Catalog(item.catalog_id),
        Named::Namespace { path, .. } => Target::Namespace(item.catalog_id, path),
        Named::Table { id, namespace, .. } => Target::Table(item.catalog_id, namespace, *id),
    }
}

/// As in the lists.
fn may_see(principal: &Principal, item: &SearchItem) -> bool {
    principal.may_see(target(item))
}

fn may_read(principal: &Principal, item: &SearchItem) -> bool {
    principal.may(Action::Read, target(item))
}

/// The catalogs that the caller's grants name, where they name all that may be seen: the rest need
/// not be read at all.
fn catalogs_of(principal: &Principal) -> Option<Vec<CatalogId>> {
    if principal.role != UserRole::TenantUser {
        return None;
    }
    let named = principal.grants.iter().map(|grant| match grant.scope {
        PermissionScope::Tenant => None,
        PermissionScope::Catalog { catalog_id }
        | PermissionScope::Namespace { catalog_id, .. }
        | PermissionScope::Asset { catalog_id, .. } => Some(catalog_id),
    });
    let mut named: Vec<CatalogId> = named.collect::<Option<_>>()?;
    named.sort_unstable();
    named.dedup();
    Some(named)
}
