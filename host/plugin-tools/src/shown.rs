//! Text of others, made fit for a terminal: cut, and without what a terminal obeys.

/// At most `limit` characters on one line, with control and direction-changing characters escaped.
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

/// The same for several lines: the ends of lines stay.
pub(crate) fn printable_lines(text: &str, limit: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| printable(line, limit)).collect();
    lines.join("\n")
}

/// Characters that reorder or hide the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(printable("a\nb\u{1b}[31m\u{202e}c", 100), "a\\nb\\u{1b}[31m\\u{202e}c");
        assert_eq!(printable_lines("a\r\nb\u{9b}2J\n", 100), "a\nb\\u{9b}2J");
        assert_eq!(printable("ääää", 3), "äää…");
    }
}
