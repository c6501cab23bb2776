//! Text of others, made fit for a terminal: cut, and without what a terminal obeys.

pub(crate) use pangolin_runtime::printable;

/// [`printable`] for several lines: the ends of lines stay.
pub(crate) fn printable_lines(text: &str, limit: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| printable(line, limit)).collect();
    lines.join("\n")
}

/// A whole output, of any length: the ends of lines and tabs stay as well.
pub(crate) fn inert(text: &str) -> String {
    let cell = |cell: &str| printable(cell, usize::MAX);
    let line = |line: &str| line.split('\t').map(cell).collect::<Vec<_>>().join("\t");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(printable("a\nb\u{1b}[31m\u{202e}c", 100), "a\\nb\\u{1b}[31m\\u{202e}c");
        assert_eq!(printable_lines("a\r\nb\u{9b}2J\n", 100), "a\nb\\u{9b}2J");
        assert_eq!(printable("ääää", 3), "äää…");
        assert_eq!(inert("a\tb\r\n\nc\u{1b}[2K\r.wasm: signed\n"), "a\tb\\r\n\nc\\u{1b}[2K\\r.wasm: signed\n");
    }
}
