//! An answer of VMS.

use pangolin_plugin_sdk::http::Response;
use serde_json::Value;

/// The longest text of a server that goes into a message.
const LONGEST: usize = 300;

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after_ms: Option<u32>,
    body: Body,
}

/// Holds keys as a rule: it never shows.
struct Body(Vec<u8>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({})", self.0.len())
    }
}

impl Reply {
    pub(crate) fn of(response: Response) -> Self {
        let header = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        let seconds = header.and_then(|(_, value)| value.trim().parse::<u32>().ok());
        Self {
            status: response.status,
            retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1000)),
            body: Body(response.body),
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body.0).ok()
    }

    /// Whether the body says this, in any case.
    pub(crate) fn says(&self, words: &str) -> bool {
        String::from_utf8_lossy(&self.body.0).to_lowercase().contains(words)
    }

    /// What VMS says of a refusal, for messages: ` VMS said: …`, or nothing.
    pub(crate) fn said(&self) -> String {
        let Some(body) = self.json() else { return String::new() };
        let text = match body.get("detail") {
            Some(Value::String(text)) => text.clone(),
            _ => body.to_string(),
        };
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        if text.trim().is_empty() { String::new() } else { format!(" VMS said: {}", text.trim()) }
    }
}
