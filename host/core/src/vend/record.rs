//! The audit rows of a vend.

use serde_json::{Value, json};

use super::{VendAsk, VendError, Vended};
use crate::audit::{AuditEvent, AuditResult, RequestContext};
use crate::clock::UnixMillis;
use crate::id::AuditId;
use crate::policy::Authorised;
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::strategy::StrategyInfo;

/// Whose vend, of what, why.
pub(super) struct Subject<'a> {
    pub(super) authorised: &'a Authorised,
    pub(super) snapshot: &'a CatalogSnapshot,
    pub(super) trigger: &'static str,
    pub(super) context: &'a RequestContext,
}

/// The name of every row about a vend.
pub(super) const ACTION: &str = "vend_credentials";

/// A vend that the policy refused.
pub(super) fn refused(
    now: UnixMillis,
    principal: &Principal,
    snapshot: &CatalogSnapshot,
    table: &Table,
    ask: VendAsk<'_>,
    error: &VendError,
) -> AuditEvent {
    let result = if error.is_refusal() { AuditResult::Denied } else { AuditResult::Failure };
    let metadata = json!({
        "code": error.code(),
        "trigger": ask.trigger,
        "warehouse": snapshot.warehouse.name,
        "strategy": snapshot.warehouse.strategy,
        "requested_access": ask.access.describe(),
    });
    let asker = Asker { principal, snapshot, table, context: ask.context };
    asker.event(now, ACTION, result, Some(error.to_string()), metadata)
}

/// Who asked for which table, before anything is authorised.
pub(super) struct Asker<'a> {
    pub(super) principal: &'a Principal,
    pub(super) snapshot: &'a CatalogSnapshot,
    pub(super) table: &'a Table,
    pub(super) context: &'a RequestContext,
}

impl Asker<'_> {
    /// A row about the table.
    pub(super) fn event(
        &self,
        now: UnixMillis,
        action: &str,
        result: AuditResult,
        error_message: Option<String>,
        metadata: Value,
    ) -> AuditEvent {
        let Self { principal, snapshot, table, context } = self;
        AuditEvent {
            id: AuditId::generate(),
            tenant_id: Some(snapshot.catalog.tenant_id),
            user_id: Some(principal.user_id),
            username: principal.username.to_string(),
            action: action.to_owned(),
            resource_type: "table".to_owned(),
            resource_id: Some(table.id.0),
            resource_name: format!("{}.{}.{}", snapshot.catalog.name, table.namespace, table.name),
            timestamp: now,
            ip_address: context.ip_address.clone(),
            user_agent: context.user_agent.clone(),
            result,
            error_message,
            request_id: context.request_id.clone(),
            trace_id: context.trace_id.clone(),
            metadata,
        }
    }
}

/// The strategy is about to run.
pub(super) fn started(now: UnixMillis, subject: &Subject<'_>, strategy: &StrategyInfo) -> AuditEvent {
    let mut metadata = scope(subject);
    insert_strategy(&mut metadata, &strategy.description.name, &strategy.description.version, &strategy.digest);
    event(now, subject, AuditResult::Started, None, metadata)
}

/// The strategy failed, or its answer was refused.
pub(super) fn failed(now: UnixMillis, subject: &Subject<'_>, strategy: &StrategyInfo, error: &VendError) -> AuditEvent {
    let mut metadata = scope(subject);
    insert(&mut metadata, "code", json!(error.code()));
    insert_strategy(&mut metadata, &strategy.description.name, &strategy.description.version, &strategy.digest);
    let result = if error.is_refusal() { AuditResult::Denied } else { AuditResult::Failure };
    event(now, subject, result, Some(error.to_string()), metadata)
}

/// A credential goes out.
pub(super) fn granted(now: UnixMillis, subject: &Subject<'_>, vended: &Vended, cached: bool) -> AuditEvent {
    let mut metadata = scope(subject);
    insert_strategy(&mut metadata, &vended.strategy, &vended.version, &vended.digest);
    insert(&mut metadata, "expires_at", json!(vended.expires_at.map(UnixMillis::to_rfc3339)));
    insert(&mut metadata, "unscoped", json!(vended.unscoped));
    insert(&mut metadata, "cached", json!(cached));
    insert(&mut metadata, "fingerprint", json!(vended.fingerprint));
    if let Some(lease) = vended.lease {
        insert(&mut metadata, "lease", json!(lease));
    }
    event(now, subject, AuditResult::Success, None, metadata)
}

fn scope(subject: &Subject<'_>) -> Value {
    let Subject { authorised, snapshot, trigger, .. } = subject;
    let scopes: Vec<&str> = authorised.scopes().iter().map(|scope| scope.location.as_str()).collect();
    json!({
        "trigger": trigger,
        "warehouse": snapshot.warehouse.name,
        "access": authorised.access().describe(),
        "scopes": scopes,
    })
}

/// Which component minted, or was to mint.
fn insert_strategy(metadata: &mut Value, name: &str, version: &str, digest: &str) {
    insert(metadata, "strategy", json!(name));
    insert(metadata, "strategy_version", json!(version));
    insert(metadata, "plugin_digest", json!(digest));
}

fn insert(metadata: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = metadata {
        map.insert(key.to_owned(), value);
    }
}

fn event(
    now: UnixMillis,
    subject: &Subject<'_>,
    result: AuditResult,
    error_message: Option<String>,
    metadata: Value,
) -> AuditEvent {
    let Subject { authorised, context, .. } = subject;
    AuditEvent {
        id: AuditId::generate(),
        tenant_id: Some(authorised.tenant_id()),
        user_id: Some(authorised.user_id()),
        username: authorised.principal().to_owned(),
        action: ACTION.to_owned(),
        resource_type: "table".to_owned(),
        resource_id: Some(authorised.table_id().0),
        resource_name: authorised.table_name().to_owned(),
        timestamp: now,
        ip_address: context.ip_address.clone(),
        user_agent: context.user_agent.clone(),
        result,
        error_message,
        request_id: context.request_id.clone(),
        trace_id: context.trace_id.clone(),
        metadata,
    }
}
