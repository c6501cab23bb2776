//! Which headers a guest may set.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use pangolin_signing::s3_request::refused_header;

use super::failure::HttpFailure;

/// More headers than any API asks for.
const MOST: usize = 64;

/// Headers of the connection, of authentication and of signing: the host's.
const OWNED: &[&str] = &[
    "host",
    // What is compressed cannot be looked through for secrets.
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "x-amz-algorithm",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
    "x-aws-ec2-metadata-token",
    "x-aws-ec2-metadata-token-ttl-seconds",
    "metadata-flavor",
];

/// The guest's headers.
pub(super) fn checked(pairs: &[(String, String)]) -> Result<HeaderMap, HttpFailure> {
    if pairs.len() > MOST {
        return Err(HttpFailure::invalid(format!("more than {MOST} headers")));
    }
    let mut headers = HeaderMap::with_capacity(pairs.len() + 2);
    for (name, value) in pairs {
        let shown = || crate::text::printable(name, 64);
        let name = parse_name(name)?;
        if is_owned(&name) {
            return Err(HttpFailure::denied(format!("header '{}' is set by the host only", shown())));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| HttpFailure::invalid(format!("the value of header '{}' is not valid", shown())))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Refuses to ask for pieces of an answer, in which a secret would not be found.
pub(super) fn check_whole(headers: &HeaderMap) -> Result<(), HttpFailure> {
    if headers.contains_key(http::header::RANGE) {
        return Err(HttpFailure::denied("header 'range' is not sent beside a secret"));
    }
    Ok(())
}

/// Refuses headers by which a signed request would do more than its method on its object.
pub(super) fn check_s3(headers: &HeaderMap) -> Result<(), HttpFailure> {
    match headers.keys().map(HeaderName::as_str).find(|name| refused_header(name)) {
        None => Ok(()),
        Some(name) => Err(HttpFailure::denied(format!("header '{name}' is not signed for S3"))),
    }
}

pub(super) fn parse_name(text: &str) -> Result<HeaderName, HttpFailure> {
    HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| HttpFailure::invalid(format!("'{}' is not a header's name", crate::text::printable(text, 64))))
}

pub(super) fn is_owned(name: &HeaderName) -> bool {
    let name = name.as_str();
    OWNED.contains(&name) || name.starts_with("proxy-") || name.starts_with("x-forwarded-")
}
