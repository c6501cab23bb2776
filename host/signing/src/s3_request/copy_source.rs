//! The source of a copy.

use pangolin_core::location::Location;
use percent_encoding::percent_decode_str;

use super::{NotSigned, headers, in_bucket};

/// Reads `/bucket/key` or `bucket/key`, percent-encoded. Versions and access points are refused, and a
/// `+`, which is a space to AWS: the object would be another one.
pub(super) fn read(value: &str, bucket: &str) -> Result<Location, NotSigned> {
    let refused = || NotSigned::Header(headers::COPY_SOURCE.to_owned());
    if value.contains(['?', '+']) {
        return Err(refused());
    }
    let decoded = percent_decode_str(value).decode_utf8().map_err(|_| refused())?;
    let path = decoded.strip_prefix('/').unwrap_or(&decoded);
    let key = path.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('/')).filter(|key| !key.is_empty());
    in_bucket(bucket, key.ok_or_else(refused)?)
}
