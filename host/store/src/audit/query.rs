//! Reading the trail.

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{AuditId, TenantId, UserId};
use pangolin_core::ports::StoreError;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

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
    /// What was done.
    pub action: Option<String>,
    /// To a thing of this kind.
    pub resource_type: Option<String>,
    /// To this thing.
    pub resource_id: Option<Uuid>,
    /// At this time or later.
    pub start: Option<UnixMillis>,
    /// At this time or earlier.
    pub end: Option<UnixMillis>,
    /// How it ended.
    pub result: Option<AuditResult>,
    /// The request that caused it.
    pub request_id: Option<String>,
}

enum Value {
    Text(String),
    Number(i64),
}

impl AuditFilter {
    /// The conditions as text, with places only, and their values.
    fn conditions(&self) -> (String, Vec<Value>) {
        let text = |column, value: Option<String>| value.map(|value| (column, "=", Value::Text(value)));
        let given = [
            text("tenant_id", self.tenant.map(|id| id.to_string())),
            text("user_id", self.user_id.map(|id| id.to_string())),
            text("action", self.action.clone()),
            text("resource_type", self.resource_type.clone()),
            text("resource_id", self.resource_id.map(|id| id.to_string())),
            self.start.map(|at| ("at", ">=", Value::Number(at.0))),
            self.end.map(|at| ("at", "<=", Value::Number(at.0))),
            text("result", self.result.map(|result| result.as_str().to_owned())),
            text("request_id", self.request_id.clone()),
        ];
        let mut conditions = String::new();
        let mut values = Vec::new();
        for (column, operator, value) in given.into_iter().flatten() {
            values.push(value);
            conditions.push_str(if values.len() == 1 { " WHERE " } else { " AND " });
            conditions.push_str(&format!("{column} {operator} ${}", values.len()));
        }
        (conditions, values)
    }
}

/// A statement over a filter's conditions; only names and places are part of the text.
fn filtered(text: String, values: Vec<Value>) -> Statement<'static> {
    values.into_iter().fold(sqlx::query(AssertSqlSafe(text)), |query, value| match value {
        Value::Text(value) => query.bind(value),
        Value::Number(value) => query.bind(value),
    })
}

impl Store {
    /// Events, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_query(&self, filter: &AuditFilter, page: &OffsetPage) -> Result<Vec<AuditEvent>, StoreError> {
        let (conditions, values) = filter.conditions();
        let (limit, offset) = (values.len() + 1, values.len() + 2);
        let text = format!(
            "SELECT event FROM audit_events{conditions} ORDER BY at DESC, seq DESC, host LIMIT ${limit} OFFSET ${offset}"
        );
        let query = filtered(text, values).bind(page.sql_limit()).bind(page.sql_offset());
        self.db().all(query).await?.iter().map(|found| row::json(found, "event")).collect()
    }

    /// How many events there are.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_count(&self, filter: &AuditFilter) -> Result<u64, StoreError> {
        let (conditions, values) = filter.conditions();
        let query = filtered(format!("SELECT COUNT(*) AS events FROM audit_events{conditions}"), values);
        let found = self.db().optional(query).await?;
        let count = found.map_or(Ok(0), |found| row::int(&found, "events"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// One event, of a tenant or of any.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_event(&self, tenant: Option<TenantId>, id: AuditId) -> Result<Option<AuditEvent>, StoreError> {
        let query = match tenant {
            Some(tenant) => crate::db::sql("SELECT event FROM audit_events WHERE id = $1 AND tenant_id = $2")
                .bind(id.to_string())
                .bind(tenant.to_string()),
            None => crate::db::sql("SELECT event FROM audit_events WHERE id = $1").bind(id.to_string()),
        };
        self.db().optional(query).await?.map(|found| row::json(&found, "event")).transpose()
    }
}
