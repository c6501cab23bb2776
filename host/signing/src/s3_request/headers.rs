//! Headers of S3 requests: which are signed, and which would make a request do more.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::NotSigned;

pub(super) const COPY_SOURCE: &str = "x-amz-copy-source";
pub(super) const PAYLOAD: &str = "x-amz-content-sha256";

/// Headers that leave a request what its method says. Others read another object
/// (`x-amz-copy-source`), open the object to others (`x-amz-acl`) or change what it is.
const HARMLESS: &[&str] = &["x-amz-checksum-", "x-amz-meta-", "x-amz-sdk-", "x-amz-server-side-encryption"];

/// The same, of the bodies that clients send in pieces, and of copies whose source is judged.
const OF_TRANSFERS: &[&str] =
    &["x-amz-decoded-content-length", "x-amz-copy-source-range", "x-amz-metadata-directive", "x-amz-user-agent"];

/// Replaced by the signature's own.
const OWNED: &[&str] = &["x-amz-date", "x-amz-security-token", PAYLOAD];

/// Whether a request with this header (lower case) would do more than its method on its object.
#[must_use]
pub fn refused_header(name: &str) -> bool {
    name.contains("method-override")
        || name.starts_with("x-amz-") && !HARMLESS.iter().any(|known| name.starts_with(known))
}

/// Headers of a request, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What the signature covers beside the host: everything of S3's own. The rest may change on
    /// the way, or between two requests that one signature serves (`range`).
    pub(super) signed: HeaderMap,
    /// What the client says of the body.
    pub(super) payload: Option<String>,
    pub(super) copy_source: Option<String>,
}

pub(super) fn judged(given: &[(String, String)]) -> Result<Judged, NotSigned> {
    let mut judged = Judged::default();
    for (name, value) in given {
        let refused = || NotSigned::Header(name.chars().take(64).collect::<String>().escape_debug().to_string());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        match name.as_str() {
            PAYLOAD => once(&mut judged.payload, value).ok_or_else(refused)?,
            COPY_SOURCE => once(&mut judged.copy_source, value).ok_or_else(refused)?,
            // The trailer's own name: what follows the body.
            "x-amz-trailer" if !value.starts_with("x-amz-checksum-") => return Err(refused()),
            // The object is followed by its digest: the AWS SDK for Java before 2.30 reads so.
            "x-amz-te" if value == "append-md5" => {}
            other if other == "x-amz-trailer" || OF_TRANSFERS.contains(&other) || OWNED.contains(&other) => {}
            other if refused_header(other) => return Err(refused()),
            _ => {}
        }
        if name.as_str().starts_with("x-amz-") && !OWNED.contains(&name.as_str()) {
            judged.signed.append(name, HeaderValue::from_str(value).map_err(|_| refused())?);
        }
    }
    Ok(judged)
}

/// A store might read the first or the last of several.
fn once(slot: &mut Option<String>, value: &str) -> Option<()> {
    slot.replace(value.to_owned()).is_none().then_some(())
}
