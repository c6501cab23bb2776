//! Optional: URLs that open one object for a while, without a credential.

use crate::config::Config;
use crate::error::VendError;

/// What is asked of one presigned URL.
#[derive(Debug, Clone, PartialEq)]
pub struct PresignRequest {
    /// The warehouse's configuration.
    pub config: Config,
    /// One object inside the scopes of the call.
    pub location: String,
    /// `GET`, `HEAD`, `PUT` or `DELETE`; the caller holds the right for it.
    pub method: String,
    /// Its life.
    pub expires_in_seconds: u32,
    /// Who asks. Any text.
    pub principal: String,
    /// The tenant's identifier.
    pub tenant: String,
    /// The table, `catalog.namespace.table`.
    pub table: String,
    /// The request's identifier in the host's audit trail.
    pub request_id: String,
    /// Reserved for growth; ignore unknown names.
    pub extensions: Vec<(String, String)>,
}

/// A URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// At the warehouse's storage.
    pub url: String,
    /// Headers that the client must send with it.
    pub headers: Vec<(String, String)>,
    /// When it stops working, in milliseconds since the Unix epoch.
    pub expires_at_ms: u64,
}

/// Shows when it ends, and no secret: the URL is one.
impl std::fmt::Debug for Presigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigned").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// A strategy whose credential cannot sign one object's URL by itself. Exported by
/// `export!(Type, presign)`.
pub trait Presign {
    /// Makes one URL.
    ///
    /// # Errors
    /// Why there is none.
    fn presign(request: PresignRequest) -> Result<Presigned, VendError>;
}
