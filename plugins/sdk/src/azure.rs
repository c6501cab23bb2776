//! Azure Storage, spoken by the host. Account keys, client secrets, delegation keys and wide
//! tokens stay there; the host keeps tokens and delegation keys between calls.

use crate::error::VendError;

/// Who asks Azure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// An app registration that proves itself by a client secret.
    ClientSecret {
        /// Directory (tenant) of the app.
        tenant_id: String,
        /// The app.
        client_id: String,
        /// Slot of the secret; its uses must contain `FormField("client_secret")`.
        secret: String,
        /// Base URL of the authority; none: `https://login.microsoftonline.com`.
        authority_host: Option<String>,
    },
    /// The host's own workload identity.
    WorkloadIdentity {
        /// None: the operator's.
        tenant_id: Option<String>,
        /// None: the operator's.
        client_id: Option<String>,
    },
}

/// Whose key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The account's key in this slot; its uses must contain `AzureSas`.
    AccountKey(String),
    /// A user-delegation key that the host gets for this principal.
    Delegation(Principal),
}

/// What a SAS opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SasResource {
    /// The whole container: wider than a table.
    Container,
    /// The location and all below it (hierarchical namespace only).
    Directory,
    /// One blob.
    Blob,
}

/// One SAS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SasRequest {
    /// Whose key signs.
    pub signer: Signer,
    /// What it opens.
    pub resource: SasResource,
    /// `abfss://container@account.host/path`, inside a scope of the call.
    pub location: String,
    /// Letters of `racwdl`.
    pub permissions: String,
    /// Milliseconds since the Unix epoch; none: from the start of time.
    pub starts_at_ms: Option<u64>,
    /// Milliseconds since the Unix epoch; never later than the life asked for.
    pub expires_at_ms: u64,
    /// A GUID for Azure's storage logs; user-delegation SAS only.
    pub correlation_id: Option<String>,
}

/// A token as the host answers it, and when it ends (milliseconds since the Unix epoch).
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The SAS without a leading `?`, or the access token.
    pub token: String,
    /// When it ends.
    pub expires_at_ms: u64,
}

/// Shows when it ends, and no secret.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// Signs a SAS.
///
/// # Errors
/// It is wider than the call's scopes, or Azure refused the principal.
pub fn sign_sas(request: SasRequest) -> Result<Token, VendError> {
    crate::host::sign_sas(request)
}

/// A token for `https://storage.azure.com/` that opens all that the principal may.
///
/// # Errors
/// The caller may not have an unscoped credential, or Azure refused the principal.
pub fn access_token(principal: Principal) -> Result<Token, VendError> {
    crate::host::access_token(principal)
}
