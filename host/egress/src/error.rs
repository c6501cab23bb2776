//! Why a request got no answer. Each text names the host and nothing else of the URL.

use std::error::Error;
use std::io;

use pangolin_core::egress::EgressDenied;

use crate::resolve::ResolveFailure;

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The policy refuses the URL or every address of its name.
    #[error(transparent)]
    Denied(#[from] EgressDenied),
    /// The name does not resolve.
    #[error("the name '{host}' does not resolve: {reason}")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No connection.
    #[error("no connection to '{host}': {reason}")]
    Connect {
        /// The peer.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// No TLS session.
    #[error("TLS with '{host}' failed: {reason}")]
    Tls {
        /// The peer.
        host: String,
        /// What was wrong, mostly with its certificate.
        reason: String,
    },
    /// No complete answer in time.
    #[error("'{host}' did not answer in time")]
    Timeout {
        /// The peer.
        host: String,
    },
    /// The answer is over the bound.
    #[error("the answer of '{host}' is larger than {limit} bytes")]
    TooLarge {
        /// The peer.
        host: String,
        /// The bound.
        limit: u64,
    },
    /// Something else of HTTP went wrong.
    #[error("HTTP with '{host}' failed: {reason}")]
    Protocol {
        /// The peer.
        host: String,
        /// What.
        reason: String,
    },
    /// The client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Setup(String),
}

impl EgressError {
    /// Sorts an error of reqwest by its chain of sources.
    #[must_use]
    pub fn from_reqwest(host: &str, error: &reqwest::Error) -> Self {
        let host = host.to_owned();
        let mut deepest: &dyn Error = error;
        let mut tls = false;
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(current) = next {
            match current.downcast_ref::<ResolveFailure>() {
                Some(ResolveFailure::Denied(denied)) => return Self::Denied(denied.clone()),
                Some(ResolveFailure::Unknown(reason)) => return Self::Dns { host, reason: reason.clone() },
                None => {}
            }
            tls |= current.downcast_ref::<io::Error>().is_some_and(is_of_tls);
            deepest = current;
            next = current.source();
        }
        let reason = deepest.to_string();
        if error.is_timeout() {
            Self::Timeout { host }
        } else if error.is_connect() && tls {
            Self::Tls { host, reason }
        } else if error.is_connect() {
            Self::Connect { host, reason }
        } else {
            Self::Protocol { host, reason }
        }
    }
}

/// rustls reports certificates and alerts as invalid data, a peer that hangs up in the handshake
/// as an end of file; the layers above wrap that error in others of their own.
fn is_of_tls(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
        || error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()).is_some_and(is_of_tls)
}
