//! From the URL of an S3 request to the object that it names, whether that object lies within given
//! scopes, and from an object to its URL.

mod address;

use pangolin_core::access::{Access, Scope};
use pangolin_core::location::Location;
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use url::Url;

pub use self::address::{Address, NoUrl};
use crate::{PATH, UNRESERVED};

/// What SigV4 leaves as it is in a query.
pub const QUERY: &AsciiSet = UNRESERVED;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotWithin {
    /// Not a method on an object.
    #[error("method '{0}' is not one of GET, HEAD, PUT and DELETE on an object")]
    Method(String),
    /// The URL names no object within the scopes, by the warehouse's endpoint or AWS's.
    #[error("the URL names no object inside the authorised locations, at the warehouse's endpoint or at AWS")]
    Object,
    /// The access of the scope does not include the method.
    #[error("'{method}' is not within the authorised access '{access}'")]
    Access {
        /// The method.
        method: String,
        /// What was authorised.
        access: &'static str,
    },
    /// A parameter that turns the request into another operation.
    #[error("query parameter '{0}' is not allowed here")]
    Query(String),
}

/// Judges a request on one object. The result is the URL with its path in the form that S3 signs.
///
/// `endpoint` is the warehouse's own; none, or an empty one: AWS.
///
/// # Errors
/// [`NotWithin`] says what is not within the scopes.
pub fn within(method: &str, url: &Url, endpoint: Option<&str>, scopes: &[Scope]) -> Result<Url, NotWithin> {
    let right: fn(Access) -> bool = match method {
        "GET" | "HEAD" => |access| access.read,
        "PUT" => |access| access.write,
        "DELETE" => |access| access.delete,
        _ => return Err(NotWithin::Method(shown(method))),
    };
    if let Some((name, _)) = url.query_pairs().find(|(name, _)| !is_allowed_parameter(method, name)) {
        return Err(NotWithin::Query(shown(&name)));
    }
    let mut refusal = NotWithin::Object;
    for scope in scopes {
        let Some(named) = named(url, scope.location.authority(), endpoint) else { continue };
        if !is_inside(&scope.location, named.key()) {
            continue;
        }
        if right(scope.access) {
            return Ok(named.signable(url));
        }
        refusal = NotWithin::Access { method: method.to_owned(), access: scope.access.describe() };
    }
    Err(refusal)
}

/// Text of a request for people: short, and without control characters.
fn shown(text: &str) -> String {
    text.chars().take(40).collect::<String>().escape_debug().to_string()
}

/// An object, never the directory itself: `s3://b/orders` is no object of `s3://b/orders/`.
fn is_inside(scope: &Location, key: &str) -> bool {
    let object = Location::parse(&format!("s3://{}/{key}", scope.authority()));
    object.is_ok_and(|object| scope.contains(&object) && object.key().len() > scope.key().len())
}

/// What a URL names in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path before the key's slash.
    before: String,
    key: String,
}

impl Named {
    /// The key, decoded; empty for the bucket itself.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The URL with its path in the form that S3 signs.
    #[must_use]
    pub fn signable(&self, url: &Url) -> Url {
        let mut signed = url.clone();
        signed.set_path(&format!("{}/{}", self.before, utf8_percent_encode(&self.key, PATH)));
        signed
    }
}

/// What the URL names, if it names the bucket or something in it: at the endpoint in path or virtual
/// host style, or at AWS where there is no endpoint.
#[must_use]
pub fn named(url: &Url, bucket: &str, endpoint: Option<&str>) -> Option<Named> {
    let (before, encoded) = match endpoint.filter(|text| !text.is_empty()) {
        Some(endpoint) => below_endpoint(url, &Url::parse(endpoint).ok()?, bucket)?,
        None => below_aws(url, bucket)?,
    };
    let key = percent_decode_str(encoded).decode_utf8().ok()?.into_owned();
    Some(Named { before, key })
}

fn below_endpoint<'u>(url: &'u Url, endpoint: &Url, bucket: &str) -> Option<(String, &'u str)> {
    if url.scheme() != endpoint.scheme() || url.port_or_known_default() != endpoint.port_or_known_default() {
        return None;
    }
    let base = endpoint.path().trim_end_matches('/');
    below_host(url, endpoint.host_str()?, base, bucket)
}

fn below_aws<'u>(url: &'u Url, bucket: &str) -> Option<(String, &'u str)> {
    if url.scheme() != "https" || url.port().is_some() {
        return None;
    }
    let host = url.host_str()?;
    let service = host.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.')).unwrap_or(host);
    is_aws_service(service).then(|| below_host(url, service, "", bucket)).flatten()
}

/// Path style, or the bucket as the first part of the host.
fn below_host<'u>(url: &'u Url, service: &str, base: &str, bucket: &str) -> Option<(String, &'u str)> {
    let host = url.host_str()?;
    let before = if host == service {
        format!("{base}/{bucket}")
    } else if host.strip_suffix(service).and_then(|rest| rest.strip_suffix('.')) == Some(bucket) {
        base.to_owned()
    } else {
        return None;
    };
    let rest = url.path().strip_prefix(before.as_str())?;
    let key = if rest.is_empty() { "" } else { rest.strip_prefix('/')? };
    Some((before, key))
}

fn is_aws_service(host: &str) -> bool {
    let Some(rest) = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn")) else {
        return false;
    };
    let region = rest.strip_prefix("s3.dualstack.").or_else(|| rest.strip_prefix("s3."));
    rest == "s3" || region.is_some_and(crate::sigv4::is_region)
}

/// Parameters that leave the request what its method says. Others (`acl`, `tagging`, `versionId`,
/// `uploads` …) make it another operation, with rights of its own.
fn is_allowed_parameter(method: &str, name: &str) -> bool {
    match name {
        "x-id" => true,
        "partNumber" => method != "DELETE",
        "uploadId" => method == "PUT",
        "response-content-type"
        | "response-content-disposition"
        | "response-content-encoding"
        | "response-content-language"
        | "response-cache-control"
        | "response-expires" => matches!(method, "GET" | "HEAD"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
