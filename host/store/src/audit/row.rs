//! One event as it is stored: the text that the chain covers, and the columns that filters need.

use pangolin_core::audit::AuditEvent;

use super::anchor;
use crate::db::Statement;
use crate::dialect::Dialect;

/// Columns of a row besides host, number and link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AuditRow {
    pub(crate) id: String,
    pub(crate) tenant_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) username: String,
    pub(crate) action: String,
    pub(crate) resource_type: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) resource_name: String,
    pub(crate) at: i64,
    pub(crate) result: &'static str,
    pub(crate) request_id: String,
    pub(crate) trace_id: Option<String>,
    /// The canonical text: JSON with its fields in the order of the type.
    pub(crate) event: String,
}

impl AuditRow {
    /// The row of an event.
    pub(crate) fn of(event: &AuditEvent) -> Result<Self, serde_json::Error> {
        Ok(Self {
            event: serde_json::to_string(event)?,
            id: event.id.to_string(),
            tenant_id: event.tenant_id.map(|id| id.to_string()),
            user_id: event.user_id.map(|id| id.to_string()),
            // PostgreSQL has no NUL in text; in the event itself JSON escapes it.
            username: without_nul(&event.username),
            action: without_nul(&event.action),
            resource_type: without_nul(&event.resource_type),
            resource_id: event.resource_id.map(|id| id.to_string()),
            resource_name: without_nul(&event.resource_name),
            at: event.timestamp.0,
            result: event.result.as_str(),
            request_id: without_nul(&event.request_id),
            trace_id: event.trace_id.as_deref().map(without_nul),
        })
    }
}

pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// Columns of one row in [`insert_text`].
const COLUMNS: usize = 16;

/// An insert of `rows` rows. The text depends on nothing but the number, so that the driver
/// prepares each of the few sizes once.
pub(crate) fn insert_text(rows: usize) -> String {
    let row = |at: usize| {
        let places: Vec<String> = (at * COLUMNS + 1..=(at + 1) * COLUMNS).map(|place| format!("${place}")).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO audit_events (host, seq, link, id, tenant_id, user_id, username, action, resource_type, \
         resource_id, resource_name, at, result, request_id, trace_id, event) VALUES {}",
        rows.join(", ")
    )
}

/// The same, and the end of the chain, in one statement for the driver and one transaction for the
/// database. SQLite runs several statements of one text; PostgreSQL changes two tables in one.
pub(crate) fn sealed_insert_text(dialect: Dialect, rows: usize) -> String {
    let (insert, upsert) = (insert_text(rows), anchor::upsert_text(rows * COLUMNS + 1));
    match dialect {
        Dialect::Sqlite => format!("{}; {insert}; {upsert}; COMMIT", dialect.begin_write()),
        Dialect::Postgres => format!("WITH anchored AS ({upsert}) {insert}"),
    }
}

/// Adds the values of one row.
pub(crate) fn bind<'q>(
    insert: Statement<'q>,
    host: &'q str,
    seq: i64,
    link: String,
    row: &'q AuditRow,
) -> Statement<'q> {
    insert
        .bind(host)
        .bind(seq)
        .bind(link)
        .bind(row.id.as_str())
        .bind(row.tenant_id.as_deref())
        .bind(row.user_id.as_deref())
        .bind(row.username.as_str())
        .bind(row.action.as_str())
        .bind(row.resource_type.as_str())
        .bind(row.resource_id.as_deref())
        .bind(row.resource_name.as_str())
        .bind(row.at)
        .bind(row.result)
        .bind(row.request_id.as_str())
        .bind(row.trace_id.as_deref())
        .bind(row.event.as_str())
}
