//! Letters, times and resource of one signature.

use pangolin_plugin_sdk::azure::{SasRequest, SasResource, Signer};
use pangolin_plugin_sdk::presign::PresignRequest;
use pangolin_plugin_sdk::{Access, ErrorKind, Scope, VendError};

/// The longest life, in seconds. A signature cannot be recalled without its key.
pub const MAX_SECONDS: u32 = 43_200;

/// How far a client's or Azure's clock may be behind the host's.
const SKEW_MS: u64 = 5 * 60 * 1000;

/// A signature for one scope of a table: its directory, or on a flat account the container.
///
/// # Errors
/// The access is none that a table has.
pub fn of_table(
    signer: Signer,
    scope: &Scope,
    hierarchical: bool,
    ttl_seconds: u32,
    request_id: &str,
    now_ms: u64,
) -> Result<SasRequest, VendError> {
    let resource = if hierarchical { SasResource::Directory } else { SasResource::Container };
    let correlation_id = correlation(&signer, request_id);
    Ok(SasRequest {
        signer,
        resource,
        location: scope.location.clone(),
        permissions: letters(scope.access)?,
        starts_at_ms: Some(now_ms.saturating_sub(SKEW_MS)),
        expires_at_ms: end(now_ms, ttl_seconds),
        correlation_id,
    })
}

/// A signature for one method on one blob.
///
/// # Errors
/// The method is none of `GET`, `HEAD`, `PUT` and `DELETE`.
pub fn of_object(signer: Signer, request: &PresignRequest, now_ms: u64) -> Result<SasRequest, VendError> {
    let permissions = match request.method.as_str() {
        "GET" | "HEAD" => "r",
        "PUT" => "cw",
        "DELETE" => "d",
        _ => return Err(VendError::unsupported("method-unsupported", "a URL is for GET, HEAD, PUT or DELETE")),
    };
    let correlation_id = correlation(&signer, &request.request_id);
    Ok(SasRequest {
        signer,
        resource: SasResource::Blob,
        location: request.location.clone(),
        permissions: permissions.to_owned(),
        starts_at_ms: Some(now_ms.saturating_sub(SKEW_MS)),
        expires_at_ms: end(now_ms, request.expires_in_seconds),
        correlation_id,
    })
}

/// Headers that the client must send with a presigned request.
#[must_use]
pub fn headers(method: &str) -> Vec<(String, String)> {
    // Without it Azure does not know what kind of blob to put.
    let block_blob = ("x-ms-blob-type".to_owned(), "BlockBlob".to_owned());
    if method == "PUT" { vec![block_blob] } else { Vec::new() }
}

/// The letters of an access, in Azure's order.
fn letters(access: Access) -> Result<String, VendError> {
    if !access.read {
        let message = "a table's credential reads; access without read cannot be vended";
        return Err(VendError::new(ErrorKind::Unsupported, "access-unsupported", message));
    }
    let letters = [('r', true), ('a', access.write), ('c', access.write), ('w', access.write), ('d', access.delete)];
    Ok(letters.into_iter().filter(|(_, held)| *held).map(|(letter, _)| letter).chain(['l']).collect())
}

fn end(now_ms: u64, seconds: u32) -> u64 {
    now_ms.saturating_add(u64::from(seconds) * 1000)
}

/// The request's identifier, for Azure's storage logs: they take a GUID, and only beside a
/// user-delegation key.
fn correlation(signer: &Signer, request_id: &str) -> Option<String> {
    let delegation = matches!(signer, Signer::Delegation(_));
    (delegation && is_guid(request_id)).then(|| request_id.to_ascii_lowercase())
}

fn is_guid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').count() == lengths.len()
        && text
            .split('-')
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit()))
}
