//! `gcp`: downscoped tokens and signed URLs, with keys and wide tokens that no guest sees.

use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::clock::Clock;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::EgressClient;

use super::azure::AccessToken;
use crate::call::Call;

/// What the operator set for Google Cloud: the host's own identity.
#[derive(Debug, Clone, Default)]
pub struct GcpSettings {
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    pub credentials_file: Option<PathBuf>,
    /// `PANGOLIN_GCP_METADATA`: whether the metadata server may be asked.
    pub metadata: bool,
    /// `GCE_METADATA_HOST`.
    pub metadata_host: Option<String>,
}

/// Who asks Google.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    ServiceAccountKey(String),
    ServiceAccount { client_email: String, private_key: String },
    Host,
}

/// One downscoped token, as the guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Downscope {
    pub(crate) principal: Principal,
    pub(crate) token_uri: Option<String>,
    pub(crate) sts: Option<String>,
    pub(crate) boundary: String,
}

/// One signed URL, as the guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct SignUrl {
    pub(crate) principal: Principal,
    pub(crate) method: String,
    pub(crate) location: String,
    pub(crate) expires_in_seconds: u32,
}

/// The service. One per process.
#[derive(Debug)]
pub(crate) struct Gcp {
    egress: EgressClient,
    settings: GcpSettings,
    clock: Arc<dyn Clock>,
}

impl Gcp {
    pub(crate) fn new(egress: EgressClient, settings: GcpSettings, clock: Arc<dyn Clock>) -> Self {
        Self { egress, settings, clock }
    }

    /// Exchanges the principal's token for one within a boundary that is no wider than the call.
    pub(crate) async fn downscope(&self, _call: &mut Call, _ask: Downscope) -> Result<AccessToken, StrategyError> {
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "not-built", "gcp.downscope"))
    }

    /// A V4 signed URL of one object inside the call's scopes.
    pub(crate) async fn sign_url(&self, _call: &mut Call, _ask: SignUrl) -> Result<Secret<String>, StrategyError> {
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "not-built", "gcp.sign-url"))
    }
}
