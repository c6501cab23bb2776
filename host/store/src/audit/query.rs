//! Reading the trail.

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{AuditId, TenantId, UserId};
use pangolin_core::ports::StoreError;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::row::without_nul;
use crate::db::Statement;
use crate::page::OffsetPage;
use crate::row;
use crate::store::Store;

/// Which events; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// Of this tenant; none: of all, and of the system.
    pub tenant: Option<TenantId>,
    /// By this user.
    pub user_id: Option<UserId>,
    /// By somebody of this name.
    pub username: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// To a thing of this kind.
    pub resource_type: Option<String>,
    /// To this thing.
    pub resource_id: Option<Uuid>,
    /// To a thing of this name.
    pub resource_name: Option<String>,
    /// At this time or later.
    pub start: Option<UnixMillis>,
    /// At this time or earlier.
    pub end: Option<UnixMillis>,
    /// How it ended.
    pub result: Option<AuditResult>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The trace that the request belongs to.
    pub trace_id: Option<String>,
}

/// A part of the events, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// Limit and offset.
    pub part: OffsetPage,
    /// After this event in the order; none: from the newest. Unlike an offset it stays where it is
    /// while events are written.
    pub before: Option<AuditId>,
}

pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// Conditions as text, with places only, and their values.
#[derive(Default)]
pub(super) struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// One more; `condition` holds the number of its first place.
    pub(super) fn and(&mut self, condition: impl FnOnce(usize) -> String, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(&condition(self.values.len() + 1));
        self.values.extend(values);
    }

    /// A statement over them; only names and places are part of its text. `rest` holds the number
    /// of the next place.
    pub(super) fn statement(self, select: &str, rest: impl FnOnce(usize) -> String) -> Statement<'static> {
        let text = format!("{select}{}{}", self.text, rest(self.values.len() + 1));
        self.values.into_iter().fold(sqlx::query(AssertSqlSafe(text)), |query, value| match value {
            Value::Text(value) => query.bind(value),
            Value::Number(value) => query.bind(value),
        })
    }
}

impl AuditFilter {
    pub(super) fn conditions(&self) -> Conditions {
        // Columns have no NUL either.
        let text = |column, value: Option<String>| value.map(|value| (column, "=", Value::Text(without_nul(&value))));
        let given = [
            text("tenant_id", self.tenant.map(|id| id.to_string())),
            text("user_id", self.user_id.map(|id| id.to_string())),
            text("username", self.username.clone()),
            text("action", self.action.clone()),
            text("resource_type", self.resource_type.clone()),
            text("resource_id", self.resource_id.map(|id| id.to_string())),
            text("resource_name", self.resource_name.clone()),
            self.start.map(|at| ("at", ">=", Value::Number(at.0))),
            self.end.map(|at| ("at", "<=", Value::Number(at.0))),
            text("result", self.result.map(|result| result.as_str().to_owned())),
            text("request_id", self.request_id.clone()),
            text("trace_id", self.trace_id.clone()),
        ];
        let mut conditions = Conditions::default();
        for (column, operator, value) in given.into_iter().flatten() {
            conditions.and(|place| format!("{column} {operator} ${place}"), [value]);
        }
        conditions
    }
}

impl Store {
    /// Events, the newest first.
    ///
    /// # Errors
    /// The database failed, or there is no such event to go on from.
    pub async fn audit_query(&self, filter: &AuditFilter, page: &AuditPage) -> Result<Vec<AuditEvent>, StoreError> {
        let mut conditions = filter.conditions();
        if let Some(before) = page.before {
            let (at, seq, host) = self.position(filter.tenant, before).await?;
            let condition = |place| {
                let (seq, host) = (place + 1, place + 2);
                format!("at <= ${place} AND (at < ${place} OR seq < ${seq} OR (seq = ${seq} AND host > ${host}))")
            };
            conditions.and(condition, [Value::Number(at), Value::Number(seq), Value::Text(host)]);
        }
        let order = |place| format!(" ORDER BY at DESC, seq DESC, host LIMIT ${place} OFFSET ${}", place + 1);
        let query = conditions.statement("SELECT event FROM audit_events", order);
        let query = query.bind(page.part.sql_limit()).bind(page.part.sql_offset());
        self.db().all(query).await?.iter().map(|found| row::json(found, "event")).collect()
    }

    /// Where an event stands in the order.
    async fn position(&self, tenant: Option<TenantId>, id: AuditId) -> Result<(i64, i64, String), StoreError> {
        let mut conditions = AuditFilter { tenant, ..AuditFilter::default() }.conditions();
        conditions.and(|place| format!("id = ${place}"), [Value::Text(id.to_string())]);
        let query = conditions.statement("SELECT at, seq, host FROM audit_events", |_| String::new());
        let found = self.db().optional(query).await?.ok_or(StoreError::NotFound("audit row"))?;
        Ok((row::int(&found, "at")?, row::int(&found, "seq")?, row::text(&found, "host")?))
    }

    /// How many events there are.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_count(&self, filter: &AuditFilter) -> Result<u64, StoreError> {
        let query = filter.conditions().statement("SELECT COUNT(*) AS events FROM audit_events", |_| String::new());
        let found = self.db().optional(query).await?;
        let count = found.map_or(Ok(0), |found| row::int(&found, "events"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// One event, of a tenant or of any.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_event(&self, tenant: Option<TenantId>, id: AuditId) -> Result<Option<AuditEvent>, StoreError> {
        let mut conditions = AuditFilter { tenant, ..AuditFilter::default() }.conditions();
        conditions.and(|place| format!("id = ${place}"), [Value::Text(id.to_string())]);
        let query = conditions.statement("SELECT event FROM audit_events", |_| String::new());
        self.db().optional(query).await?.map(|found| row::json(&found, "event")).transpose()
    }
}
