//! One request that is expected, and its answer.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use super::placeholder;

const MAX_BODY: usize = 1 << 20;
const MAX_HEADERS: usize = 64;
const MAX_DELAY_MS: u64 = 60_000;

/// A request by what it must have, and what answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    /// Exact, or its beginning and `*`.
    pub(crate) url: String,
    /// Texts that its body must have, as sent or decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) body_contains: Vec<String>,
    /// Headers without which the answer is a 401.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) requires: Vec<String>,
    /// Answers so many requests at most; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u32>,
    /// How late the answer comes, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
    /// Instead of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) body: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
}

/// How a request gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Failure {
    Dns,
    Connect,
    Tls,
    Timeout,
    Protocol,
}

fn ok() -> u16 {
    200
}

impl Exchange {
    /// The beginning that a request's URL must have; else the whole of it.
    pub(crate) fn prefix(&self) -> Option<&str> {
        self.url.strip_suffix('*')
    }

    /// The URL without the `*`.
    pub(crate) fn plain_url(&self) -> &str {
        self.prefix().unwrap_or(&self.url)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let method = Method::from_bytes(self.method.as_bytes());
        if method.is_err() || self.method.chars().any(|c| c.is_ascii_lowercase()) {
            return Err("method is not GET, POST, PUT, PATCH, DELETE or HEAD".to_owned());
        }
        let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if !Url::parse(self.plain_url()).is_ok_and(|url| is_http(&url)) {
            return Err("url is not an absolute http or https URL, exact or with a trailing *".to_owned());
        }
        StatusCode::from_u16(self.status).map_err(|_| format!("status {} is none of HTTP", self.status))?;
        if self.body.len() > MAX_BODY || self.headers.len() > MAX_HEADERS {
            return Err(format!("a body has at most {MAX_BODY} bytes, and there are at most {MAX_HEADERS} headers"));
        }
        if self.delay_ms.is_some_and(|ms| ms > MAX_DELAY_MS) {
            return Err(format!("delay_ms is at most {MAX_DELAY_MS}"));
        }
        for name in self.requires.iter().chain(self.headers.keys()) {
            HeaderName::try_from(name).map_err(|_| format!("'{}' is no name of a header", name.escape_debug()))?;
        }
        for (name, value) in &self.headers {
            // With digits in the places of placeholders, which are digits as well, or dates.
            HeaderValue::try_from(value).map_err(|_| format!("the header '{name}' has no valid value"))?;
        }
        for text in self.headers.values().chain([&self.body]) {
            placeholder::check(text)?;
        }
        Ok(())
    }
}
