//! A row of the audit trail as replies show it.

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::id::{AuditId, TenantId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditLogEntry {
    #[schema(value_type = uuid::Uuid)]
    id: AuditId,
    #[schema(value_type = Option<uuid::Uuid>)]
    tenant_id: Option<TenantId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
    username: String,
    action: String,
    resource_type: String,
    resource_id: Option<Uuid>,
    resource_name: String,
    timestamp: String,
    ip_address: Option<String>,
    user_agent: Option<String>,
    /// `success`, `denied`, `failure`, `started`.
    #[schema(value_type = String)]
    result: AuditResult,
    error_message: Option<String>,
    request_id: String,
    trace_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: serde_json::Value,
}

impl From<AuditEvent> for AuditLogEntry {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            tenant_id: event.tenant_id,
            user_id: event.user_id,
            username: event.username,
            action: event.action,
            resource_type: event.resource_type,
            resource_id: event.resource_id,
            resource_name: event.resource_name,
            timestamp: event.timestamp.to_rfc3339(),
            ip_address: event.ip_address,
            user_agent: event.user_agent,
            result: event.result,
            error_message: event.error_message,
            request_id: event.request_id,
            trace_id: event.trace_id,
            metadata: event.metadata,
        }
    }
}
