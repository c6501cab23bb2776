//! IAM's text patterns: `*` and `?` are globs, `${*}`, `${?}` and `${$}` are the characters
//! themselves, any other `${…}` is a variable.

/// What is certain about every text that a pattern matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Every match begins with this.
    pub(super) start: String,
    /// Whether the pattern matches more than that one text.
    pub(super) open: bool,
}

impl Pattern {
    /// Reads a pattern in which globs count (`Resource`, `StringLike`). None: it has a variable.
    pub(super) fn with_globs(text: &str) -> Option<Self> {
        Self::read(text, true)
    }

    /// Reads a text in which only escapes count (`StringEquals`). None: it has a variable.
    pub(super) fn exact(text: &str) -> Option<Self> {
        Self::read(text, false)
    }

    fn read(text: &str, globs: bool) -> Option<Self> {
        let mut start = String::with_capacity(text.len());
        let mut open = false;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (literal, length) = match escape(rest) {
                Some(escape) => (escape?, 4),
                None => (c, c.len_utf8()),
            };
            open |= globs && length != 4 && matches!(c, '*' | '?');
            if !open {
                start.push(literal);
            }
            rest = rest.get(length..)?;
        }
        Some(Self { start, open })
    }

    /// Whether every match lies below a directory `key/`; an empty key is the whole bucket.
    pub(super) fn lies_below(&self, key: &str) -> bool {
        let rest = if key.is_empty() {
            Some(self.start.as_str())
        } else {
            self.start.strip_prefix(key).and_then(|rest| rest.strip_prefix('/'))
        };
        // Some stores resolve these segments, and would leave the directory by them.
        rest.is_some_and(|rest| !rest.contains('\\') && !rest.split('/').any(|segment| matches!(segment, "." | "..")))
    }
}

/// At `${`: the escaped character, or `Some(None)` for a variable.
fn escape(text: &str) -> Option<Option<char>> {
    let inner = text.strip_prefix("${")?;
    let mut chars = inner.chars();
    Some(match (chars.next(), chars.next()) {
        (Some(c @ ('*' | '?' | '$')), Some('}')) => Some(c),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(text: &str) -> Option<(String, bool)> {
        Pattern::with_globs(text).map(|pattern| (pattern.start, pattern.open))
    }

    #[test]
    fn escapes_globs_and_variables() {
        assert_eq!(globs("a/b"), Some(("a/b".into(), false)));
        assert_eq!(globs("a/*"), Some(("a/".into(), true)));
        assert_eq!(globs("a?c"), Some(("a".into(), true)));
        assert_eq!(globs("a${*}b${?}${$}{x}/*"), Some(("a*b?${x}/".into(), true)));
        assert_eq!(globs("a$b$"), Some(("a$b$".into(), false)));
        for text in ["${aws:username}/*", "a/*${aws:x}", "${", "${}", "${*", "${**}", "x${$"] {
            assert_eq!(globs(text), None, "{text}");
        }
        assert_eq!(Pattern::exact("a*?"), Some(Pattern { start: "a*?".into(), open: false }));
        assert_eq!(Pattern::exact("${aws:x}"), None);
    }

    #[test]
    fn below_a_directory_is_below_its_slash() {
        let below = |text: &str, key| Pattern::with_globs(text).is_some_and(|pattern| pattern.lies_below(key));
        assert!(below("orders/*", "orders") && below("orders/", "orders") && below("orders/a?*", "orders"));
        for text in
            ["orders", "orders*", "orders2/*", "order*", "*", "orders?*", "orders/../x/*", "orders/./*", "orders/a\\*"]
        {
            assert!(!below(text, "orders"), "{text}");
        }
        assert!(below("*", "") && below("", ""));
    }
}
