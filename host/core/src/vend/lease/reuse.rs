//! Which lease may serve a wish. Pure.

use crate::access::Scope;
use crate::clock::UnixMillis;
use crate::lease::ActiveLease;
use crate::policy::Authorised;
use crate::strategy::{MintedCredential, Scoping};

/// A lease with less than this left is not handed out.
const LEAST_REST_MS: i64 = 30_000;
/// A lease may outlive what was asked for by this much.
const SLACK_MS: i64 = 60_000;

/// How much of its life a lease must have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Half of it.
    Half,
    /// Enough to be of use: there is nothing better.
    Least,
}

/// What is wished for.
pub(super) struct Wanted<'a> {
    pub(super) authorised: &'a Authorised,
    pub(super) share: &'a str,
    pub(super) scoping: Scoping,
    pub(super) ttl_seconds: u32,
    pub(super) now: UnixMillis,
}

/// The first lease that fits, the newest standing first, with its credentials as this caller gets
/// them.
pub(super) fn pick<'a>(
    leases: &'a [ActiveLease],
    wanted: &Wanted<'_>,
    rest: Rest,
) -> Option<(&'a ActiveLease, Vec<MintedCredential>)> {
    leases
        .iter()
        .filter(|lease| is_ours(lease, wanted) && lives_long_enough(lease, wanted, rest))
        .find_map(|lease| Some((lease, for_caller(&lease.grant.credentials, wanted)?)))
}

/// Whether anybody is still handed a lease that ends then.
pub(super) fn is_of_use(expires_at: Option<UnixMillis>, now: UnixMillis) -> bool {
    expires_at.is_some_and(|end| end.0.saturating_sub(now.0) >= LEAST_REST_MS)
}

fn is_ours(lease: &ActiveLease, wanted: &Wanted<'_>) -> bool {
    let (lease, grant, authorised) = (&lease.lease, &lease.grant, wanted.authorised);
    lease.tenant_id == authorised.tenant_id()
        && lease.warehouse_id == authorised.warehouse_id()
        && lease.share == wanted.share
        // What was minted when the warehouse or the strategy said otherwise may open more.
        && grant.scoping == wanted.scoping
        // The share is the strategy's word; what the host knows better it holds against it.
        && match wanted.scoping {
            Scoping::Exact => lease.table_id == authorised.table_id() && lease.access == authorised.access(),
            Scoping::Delegated => lease.user_id == authorised.user_id() && lease.access == authorised.access(),
            Scoping::AccessOnly => lease.access == authorised.access(),
            Scoping::Unscoped => true,
        }
}

fn lives_long_enough(lease: &ActiveLease, wanted: &Wanted<'_>, rest: Rest) -> bool {
    let grant = &lease.grant;
    let left = grant.expires_at.0.saturating_sub(wanted.now.0);
    let life = grant.expires_at.0.saturating_sub(grant.issued_at.0);
    let least = match rest {
        Rest::Half => life - life / 2,
        Rest::Least => LEAST_REST_MS,
    };
    left > 0 && left >= least && left <= i64::from(wanted.ttl_seconds) * 1000 + SLACK_MS
}

/// The credentials as this caller gets them. Those that open exactly their locations are never said
/// to open others, where the table lies by now.
fn for_caller(credentials: &[MintedCredential], wanted: &Wanted<'_>) -> Option<Vec<MintedCredential>> {
    let scopes = wanted.authorised.scopes();
    if wanted.scoping != Scoping::Exact {
        return spelled_for(credentials, scopes);
    }
    let is_inside = |credential: &MintedCredential| {
        scopes.iter().any(|scope| credential.prefix.starts_with(scope.location.as_str()))
    };
    (!credentials.is_empty() && credentials.iter().all(is_inside)).then(|| credentials.to_vec())
}

/// The credentials under the caller's own locations. Credentials that differ belong each to its
/// own location and serve nobody else.
fn spelled_for(credentials: &[MintedCredential], scopes: &[Scope]) -> Option<Vec<MintedCredential>> {
    let named = |prefix: &str| scopes.iter().any(|scope| scope.location.as_str() == prefix);
    if !credentials.is_empty() && credentials.iter().all(|credential| named(&credential.prefix)) {
        return Some(credentials.to_vec());
    }
    let (first, others) = credentials.split_first()?;
    if others.iter().any(|other| other.entries != first.entries) {
        return None;
    }
    let spelled = |scope: &Scope| MintedCredential { prefix: scope.location.as_str().to_owned(), ..first.clone() };
    Some(scopes.iter().map(spelled).collect())
}
