//! What a revocation did, and what it could not do.

use std::sync::Arc;
use std::time::Duration;

use pangolin_core::lease::LeaseState;
use pangolin_core::revocation::{Revocation, advice};
use pangolin_core::vend::LeaseActor;
use pangolin_store::Revoked;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::target::action;
use super::wire::{Done, Report};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// How long the caller waits for leases to end; what is left the host ends beside.
const PATIENCE: Duration = Duration::from_secs(10);
/// Leases that are ended at a time.
const AT_A_TIME: usize = 8;

/// Revokes, ends what can be ended, and says whether it stood before.
pub(super) async fn revoke(state: &AppState, caller: &Caller, wanted: Revocation) -> Result<(Report, bool), ApiError> {
    let event = Event::new(action(wanted.kind), wanted.kind.as_str()).id(wanted.target).name(&wanted.name);
    let event = event.tenant(wanted.tenant_id);
    let work = async {
        state.begin(caller, &event).await?;
        let Revoked { revocation, stood, tokens } = state.store.revoke(&wanted).await?;
        let cached = state.vending.forget_cached(revocation.kind, revocation.target);
        end_leases(state, caller, &revocation).await?;
        let mut report = of(state, revocation).await?;
        report.done = Done { tokens_ended: Some(tokens), cached_dropped: Some(cached as u64) };
        Ok((report, stood))
    };
    let (report, stood) = state.attempt(caller, &event, work).await?;
    let revocation = &report.revocation;
    let event = event.metadata(json!({
        "revocation": revocation.id,
        "stood": stood,
        "reason": revocation.reason,
        "tokens_ended": report.done.tokens_ended,
        "cached_dropped": report.done.cached_dropped,
        "leases": report.leases_count,
        "outstanding": report.outstanding.count,
        "outstanding_until": report.outstanding.latest_expiry,
    }));
    state.record_success(caller, event).await?;
    Ok((report, stood))
}

/// The report as it is now.
pub(super) async fn of(state: &AppState, revocation: Revocation) -> Result<Report, ApiError> {
    let now = state.clock.now();
    let outstanding = state.store.outstanding(&revocation, now).await?;
    let leases = state.store.revoked_leases(&revocation).await?;
    let before = revocation.lifted_at.unwrap_or(now);
    let recall = advice::advise(&revocation, &outstanding.groups, before);
    Ok(Report::new(&revocation, leases, &outstanding, recall))
}

/// Ends the leases, as far as that goes in time. They are handed out no more whatever comes of it.
async fn end_leases(state: &AppState, caller: &Caller, revocation: &Revocation) -> Result<(), ApiError> {
    let (leases, _) = state.store.revoked_leases(revocation).await?;
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut ending = JoinSet::new();
    for lease in leases.into_iter().filter(|lease| lease.state == LeaseState::Revoking) {
        let (vending, turns) = (state.vending.clone(), Arc::clone(&turns));
        let actor = LeaseActor {
            user_id: caller.principal.user_id,
            name: caller.principal.username.to_string(),
            context: caller.context.clone(),
        };
        ending.spawn(async move {
            let _turn = turns.acquire_owned().await;
            // How it went is in the lease, and in the trail.
            if let Err(error) = vending.end_lease(lease.tenant_id, lease.id, actor).await {
                tracing::warn!(lease = %lease.id, %error, "a revoked lease could not be ended yet");
            }
        });
    }
    let _ = tokio::time::timeout(PATIENCE, async { while ending.join_next().await.is_some() {} }).await;
    Ok(())
}
