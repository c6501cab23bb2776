//! What a request to S3 that a client made would do: which objects it touches and which rights that
//! needs. What is not understood is not signed.

mod copy_source;
mod delete_body;
mod headers;
mod operation;
#[cfg(test)]
mod tests;
mod uri;

use http::HeaderMap;
use pangolin_core::access::Access;
use pangolin_core::location::Location;
use url::Url;

pub use self::headers::refused_header;
use self::operation::Body;
use crate::s3_url::named;
use crate::sigv4::{NotSignable, Payload, Signer};

/// Why a request is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// Clients and stores could read the URI in different ways.
    #[error("the URI is not signed: {0}")]
    Uri(&'static str),
    /// It is not in the bucket, or not at the warehouse's storage.
    #[error("the URI names nothing in bucket '{0}' at the warehouse's storage")]
    Elsewhere(String),
    /// The key is one that clients disagree on.
    #[error("key '{0}' is ambiguous: no empty, '.' or '..' segments, encoded or not")]
    Key(String),
    /// Not one of the operations that read, write or delete a table's files.
    #[error(
        "{method} {on} with the query parameters [{parameters}] is not signed: only reading, listing below the table, \
         writing, copying within the table and deleting objects are"
    )]
    Operation {
        /// The method.
        method: String,
        /// `an object` or `the bucket`.
        on: &'static str,
        /// Names of the parameters.
        parameters: String,
    },
    /// The header would make the request do more than its method says.
    #[error("header '{0}' is not signed")]
    Header(String),
    /// The body of a deletion of many objects.
    #[error("the body is not signed: {0}")]
    Body(&'static str),
    /// The parts do not make a request that can be signed.
    #[error(transparent)]
    NotSignable(#[from] NotSignable),
}

impl NotSigned {
    /// Whether the request makes no sense, as against asking for too much.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        matches!(self, Self::Uri(_) | Self::Key(_) | Self::Body(_) | Self::NotSignable(_))
    }
}

/// A request that a client wants to send and cannot sign.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    /// The method.
    pub method: &'a str,
    /// The absolute URI.
    pub uri: &'a str,
    /// The headers; a name may come several times.
    pub headers: &'a [(String, String)],
    /// The body, where it says what the request does.
    pub body: Option<&'a str>,
}

/// A request that is understood. Whether it is allowed is for others to say.
#[derive(Debug, Clone)]
pub struct S3Request {
    method: String,
    url: Url,
    signed_headers: HeaderMap,
    declared_payload: Option<String>,
    body: Option<String>,
    /// The objects that it touches.
    pub objects: Vec<Location>,
    /// What the keys that it lists begin with.
    pub listing: Option<Location>,
    /// What it needs on all of these.
    pub access: Access,
    /// What it does, for people.
    pub operation: &'static str,
}

impl S3Request {
    /// Reads a request on `bucket` at `endpoint`; no endpoint, or an empty one: AWS.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn read(request: Unsigned<'_>, bucket: &str, endpoint: Option<&str>) -> Result<Self, NotSigned> {
        let url = uri::parse(request.uri)?;
        let named = named(&url, bucket, endpoint).ok_or_else(|| NotSigned::Elsewhere(bucket.to_owned()))?;
        let parameters = uri::parameters(&url)?;
        let operation = operation::find(request.method, !named.key().is_empty(), &parameters)?;
        let mut headers = headers::judged(request.headers)?;
        let mut access = operation.access;
        let mut objects = Vec::new();
        let mut listing = None;
        if !named.key().is_empty() {
            objects.push(in_bucket(bucket, named.key())?);
        }
        if let Some(source) = headers.copy_source.take() {
            if !operation.copies {
                return Err(NotSigned::Header(headers::COPY_SOURCE.to_owned()));
            }
            objects.push(copy_source::read(&source, bucket)?);
            access.read = true;
        }
        if operation.lists {
            // Without a prefix the whole bucket would be listed.
            let prefix = parameters.get("prefix").map(String::as_str).unwrap_or_default();
            listing = Some(in_bucket(bucket, prefix)?);
        }
        let body = match operation.body {
            Body::Keys => {
                let text =
                    request.body.ok_or(NotSigned::Body("a deletion of many objects is signed with its body only"))?;
                for key in delete_body::keys(text)? {
                    objects.push(in_bucket(bucket, &key)?);
                }
                Some(text.to_owned())
            }
            Body::Opaque => None,
        };
        Ok(Self {
            method: request.method.to_owned(),
            url: named.signable(&url),
            signed_headers: headers.signed,
            declared_payload: headers.payload,
            body,
            objects,
            listing,
            access,
            operation: operation.name,
        })
    }

    /// Whether its body says which objects it touches.
    #[must_use]
    pub fn body_decides(&self) -> bool {
        self.body.is_some()
    }

    /// The URI as it is signed; the client must send it so.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Headers that the client adds to its own, in place of ones of the same name.
    ///
    /// # Errors
    /// [`NotSigned::NotSignable`].
    pub fn sign(&self, signer: &Signer<'_>) -> Result<Vec<(String, String)>, NotSigned> {
        let payload = match (&self.body, &self.declared_payload) {
            (Some(body), _) => Payload::Bytes(body.as_bytes()),
            (None, Some(declared)) => Payload::Declared(declared),
            (None, None) => Payload::Declared("UNSIGNED-PAYLOAD"),
        };
        let mut made = signer.headers(&self.method, &self.url, &self.signed_headers, payload)?;
        // A client that adds what it has already would send it twice.
        made.retain(|(name, value)| name != headers::PAYLOAD || self.declared_payload.as_ref() != Some(value));
        Ok(made)
    }
}

fn in_bucket(bucket: &str, key: &str) -> Result<Location, NotSigned> {
    let shown = || NotSigned::Key(key.chars().take(200).collect::<String>().escape_debug().to_string());
    Location::parse(&format!("s3://{bucket}/{key}")).map_err(|_| shown())
}
