//! Answers, read in bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use crate::error::EgressError;

/// Bounds of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the start of the call to the last byte of the answer.
    pub timeout: Duration,
    /// Bytes of body.
    pub max_response_bytes: u64,
}

/// An answer with its whole body.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Response {
    /// Refuses a body over the bound.
    pub(crate) fn within(self, limit: u64, host: &str) -> Result<Self, EgressError> {
        if u64::try_from(self.body.len()).unwrap_or(u64::MAX) > limit {
            return Err(EgressError::TooLarge { host: host.to_owned(), limit });
        }
        Ok(self)
    }

    /// Reads the body, stopping at the bound whatever the declared length says.
    pub(crate) async fn read(mut answer: reqwest::Response, limit: u64, host: &str) -> Result<Self, EgressError> {
        let too_large = || EgressError::TooLarge { host: host.to_owned(), limit };
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| EgressError::from_reqwest(host, &error))? {
            let length = u64::try_from(body.len() + chunk.len()).unwrap_or(u64::MAX);
            if length > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status: answer.status(), headers: std::mem::take(answer.headers_mut()), body: body.freeze() })
    }
}
