//! Google Cloud, spoken by the host. Private keys and wide tokens stay there.

use crate::azure::Token;
use crate::error::VendError;

/// Who asks Google.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Slot of a service account's JSON key; its uses must contain `JwtAssertion`.
    ServiceAccountKey(String),
    /// A service account by the parts of its key.
    ServiceAccount {
        /// Its address.
        client_email: String,
        /// Slot of the private key (PEM); its uses must contain `JwtAssertion`.
        private_key: String,
    },
    /// The host's own identity.
    Host,
}

/// Servers other than Google's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// None: `https://oauth2.googleapis.com/token`.
    pub token_uri: Option<String>,
    /// Base URL of STS; none: `https://sts.googleapis.com`.
    pub sts: Option<String>,
}

/// One downscoped token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downscope {
    /// Who asks.
    pub principal: Principal,
    /// Where.
    pub endpoints: Endpoints,
    /// The Credential Access Boundary, JSON.
    pub boundary: String,
}

/// One signed URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUrl {
    /// Who signs.
    pub principal: Principal,
    /// `GET`, `HEAD`, `PUT` or `DELETE`.
    pub method: String,
    /// `gs://bucket/object`, inside a scope of the call.
    pub location: String,
    /// 1 to 604800.
    pub expires_in_seconds: u32,
}

/// Exchanges the principal's token for one within the boundary.
///
/// # Errors
/// The boundary is wider than the call's scopes, or Google refused the principal.
pub fn downscope(request: Downscope) -> Result<Token, VendError> {
    crate::host::downscope(request)
}

/// A V4 signed URL of one object.
///
/// # Errors
/// Outside the scopes, beyond the access, or the principal cannot sign.
pub fn sign_url(request: SignUrl) -> Result<String, VendError> {
    crate::host::sign_url(request)
}
