//! `azure`: SAS and tokens, with keys and wide tokens that no guest sees.

use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::clock::Clock;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::EgressClient;
use url::Url;

use crate::call::Call;

/// What the operator set for Azure: the host's workload identity.
#[derive(Debug, Clone, Default)]
pub struct AzureSettings {
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `AZURE_FEDERATED_TOKEN_FILE`: read at each use.
    pub federated_token_file: Option<PathBuf>,
    /// `AZURE_AUTHORITY_HOST`.
    pub authority_host: Option<Url>,
}

/// Who asks Azure.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    ClientSecret { tenant_id: String, client_id: String, secret: String, authority_host: Option<String> },
    WorkloadIdentity { tenant_id: Option<String>, client_id: Option<String> },
}

/// Whose key signs.
#[derive(Debug, Clone)]
pub(crate) enum Signer {
    AccountKey(String),
    Delegation(Principal),
}

/// What a SAS opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Container,
    Directory,
    Blob,
}

/// One SAS, as the guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct SasRequest {
    pub(crate) signer: Signer,
    pub(crate) resource: Resource,
    pub(crate) location: String,
    pub(crate) permissions: String,
    pub(crate) starts_at_ms: Option<u64>,
    pub(crate) expires_at_ms: u64,
    pub(crate) correlation_id: Option<String>,
}

/// A SAS or an access token, and when it ends.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) token: Secret<String>,
    pub(crate) expires_at_ms: u64,
}

/// The service. One per process.
#[derive(Debug)]
pub(crate) struct Azure {
    egress: EgressClient,
    settings: AzureSettings,
    clock: Arc<dyn Clock>,
}

impl Azure {
    pub(crate) fn new(egress: EgressClient, settings: AzureSettings, clock: Arc<dyn Clock>) -> Self {
        Self { egress, settings, clock }
    }

    /// Signs a SAS that is no wider than the call.
    pub(crate) async fn sign_sas(&self, _call: &mut Call, _request: SasRequest) -> Result<AccessToken, StrategyError> {
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "not-built", "azure.sign-sas"))
    }

    /// A token of the whole principal, for callers who may have an unscoped credential.
    pub(crate) async fn access_token(&self, _call: &mut Call, _from: Principal) -> Result<AccessToken, StrategyError> {
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "not-built", "azure.access-token"))
    }
}
