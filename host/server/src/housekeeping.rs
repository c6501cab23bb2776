//! What has to go from time to time: events after their retention, tokens that ended long ago,
//! and records of credentials that are no more. Every host does it; the store lets them.

use std::error::Error;
use std::time::Duration;

use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::{AuditUnavailable, StoreError};
use pangolin_store::AuditPruned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::audited::Event;
use crate::random;
use crate::state::AppState;

const DAY: i64 = 24 * 3600;
/// Tokens that ended are kept so long: a list of tokens shows them.
const TOKENS_KEPT: i64 = DAY;
/// The first time comes soon: hosts that live for less than the pause do it too.
const FIRST: Duration = Duration::from_secs(60);

/// Runs until it is dropped. A step that is cut short leaves nothing half done.
#[derive(Debug)]
pub(crate) struct Housekeeping(JoinHandle<()>);

impl Housekeeping {
    pub(crate) fn start(state: AppState) -> Self {
        let pause = Duration::from_secs(u64::from(state.config.housekeeping.pause_seconds));
        Self(tokio::spawn(async move {
            // Not all hosts at once.
            tokio::time::sleep(pause.min(FIRST).mul_f64(random::fraction())).await;
            loop {
                keep(&state).await;
                tokio::time::sleep(pause.mul_f64(0.9 + 0.2 * random::fraction())).await;
            }
        }))
    }
}

impl Drop for Housekeeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// All of it, once. What fails is tried again the next time.
pub(crate) async fn keep(state: &AppState) {
    let now = state.clock.now();
    said("tokens", state.store.delete_tokens_expired_before(now.plus_seconds(-TOKENS_KEPT), None).await);
    said("mints", state.store.prune_mints(now).await);
    if let Some(days) = state.config.housekeeping.audit_retention_days {
        let before = now.plus_seconds(-DAY * i64::from(days));
        if let Err(error) = prune_audit(state, days, before).await {
            tracing::warn!(error = &error as &dyn Error, "the removal of old audit events is not on record");
        }
    }
}

fn said(what: &str, done: Result<u64, StoreError>) {
    match done {
        Ok(0) => {}
        Ok(rows) => tracing::info!(what, rows, "old records were removed"),
        Err(error) => tracing::warn!(what, error = &error as &dyn Error, "old records were not removed"),
    }
}

/// Removes events, and records that; also what could not be removed.
async fn prune_audit(state: &AppState, days: u32, before: UnixMillis) -> Result<(), AuditUnavailable> {
    let terms = |more: Value| {
        let mut terms = json!({"retention_days": days, "before": before.to_rfc3339()});
        if let (Value::Object(terms), Value::Object(more)) = (&mut terms, more) {
            terms.extend(more);
        }
        terms
    };
    let (metadata, failed) = match state.store.prune_audit(before).await {
        Ok(pruned) if pruned == AuditPruned::default() => return Ok(()),
        Ok(pruned) => {
            for (host, seq, fault) in &pruned.kept {
                tracing::error!(host, seq, fault = %fault, "an audit chain does not hold and is not pruned");
            }
            (terms(counts(&pruned)), (!pruned.kept.is_empty()).then(|| "a chain does not hold".to_owned()))
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn Error, "old audit events were not removed");
            (terms(Value::Null), Some("the database failed".to_owned()))
        }
    };
    let result = if failed.is_some() { AuditResult::Failure } else { AuditResult::Success };
    let context = RequestContext { request_id: uuid::Uuid::now_v7().to_string(), ..RequestContext::default() };
    let event = Event::new("prune_audit", "audit").metadata(metadata);
    state.audit.record(event.finish(state, (None, "system"), &context, result, failed)).await
}

/// How many events went, and from where.
fn counts(pruned: &AuditPruned) -> Value {
    let chains: Vec<Value> = pruned
        .chains
        .iter()
        .map(|chain| json!({"host": chain.host, "rows": chain.rows, "until": chain.until}))
        .collect();
    let kept: Vec<Value> =
        pruned.kept.iter().map(|(host, seq, fault)| json!({"host": host, "seq": seq, "fault": fault.code()})).collect();
    json!({"rows": pruned.rows(), "chains": chains, "kept": kept})
}

#[cfg(test)]
mod tests;
