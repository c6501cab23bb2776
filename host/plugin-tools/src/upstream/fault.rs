//! How an upstream fails.

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use pangolin_egress::{EgressError, Request};

use super::Reply;
use crate::scenario::Failure;

/// What a throttled strategy is told to wait.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 7;
/// More than one call may read.
const HUGE: usize = 8 << 20;

/// One way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Status(u16),
    /// 429 with `Retry-After`.
    Throttled,
    /// The status of success, with something else in the body.
    Malformed,
    Empty,
    /// The first half.
    Truncated,
    Huge,
    /// The status of success, and in the body what was sent.
    Echo,
    Fails(Failure),
}

/// All that a strategy is tried with.
pub(crate) const ALL: [Fault; 17] = [
    Fault::Status(400),
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(404),
    Fault::Status(409),
    Fault::Throttled,
    Fault::Status(500),
    Fault::Status(503),
    Fault::Malformed,
    Fault::Empty,
    Fault::Truncated,
    Fault::Huge,
    Fault::Echo,
    Fault::Fails(Failure::Connect),
    Fault::Fails(Failure::Timeout),
    Fault::Fails(Failure::Tls),
    Fault::Fails(Failure::Protocol),
];

impl Fault {
    /// For names of checks.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::Throttled => "429".to_owned(),
            Self::Malformed => "malformed".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::Truncated => "truncated".to_owned(),
            Self::Huge => "huge".to_owned(),
            Self::Echo => "echo".to_owned(),
            Self::Fails(Failure::Dns) => "dns".to_owned(),
            Self::Fails(Failure::Connect) => "connect".to_owned(),
            Self::Fails(Failure::Tls) => "tls".to_owned(),
            Self::Fails(Failure::Timeout) => "timeout".to_owned(),
            Self::Fails(Failure::Protocol) => "protocol".to_owned(),
        }
    }

    /// Whether it is about the body of the answer.
    pub(crate) fn is_of_body(self) -> bool {
        matches!(self, Self::Malformed | Self::Empty | Self::Truncated | Self::Huge | Self::Echo)
    }

    /// What the answer becomes.
    pub(super) fn apply(self, request: &Request, honest: Result<Reply, EgressError>) -> Result<Reply, EgressError> {
        let base = honest.unwrap_or_else(|_| Reply::new(200, ""));
        let body = |body: Bytes| Ok(Reply { body, says_expiry: false, ..base.clone() });
        match self {
            Self::Status(status) => Ok(Reply::new(status, "the upstream refuses").typed("text/plain")),
            Self::Throttled => {
                let reply = Reply::new(StatusCode::TOO_MANY_REQUESTS.as_u16(), "slow down").typed("text/plain");
                Ok(reply.with(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS)))
            }
            Self::Malformed => body(Bytes::from_static(b"<<< not what was asked for >>>")),
            Self::Empty => body(Bytes::new()),
            Self::Truncated => body(base.body.slice(..base.body.len() / 2)),
            Self::Huge => body(Bytes::from(vec![b'x'; HUGE])),
            Self::Echo => body(echo(request)),
            Self::Fails(failure) => {
                Err(failed(failure, request.url.host_str().unwrap_or_default(), "a fault that was ordered"))
            }
        }
    }
}

/// Everything that was sent.
fn echo(request: &Request) -> Bytes {
    let mut text = format!("{} {}\n", request.method, request.url).into_bytes();
    for (name, value) in &request.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(&request.body);
    Bytes::from(text)
}

/// What the network would have failed with.
pub(super) fn failed(failure: Failure, host: &str, reason: &str) -> EgressError {
    let (host, reason) = (host.to_owned(), reason.to_owned());
    match failure {
        Failure::Dns => EgressError::Dns { host, reason },
        Failure::Connect => EgressError::Connect { host, reason },
        Failure::Tls => EgressError::Tls { host, reason },
        Failure::Timeout => EgressError::Timeout { host },
        Failure::Protocol => EgressError::Protocol { host, reason },
    }
}
