//! A URL of one blob, from the request to the answer.

use pangolin_plugin_sdk::azure::{self, Signer};
use pangolin_plugin_sdk::presign::{PresignRequest, Presigned};
use pangolin_plugin_sdk::{VendError, clock};

use crate::{blob_url, policy};

/// Has a SAS of the one blob signed, and writes its URL. `endpoint` is the warehouse's.
///
/// # Errors
/// The location names no blob, the method is none of a URL, or the host signs no SAS for it.
pub fn presign(signer: Signer, endpoint: Option<&str>, request: &PresignRequest) -> Result<Presigned, VendError> {
    let sas = azure::sign_sas(policy::of_object(signer, request, clock::now_ms())?)?;
    Ok(Presigned {
        url: blob_url::signed(&request.location, endpoint, &sas.token)?,
        headers: policy::headers(&request.method),
        expires_at_ms: sas.expires_at_ms,
    })
}
