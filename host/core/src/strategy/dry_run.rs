//! What a strategy would do, found out by running it without doing it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::StrategyError;
use crate::clock::UnixMillis;
use crate::lease::Claim;

/// A run that asked nobody and minted nothing. No value of a secret is in it.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// What the credential would take up, if the strategy leases.
    pub claim: Option<Claim>,
    /// What it would ask for, in order.
    pub steps: Vec<DryStep>,
    /// How far the run came.
    pub end: DryRunEnd,
}

/// One thing that a strategy would ask of a service of the host, judged and not done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryStep {
    /// The service as the contract names it, for example `sts.assume-role`.
    pub service: &'static str,
    /// What would be asked, by the service's own names.
    #[serde(flatten)]
    pub ask: Map<String, Value>,
}

/// How far a dry run came.
#[derive(Debug, Clone)]
pub enum DryRunEnd {
    /// To a question of which only the server knows the answer; what would follow is not known.
    AtRequest,
    /// To credentials of this form.
    Answered(Vec<CredentialShape>),
    /// The strategy refused, or the host refused what it asked for.
    Failed(StrategyError),
}

/// A credential without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialShape {
    /// The location that it would open.
    pub prefix: String,
    /// Names of its properties.
    pub entries: Vec<String>,
    /// When it would end, where the strategy knows that without asking anybody.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_rfc3339")]
    pub expires_at: Option<UnixMillis>,
}

#[expect(clippy::ref_option, reason = "the form that serde asks for")]
fn as_rfc3339<S: serde::Serializer>(at: &Option<UnixMillis>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(UnixMillis::to_rfc3339).serialize(serializer)
}
