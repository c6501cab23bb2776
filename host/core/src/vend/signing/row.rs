//! The audit rows of signatures: what was opened, never the signature.

use serde_json::{Value, json};

use super::super::record::Asker;
use super::super::{VendError, Vended};
use super::Asked;
use crate::audit::{AuditEvent, AuditResult};
use crate::clock::UnixMillis;
use crate::strategy::StrategyInfo;

/// Locations that a row spells out; of a deletion of many the others are counted.
const SHOWN: usize = 10;

/// A signature goes out that was made with a credential of the host.
pub(super) fn granted(now: UnixMillis, asked: &Asked<'_>, vended: &Vended, ends: Option<UnixMillis>) -> AuditEvent {
    let more = json!({
        "strategy": vended.strategy,
        "strategy_version": vended.version,
        "plugin_digest": vended.digest,
        "expires_at": ends.map(UnixMillis::to_rfc3339),
        "fingerprint": vended.fingerprint,
    });
    event(now, asked, AuditResult::Success, None, more)
}

/// A URL goes out that the strategy made.
pub(super) fn granted_by_strategy(
    now: UnixMillis,
    asked: &Asked<'_>,
    strategy: &StrategyInfo,
    ends: UnixMillis,
) -> AuditEvent {
    let mut more = component(strategy);
    extend(&mut more, json!({ "expires_at": ends.to_rfc3339() }));
    event(now, asked, AuditResult::Success, None, more)
}

/// The strategy is about to make a URL.
pub(super) fn started(now: UnixMillis, asked: &Asked<'_>, strategy: &StrategyInfo) -> AuditEvent {
    event(now, asked, AuditResult::Started, None, component(strategy))
}

/// Nothing was signed.
pub(super) fn refused(now: UnixMillis, asked: &Asked<'_>, error: &VendError) -> AuditEvent {
    let result = if error.is_refusal() { AuditResult::Denied } else { AuditResult::Failure };
    let more = json!({ "code": error.code(), "strategy": asked.snapshot.warehouse.strategy });
    event(now, asked, result, Some(error.to_string()), more)
}

fn component(strategy: &StrategyInfo) -> Value {
    json!({
        "strategy": strategy.description.name,
        "strategy_version": strategy.description.version,
        "plugin_digest": strategy.digest,
    })
}

fn event(
    now: UnixMillis,
    asked: &Asked<'_>,
    result: AuditResult,
    error_message: Option<String>,
    more: Value,
) -> AuditEvent {
    let Asked { principal, snapshot, table, ask } = asked;
    let opened = ask.touched.objects.iter().chain(ask.touched.listing);
    let mut metadata = json!({
        // Of a request that was not read it is the client's own text.
        "method": ask.method.chars().take(20).collect::<String>(),
        "access": ask.touched.access.describe(),
        "locations": opened.take(SHOWN).map(|location| location.as_str()).collect::<Vec<_>>(),
        "objects": ask.touched.objects.len(),
        "warehouse": snapshot.warehouse.name,
    });
    extend(&mut metadata, more);
    let asker = Asker { principal, snapshot, table, context: ask.context };
    asker.event(now, ask.signature.action(), result, error_message, metadata)
}

fn extend(metadata: &mut Value, more: Value) {
    if let (Value::Object(metadata), Value::Object(more)) = (metadata, more) {
        metadata.extend(more);
    }
}
