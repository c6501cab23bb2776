use async_trait::async_trait;

use crate::audit::AuditEvent;

/// The trail could not be written: nothing that must be audited may go on.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit trail cannot be written")]
pub struct AuditUnavailable;

/// Writes events. The call returns when the event is durable.
#[async_trait]
pub trait AuditTrail: Send + Sync + std::fmt::Debug {
    /// Records one event.
    ///
    /// # Errors
    /// The event is not durable.
    async fn record(&self, event: AuditEvent) -> Result<(), AuditUnavailable>;
}
