//! What a user has before a mint, as the host keeps it.

use pangolin_plugin_sdk::{ErrorKind, VendError};
use serde_json::{Value, json};

use crate::keys::Listed;

/// Keys that were there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) keys: Vec<Listed>,
}

impl Survey {
    pub(super) fn to_text(&self) -> String {
        let shown = |key: &Listed| json!({ "access_key": key.access_key, "made_at_ms": key.made_at_ms });
        json!({ "keys": self.keys.iter().map(shown).collect::<Vec<_>>() }).to_string()
    }

    /// Reads what [`Survey::to_text`] wrote.
    pub(super) fn parse(text: &str) -> Result<Self, VendError> {
        let read = |entry: &Value| {
            let access_key = entry.get("access_key").and_then(Value::as_str)?.to_owned();
            Some(Listed { access_key, made_at_ms: entry.get("made_at_ms").and_then(Value::as_u64) })
        };
        let value: Option<Value> = serde_json::from_str(text).ok();
        let entries = value.as_ref().and_then(|value| value.get("keys")).and_then(Value::as_array);
        entries
            .and_then(|entries| entries.iter().map(read).collect())
            .map(|keys| Self { keys })
            .ok_or_else(|| VendError::new(ErrorKind::Internal, "bad-survey", "the survey is none of this strategy"))
    }
}
