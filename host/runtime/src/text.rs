//! Text that a guest wrote, made fit for logs and replies: cut, escaped, secrets masked.

use pangolin_core::secret::REDACTED;

use crate::call::Call;
use crate::service::Needles;

/// Secrets shorter than this are not masked: they would mask ordinary words.
const SHORTEST_MASKED: usize = 4;

/// Bytes that are looked through. What is left of a text is cut by [`printable`] to an eighth of
/// that, and a guest may hand over megabytes.
const LONGEST_MASKED: usize = 32 * 1024;

/// At most `limit` characters, with control and direction-changing characters escaped.
pub fn printable(text: &str, limit: usize) -> String {
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

/// Characters that reorder the text around them, end a line for some readers, or are not shown.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The text without any secret of the call: as it is, in hex or base64, or escaped. A guest that knew
/// one could still write it in a form of its own (reversed, in two lines): that it never gets to know
/// one is what holds, this is for what slips through an upstream's answer.
#[expect(clippy::disallowed_methods, reason = "values are compared with the text to take them out of it")]
pub(crate) fn masked(text: &str, call: &Call) -> String {
    let mut out = text.get(..text.floor_char_boundary(LONGEST_MASKED)).unwrap_or_default().to_owned();
    let mut needles = Needles::default();
    for secret in call.slots.values().chain(&call.masked) {
        let value = secret.expose();
        if value.len() >= SHORTEST_MASKED && out.contains(value.as_str()) {
            out = out.replace(value.as_str(), REDACTED);
        }
        needles.add(value);
    }
    needles.hide(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_escaped() {
        assert_eq!(printable("a\nb\u{1b}[31m\u{202e}c", 100), "a\\nb\\u{1b}[31m\\u{202e}c");
        for c in ['\r', '\u{85}', '\u{ad}', '\u{61c}', '\u{200b}', '\u{2028}', '\u{2066}', '\u{fe0f}', '\u{e0041}'] {
            assert!(printable(&c.to_string(), 100).is_ascii(), "{c:?}");
        }
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(printable("ääää", 3), "äää…");
        assert_eq!(printable("äää", 3), "äää");
    }
}
