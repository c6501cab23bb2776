//! What the audit trail records, and the chain that makes tampering show.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::UnixMillis;
use crate::id::{AuditId, TenantId, UserId};

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditResult {
    /// Done.
    Success,
    /// Refused by authentication, authorisation or policy.
    Denied,
    /// Tried, and failed.
    Failure,
    /// Begun; a row with the same request identifier says how it ended.
    Started,
}

impl AuditResult {
    /// The wire form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failure => "failure",
            Self::Started => "started",
        }
    }
}

/// One event. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Identifier.
    pub id: AuditId,
    /// The tenant; none for events of the system.
    pub tenant_id: Option<TenantId>,
    /// Who; none where nobody was authenticated.
    pub user_id: Option<UserId>,
    /// Name of who, or the name that was tried.
    pub username: String,
    /// What, `snake_case`: `vend_credentials`, `login`, `create_warehouse` …
    pub action: String,
    /// Kind of the thing: `table`, `warehouse`, `user` …
    pub resource_type: String,
    /// Its identifier.
    pub resource_id: Option<Uuid>,
    /// Its name, for a table `catalog/namespace/table`.
    pub resource_name: String,
    /// When.
    pub timestamp: UnixMillis,
    /// The peer's address.
    pub ip_address: Option<String>,
    /// The peer's agent.
    pub user_agent: Option<String>,
    /// How it ended.
    pub result: AuditResult,
    /// Why it was refused or failed.
    pub error_message: Option<String>,
    /// The request that caused it.
    pub request_id: String,
    /// The trace that the request belongs to: 32 hexadecimal digits (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Strategy, version, access, scope, expiry and the like.
    pub metadata: serde_json::Value,
}

/// Where a request comes from, for audit rows.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// Identifier of the request, also in the reply's `x-request-id`.
    pub request_id: String,
    /// The trace that the caller names in `traceparent`.
    pub trace_id: Option<String>,
    /// The peer's address.
    pub ip_address: Option<String>,
    /// The peer's `User-Agent`, cut at 256 characters.
    pub user_agent: Option<String>,
}

/// The link of a chain: SHA-256 over the previous link and the event's stored text.
#[must_use]
pub fn chain_link(previous: &[u8], event: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(event.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_depends_on_order_and_content() {
        let one = chain_link(&[0; 32], "a");
        let two = chain_link(&one, "b");
        assert_ne!(two, chain_link(&chain_link(&[0; 32], "b"), "a"));
        assert_ne!(two, chain_link(&one, "c"));
    }
}
