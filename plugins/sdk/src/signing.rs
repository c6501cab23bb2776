//! Purpose-built signers over secret slots. There is no raw signature of guest-chosen bytes.

use crate::error::VendError;
use crate::slots::KeySlots;

/// A presigned S3 request by SigV4 query parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignS3 {
    /// The keys that sign. Their slots must allow `Sigv4("s3")`.
    pub keys: KeySlots,
    /// `GET`, `HEAD`, `PUT` or `DELETE`; within the access of the call.
    pub method: String,
    /// Absolute URL of the object, inside the scopes of the call.
    pub url: String,
    /// Region that signs.
    pub region: String,
    /// 1 to 604800.
    pub expires_in_seconds: u32,
}

/// Presigns, and answers the URL.
///
/// # Errors
/// The host refuses: outside the scopes, beyond the access, or a slot without that use.
pub fn presign_s3(request: &PresignS3) -> Result<String, VendError> {
    crate::host::presign_s3(request)
}
