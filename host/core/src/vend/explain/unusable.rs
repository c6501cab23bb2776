//! A catalog whose warehouse is not used: its row was changed behind the host, or its secrets do not
//! open. An administrator is told that instead of getting the error itself.

use serde_json::Value;

use super::report::{Check, Explanation, Refusal};
use super::{ExplainAsk, row};
use crate::audit::{AuditEvent, AuditResult};
use crate::id::{AuditId, TenantId};
use crate::principal::Principal;
use crate::vend::judge::Step;
use crate::vend::{VendError, Vending};

/// What cannot be used, and why.
#[derive(Debug, Clone, Copy)]
pub struct Unusable<'a> {
    /// The tenant of the catalog.
    pub tenant_id: TenantId,
    /// `catalog.namespace.table`, as it was asked for: nobody has looked whether it is there.
    pub table: &'a str,
    /// The code that everybody gets.
    pub code: &'a str,
    /// The text that everybody gets.
    pub message: &'a str,
}

impl Vending {
    /// Explains to an administrator that nothing of this catalog can be used, whoever asks.
    ///
    /// # Errors
    /// The trail failed.
    pub async fn explain_unusable(
        &self,
        asker: &Principal,
        unusable: Unusable<'_>,
        ask: ExplainAsk<'_>,
    ) -> Result<Explanation, VendError> {
        let Unusable { tenant_id, table, code, message } = unusable;
        let explanation = Explanation {
            refusal: Some(Refusal { code: code.to_owned(), message: message.to_owned() }),
            checks: vec![Check::passed(Step::Account), Check::failed(Step::WarehouseIntact, code, message, false)],
            ..Explanation::begun(ask, table.to_owned())
        };
        let event = AuditEvent {
            id: AuditId::generate(),
            tenant_id: Some(tenant_id),
            user_id: Some(asker.user_id),
            username: asker.username.to_string(),
            action: row::ACTION.to_owned(),
            resource_type: "table".to_owned(),
            resource_id: None,
            resource_name: table.chars().take(512).collect(),
            timestamp: self.clock.now(),
            ip_address: ask.context.ip_address.clone(),
            user_agent: ask.context.user_agent.clone(),
            result: AuditResult::Success,
            error_message: None,
            request_id: ask.context.request_id.clone(),
            trace_id: ask.context.trace_id.clone(),
            metadata: Value::Object(row::about(ask, Some(&explanation))),
        };
        self.audit.record(event).await?;
        Ok(explanation)
    }
}
