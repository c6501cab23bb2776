//! The audit row of an explanation: who asked, for whom, of what.

use serde_json::{Map, Value, json};

use super::report::Explanation;
use super::{ExplainAsk, ExplainUse, Scene};
use crate::audit::{AuditEvent, AuditResult};
use crate::clock::UnixMillis;
use crate::vend::record::Asker;

/// The name of every row about an explanation.
pub(super) const ACTION: &str = "explain_credentials";

pub(super) fn of(
    now: UnixMillis,
    scene: Scene<'_>,
    (result, error_message): (AuditResult, Option<String>),
    explained: Option<&Explanation>,
) -> AuditEvent {
    let Scene { asker, snapshot, table, ask } = scene;
    let warehouse = &snapshot.warehouse;
    let place = [("warehouse", json!(warehouse.name)), ("strategy", json!(warehouse.strategy))];
    let mut more = about(ask, explained);
    more.extend(place.map(|(name, value)| (name.to_owned(), value)));
    let who = Asker { principal: asker, snapshot, table, context: ask.context };
    who.event(now, ACTION, result, error_message, Value::Object(more))
}

/// For whom, and of what.
pub(super) fn about(ask: ExplainAsk<'_>, explained: Option<&Explanation>) -> Map<String, Value> {
    let always = json!({
        "for": ask.of.purpose(),
        "subject": ask.subject.user_id,
        "subject_name": &*ask.subject.username,
        "requested_access": ask.of.access().describe(),
    });
    let mut more = match always {
        Value::Object(more) => more,
        _ => Map::new(),
    };
    if !ask.assumed_roles.is_empty() {
        more.insert("assumed_roles".to_owned(), json!(ask.assumed_roles));
    }
    if let ExplainUse::Signature(asked) = &ask.of {
        let opened: Vec<&str> = asked.touched.objects.iter().map(|location| location.as_str()).collect();
        more.insert("method".to_owned(), json!(asked.method));
        more.insert("locations".to_owned(), json!(opened));
    }
    if let Some(explained) = explained {
        more.insert("allowed".to_owned(), json!(explained.allowed));
        more.insert("code".to_owned(), json!(explained.refusal.as_ref().map(|refusal| &refusal.code)));
    }
    more
}
