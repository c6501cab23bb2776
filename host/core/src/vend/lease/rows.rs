//! The audit rows of a lease's end and of a recovery. No handle and no key is in them.

use serde_json::{Value, json};

use super::LeaseActor;
use crate::audit::{AuditEvent, AuditResult};
use crate::clock::UnixMillis;
use crate::id::AuditId;
use crate::lease::Lease;

/// The host tried to end a lease.
pub(super) fn revoked(now: UnixMillis, lease: &Lease, actor: &LeaseActor, failure: Option<String>) -> AuditEvent {
    row(now, "revoke_lease", lease, actor, failure, json!({"attempt": lease.attempts + 1}))
}

/// Somebody had a lease handed out no more; the host ends it when it can.
pub(super) fn asked(now: UnixMillis, lease: &Lease, actor: &LeaseActor, reason: &str) -> AuditEvent {
    row(now, "revoke_lease", lease, actor, None, json!({"pending": reason}))
}

/// The host looked for what an interrupted mint left.
pub(super) fn recovered(
    now: UnixMillis,
    lease: &Lease,
    actor: &LeaseActor,
    failure: Option<String>,
    (found, undecided): (usize, usize),
) -> AuditEvent {
    row(now, "recover_lease", lease, actor, failure, json!({"found": found, "undecided": undecided}))
}

fn row(
    now: UnixMillis,
    action: &str,
    lease: &Lease,
    actor: &LeaseActor,
    failure: Option<String>,
    mut metadata: Value,
) -> AuditEvent {
    if let Value::Object(map) = &mut metadata {
        map.insert("warehouse".to_owned(), json!(lease.warehouse));
        map.insert("strategy".to_owned(), json!(lease.strategy));
        map.insert("access".to_owned(), json!(lease.access.describe()));
        map.insert("issued_to".to_owned(), json!(lease.principal));
        map.insert("vend_request_id".to_owned(), json!(lease.request_id));
    }
    AuditEvent {
        id: AuditId::generate(),
        tenant_id: Some(lease.tenant_id),
        user_id: Some(actor.user_id),
        username: actor.name.clone(),
        action: action.to_owned(),
        resource_type: "lease".to_owned(),
        resource_id: Some(lease.id.0),
        resource_name: lease.table.clone(),
        timestamp: now,
        ip_address: actor.context.ip_address.clone(),
        user_agent: actor.context.user_agent.clone(),
        result: if failure.is_some() { AuditResult::Failure } else { AuditResult::Success },
        error_message: failure,
        request_id: actor.context.request_id.clone(),
        trace_id: actor.context.trace_id.clone(),
        metadata,
    }
}
