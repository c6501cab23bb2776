//! One request to Azure and what is read of every answer.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use pangolin_core::clock::Clock;
use pangolin_core::secret::{REDACTED, Secret};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::{EgressClient, EgressError, Limits, Request};
use tokio::time::Instant;
use url::Url;

/// One request; the deadline of the call bounds all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Tokens and keys have a few kilobytes.
const MAX_ANSWER: u64 = 64 * 1024;
/// Azure takes signatures and assertions that are off by so much, and no more.
const MAX_SKEW_SECONDS: i64 = 300;

/// What requests of one call go through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) egress: &'a EgressClient,
    pub(super) clock: &'a dyn Clock,
    pub(super) deadline: Instant,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// By how many seconds the server's clock is ahead of the host's, if that is too much.
    pub(super) skew_seconds: Option<i64>,
}

impl Exchange<'_> {
    /// Sends a POST.
    pub(super) async fn post(
        &self,
        url: Url,
        content_type: &'static str,
        mut headers: HeaderMap,
        body: String,
    ) -> Result<Answer, EgressError> {
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let timeout = TIMEOUT.min(self.deadline.saturating_duration_since(Instant::now()));
        let request = Request { method: Method::POST, url, headers, body: Bytes::from(body) };
        let answer = self.egress.execute(request, Limits { timeout, max_response_bytes: MAX_ANSWER }).await?;
        let ahead = date(&answer.headers).map(|at| at - self.clock.now().0 / 1000);
        Ok(Answer {
            status: answer.status.as_u16(),
            skew_seconds: ahead.filter(|ahead| ahead.abs() > MAX_SKEW_SECONDS),
            headers: answer.headers,
            body: answer.body,
        })
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `Retry-After` in seconds; dates are not used here.
    pub(super) fn retry_after_ms(&self) -> Option<u32> {
        self.header("retry-after")?.trim().parse::<u32>().ok()?.checked_mul(1000)
    }
}

/// The clocks disagree.
pub(super) fn skewed(seconds: i64) -> StrategyError {
    let direction = if seconds > 0 { "behind" } else { "ahead of" };
    StrategyError::new(
        Kind::Unavailable,
        "clock-skew",
        format!("The host's clock is {} seconds {direction} Azure's: check the time (NTP) on the host.", seconds.abs()),
    )
}

/// The error without the value.
#[expect(clippy::disallowed_methods, reason = "the value is compared with the text to take it out of it")]
pub(super) fn without(error: StrategyError, secret: &Secret<String>) -> StrategyError {
    let value = secret.expose();
    let holds = !value.is_empty() && error.message.contains(value.as_str());
    if holds { StrategyError { message: error.message.replace(value.as_str(), REDACTED), ..error } } else { error }
}

/// Seconds since the Unix epoch.
fn date(headers: &HeaderMap) -> Option<i64> {
    let at = httpdate::parse_http_date(headers.get(http::header::DATE)?.to_str().ok()?).ok()?;
    i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}
