//! Lines of an export: one JSON object each.

use pangolin_core::audit::AuditEvent;
use pangolin_store::{AuditExportItem, AuditExportRow, AuditSealed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AuditLogEntry;

/// The place of an event in its chain, and the text that the link covers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainPlace {
    /// Whose chain.
    pub(crate) host: String,
    /// The number.
    pub(crate) seq: i64,
    /// Base64 of SHA-256 over the link before and the covered text.
    pub(crate) link: String,
    /// The event as it was recorded.
    pub(crate) covered: String,
}

/// A line about chains and not about an event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "seal", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum SealLine {
    /// The list of chains, a JSON list as text: the first line of everything.
    Hosts { hosts: String, mac: String },
    /// Retention removed everything up to this event.
    Start { host: String, seq: i64, link: String, mac: String },
    /// This was the last event of the chain.
    End { host: String, seq: i64, link: String, mac: String },
}

#[derive(Serialize)]
struct EventLine {
    #[serde(flatten)]
    entry: Option<AuditLogEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<ChainPlace>,
}

/// The fields of an event as a line shows them; none: the text is no event, it was changed.
pub(crate) fn entry(covered: &str) -> Option<AuditLogEntry> {
    serde_json::from_str::<AuditEvent>(covered).ok().map(AuditLogEntry::from)
}

/// Appends the line of an item; `chained`: with what it takes to check it.
pub(crate) fn append(lines: &mut String, item: AuditExportItem, chained: bool) -> Result<(), serde_json::Error> {
    let line = match item {
        AuditExportItem::Event(AuditExportRow { host, seq, link, event }) => {
            let entry = entry(&event);
            let chain = chained.then_some(ChainPlace { host, seq, link, covered: event });
            serde_json::to_string(&EventLine { entry, chain })
        }
        AuditExportItem::Hosts(hosts, mac) => serde_json::to_string(&SealLine::Hosts { hosts, mac }),
        AuditExportItem::Start(AuditSealed { host, seq, link, seal: mac }) => {
            serde_json::to_string(&SealLine::Start { host, seq, link, mac })
        }
        AuditExportItem::End(AuditSealed { host, seq, link, seal: mac }) => {
            serde_json::to_string(&SealLine::End { host, seq, link, mac })
        }
    };
    lines.push_str(&line?);
    lines.push('\n');
    Ok(())
}

/// Whether the readable fields of a line say what its covered text says.
pub(crate) fn says_the_same(line: &Value, covered: &str) -> bool {
    let Some(Ok(Value::Object(expected))) = entry(covered).map(serde_json::to_value) else { return false };
    let Value::Object(line) = line else { return false };
    line.len() == expected.len() + 1 && expected.iter().all(|(field, value)| line.get(field) == Some(value))
}
