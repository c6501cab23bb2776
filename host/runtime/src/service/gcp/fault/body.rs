//! The two forms of Google's errors: OAuth's (`error`, `error_description`) and that of its APIs
//! (`error: {status, message, details}`).

use serde_json::Value;

/// What an error says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: String,
    pub(super) message: String,
    /// Of `google.rpc.ErrorInfo`.
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        match body.get("error") {
            Some(Value::String(code)) => {
                Self { code: code.clone(), message: text(body.get("error_description")), reason: String::new() }
            }
            Some(Value::Object(error)) => {
                let details = error.get("details").and_then(Value::as_array);
                let reason = details.and_then(|details| details.iter().find_map(|detail| detail.get("reason")));
                Self { code: text(error.get("status")), message: text(error.get("message")), reason: text(reason) }
            }
            _ => Self::default(),
        }
    }

    /// Whether the message has this part, in any case.
    pub(super) fn says(&self, part: &str) -> bool {
        self.message.to_ascii_lowercase().contains(part)
    }
}
