//! AWS Security Token Service, spoken by the host with keys that the guest never sees. The
//! host refuses a session policy that is wider than what it authorised.

use crate::error::VendError;
use crate::slots::KeySlots;

/// Who assumes the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The host's own identity. The role must be one that the tenant may use through it.
    Host,
    /// Keys of the warehouse.
    Slots(KeySlots),
}

/// One `AssumeRole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// Who assumes it.
    pub base: Base,
    /// The role.
    pub role_arn: String,
    /// `[\w+=,.@-]{2,64}`; other text is refused.
    pub session_name: String,
    /// The warehouse's external id. With the host's identity and none given the host sends the
    /// one that belongs to the role.
    pub external_id: Option<String>,
    /// 900 to 43200.
    pub duration_seconds: u32,
    /// Session policy, compact ASCII JSON. Never empty.
    pub policy: String,
    /// Session tags; need `sts:TagSession` in the role's trust policy.
    pub tags: Vec<(String, String)>,
    /// Region that signs, and that chooses the endpoint where none is given.
    pub region: Option<String>,
    /// The warehouse's own STS endpoint; only with keys of the warehouse.
    pub endpoint: Option<String>,
}

/// A session as the service answered it.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token.
    pub session_token: String,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at_ms: u64,
    /// Share of the packed policy's budget that is used, in percent.
    pub packed_policy_percent: Option<u32>,
}

/// Shows when it ends, and no secret.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// Assumes a role.
///
/// # Errors
/// What the service or the host's own policy answered, ready to be passed on.
pub fn assume_role(request: AssumeRole) -> Result<Session, VendError> {
    crate::host::assume_role(request)
}
