//! Text that a guest wrote, made fit for logs and replies: cut, escaped, secrets masked.

use pangolin_core::secret::REDACTED;

use crate::call::Call;

/// Secrets shorter than this are not masked: they would mask ordinary words.
const SHORTEST_MASKED: usize = 4;

/// At most `limit` characters, with control and direction-changing characters escaped.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars().take(limit) {
        if c.is_control() || is_invisible(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(limit).is_some() {
        out.push('…');
    }
    out
}

/// Characters that reorder or hide the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text without any secret of the call.
#[expect(clippy::disallowed_methods, reason = "values are compared with the text to take them out of it")]
pub(crate) fn masked(text: &str, call: &Call) -> String {
    let mut out = text.to_owned();
    for secret in call.slots.values().chain(&call.masked) {
        let value = secret.expose();
        if value.len() >= SHORTEST_MASKED && out.contains(value.as_str()) {
            out = out.replace(value.as_str(), REDACTED);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_escaped() {
        assert_eq!(printable("a\nb\u{1b}[31m\u{202e}c", 100), "a\\nb\\u{1b}[31m\\u{202e}c");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(printable("ääää", 3), "äää…");
        assert_eq!(printable("äää", 3), "äää");
    }
}
