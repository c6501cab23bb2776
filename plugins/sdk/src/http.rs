//! Outgoing HTTP through the host's egress policy. Only granted hosts answer, addresses are
//! checked after resolution, redirects are not followed.

use crate::error::{ErrorKind, VendError};
use crate::slots::KeySlots;

/// How the host authenticates a request, with slots that the guest names and cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// AWS Signature Version 4.
    Sigv4 {
        /// The keys that sign.
        keys: KeySlots,
        /// Service of the signature, for example `s3`.
        service: String,
        /// Region of the signature.
        region: String,
    },
    /// `Authorization: Bearer` with the slot's value.
    Bearer {
        /// The slot.
        slot: String,
    },
    /// `Authorization: Basic` with this user and the slot's value.
    Basic {
        /// The user.
        user: String,
        /// The slot.
        slot: String,
    },
    /// A header with the slot's value.
    Header {
        /// The header.
        name: String,
        /// The slot.
        slot: String,
    },
    /// A field appended to a form body, with the slot's value.
    FormField {
        /// The field.
        name: String,
        /// The slot.
        slot: String,
    },
    /// A member of the JSON object that is the body, with the slot's value.
    JsonField {
        /// The member.
        name: String,
        /// The slot.
        slot: String,
    },
    /// `Authorization` with this scheme and the slot's value.
    Authorization {
        /// The scheme, for example `Api-Token`.
        scheme: String,
        /// The slot.
        slot: String,
    },
}

/// Takes a text out of a JSON answer (status 2xx) into a slot of this call. The guest sees a
/// marker in its place. The value may be used by [`Auth::Bearer`], [`Auth::Authorization`],
/// [`Auth::Header`] and [`Auth::JsonField`], and goes back only to the origin that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Name of the slot: `[a-z0-9_]{1,64}`, not one of the configuration's.
    pub slot: String,
    /// RFC 6901, for example `/access`.
    pub pointer: String,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE` or `HEAD`.
    pub method: String,
    /// Absolute URL, without user information or fragment.
    pub url: String,
    /// At most 64. `Host`, `Authorization` and the like are the host's.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How the host authenticates it.
    pub auth: Auth,
    /// What is taken out of the answer.
    pub captures: Vec<Capture>,
    /// Name of a configuration field with certificates (PEM) to trust instead of the system's.
    pub trust: Option<String>,
    /// Never longer than what is left of the call.
    pub timeout_ms: Option<u32>,
}

impl Request {
    /// A request without headers, body or authentication.
    #[must_use]
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: Auth::None,
            captures: Vec::new(),
            trust: None,
            timeout_ms: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Says how the host authenticates it.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Takes a text out of the answer.
    #[must_use]
    pub fn capture(mut self, slot: &str, pointer: &str) -> Self {
        self.captures.push(Capture { slot: slot.to_owned(), pointer: pointer.to_owned() });
        self
    }

    /// Trusts the certificates in this configuration field, if it has a value.
    #[must_use]
    pub fn trust(mut self, field: Option<&str>) -> Self {
        self.trust = field.map(str::to_owned);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// No answer, or none that the host lets through. A status of 400 or more is an answer.
    pub fn send(self) -> Result<Response, Failure> {
        crate::host::send(self)
    }
}

/// The answer. Its body is shown by length only: it may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The request is not allowed; the message names the grant that lacks.
    Denied,
    /// The request is malformed.
    Invalid,
    /// The name does not resolve.
    Dns,
    /// No connection.
    Connect,
    /// The peer's certificate is not accepted.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer is larger than the bound.
    TooLarge,
    /// The peer broke the protocol, or echoed a secret.
    Protocol,
}

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub kind: FailureKind,
    /// For people.
    pub message: String,
}

impl From<Failure> for VendError {
    fn from(failure: Failure) -> Self {
        let (kind, code) = match failure.kind {
            FailureKind::Denied => (ErrorKind::Denied, "egress-denied"),
            FailureKind::Invalid => (ErrorKind::Internal, "upstream-request-invalid"),
            FailureKind::Dns | FailureKind::Connect => (ErrorKind::Unavailable, "upstream-unreachable"),
            FailureKind::Timeout => (ErrorKind::Unavailable, "upstream-timeout"),
            FailureKind::Tls => (ErrorKind::Upstream, "upstream-tls"),
            FailureKind::TooLarge | FailureKind::Protocol => (ErrorKind::Upstream, "upstream-protocol"),
        };
        Self::new(kind, code, failure.message)
    }
}
