//! The part of CEL that the proof reads: two tests of a prefix, joined by `||` and `&&`. `&&` binds
//! tighter. No parentheses, no negation, no other function, no raw or triple-quoted text.

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Atom {
    /// `resource.name.startsWith(TEXT)`.
    Name(String),
    /// `api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith(TEXT)`.
    ListPrefix(String),
}

impl Atom {
    pub(super) fn prefix(&self) -> &str {
        let (Self::Name(text) | Self::ListPrefix(text)) = self;
        text
    }
}

const LIST_PREFIX: &str = "storage.googleapis.com/objectListPrefix";

/// Alternatives, each of tests that all hold. None: the expression says something else.
pub(super) fn parse(text: &str) -> Option<Vec<Vec<Atom>>> {
    let mut rest = Rest(text);
    let mut alternatives = Vec::new();
    let mut current = vec![rest.atom()?];
    while !rest.at_end() {
        if rest.take("&&") {
            current.push(rest.atom()?);
        } else if rest.take("||") {
            alternatives.push(std::mem::replace(&mut current, vec![rest.atom()?]));
        } else {
            return None;
        }
    }
    alternatives.push(current);
    Some(alternatives)
}

/// What is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn at_end(&mut self) -> bool {
        self.skip_space();
        self.0.is_empty()
    }

    /// Takes a token of punctuation, or a word.
    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        let Some(rest) = self.0.strip_prefix(token) else { return false };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if token.ends_with(is_word) && rest.starts_with(is_word) {
            return false;
        }
        self.0 = rest;
        true
    }

    fn take_all(&mut self, tokens: &[&str]) -> Option<()> {
        tokens.iter().all(|token| self.take(token)).then_some(())
    }

    fn atom(&mut self) -> Option<Atom> {
        if self.take("resource") {
            self.take_all(&[".", "name"])?;
            return self.starts_with().map(Atom::Name);
        }
        self.take_all(&["api", ".", "getAttribute", "("])?;
        if self.text()? != LIST_PREFIX {
            return None;
        }
        self.take_all(&[","])?;
        // Another default would pass where the attribute is absent: that is for every other call.
        if !self.text()?.is_empty() {
            return None;
        }
        self.take_all(&[")"])?;
        self.starts_with().map(Atom::ListPrefix)
    }

    fn starts_with(&mut self) -> Option<String> {
        self.take_all(&[".", "startsWith", "("])?;
        let text = self.text()?;
        self.take_all(&[")"])?;
        Some(text)
    }

    /// A text in single or double quotes, on one line, with CEL's escapes.
    fn text(&mut self) -> Option<String> {
        self.skip_space();
        let quote = self.next().filter(|c| matches!(c, '\'' | '"'))?;
        let mut text = String::new();
        loop {
            match self.next()? {
                c if c == quote => return Some(text),
                '\\' => text.push(self.escape()?),
                '\n' | '\r' => return None,
                c => text.push(c),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.0.chars().next()?;
        self.0 = self.0.get(c.len_utf8()..)?;
        Some(c)
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            c @ ('\\' | '\'' | '"' | '`' | '?') => c,
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' | 'X' => self.code(2, 16)?,
            'u' => self.code(4, 16)?,
            'U' => self.code(8, 16)?,
            first @ '0'..='3' => {
                let tail = self.digits(2, 8)?;
                char::from_u32(first.to_digit(8)? * 64 + u32::from_str_radix(tail, 8).ok()?)?
            }
            _ => return None,
        })
    }

    fn code(&mut self, length: usize, radix: u32) -> Option<char> {
        char::from_u32(u32::from_str_radix(self.digits(length, radix)?, radix).ok()?)
    }

    fn digits(&mut self, length: usize, radix: u32) -> Option<&'a str> {
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        digits.chars().all(|c| c.is_digit(radix)).then_some(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Atom {
        Atom::Name(text.to_owned())
    }

    fn listed(text: &str) -> Atom {
        Atom::ListPrefix(text.to_owned())
    }

    #[test]
    fn tests_are_joined_and_and_binds_tighter() {
        let list = "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith";
        let text = format!("resource.name.startsWith('a') || {list}(\"b\")&&resource.name.startsWith('c')");
        assert_eq!(parse(&text), Some(vec![vec![name("a")], vec![listed("b"), name("c")]]));
        assert_eq!(parse(" resource . name .startsWith ( 'a' )\n"), Some(vec![vec![name("a")]]));
    }

    #[test]
    fn escapes_are_those_of_cel() {
        let read = |literal: &str| {
            let atoms = parse(&format!("resource.name.startsWith({literal})"))?;
            Some(atoms.first()?.first()?.prefix().to_owned())
        };
        assert_eq!(read(r#"'\\\'\"\`\?\a\b\f\n\r\t\v'"#).unwrap(), "\\'\"`?\u{7}\u{8}\u{c}\n\r\t\u{b}");
        assert_eq!(read(r"'\x41\X42\u00e9\U0001f600\101\377'").unwrap(), "ABé😀Aÿ");
        assert_eq!(read("\"it's\"").unwrap(), "it's");
        assert_eq!(read("'é日'").unwrap(), "é日");
        for literal in [
            "'",
            "'a",
            "\"a'",
            "'\\'",
            "'\\q'",
            "'\\x4'",
            "'\\x4g'",
            "'\\ud800'",
            "'\\400'",
            "'\\18'",
            "'a\nb'",
            "r'a'",
            "'''a'''",
            "b'a'",
            "'a' 'b'",
            "'a' + 'b'",
            "a",
            "1",
            "",
            "'\\u00e'",
            "'\\x\u{e9}'",
        ] {
            assert_eq!(read(literal), None, "{literal}");
        }
    }

    #[test]
    fn anything_else_is_not_understood() {
        for text in [
            "",
            "true",
            "resource.name",
            "resource.name.startsWith('a') ||",
            "|| resource.name.startsWith('a')",
            "resource.name.startsWith('a') | resource.name.startsWith('a')",
            "resource.name.startsWith('a') || true",
            "!resource.name.startsWith('a')",
            "(resource.name.startsWith('a'))",
            "resource.name.startsWith('a') // x",
            "resource.name.startsWith('a') ? true : true",
            "resource.name.endsWith('a')",
            "resource.name == 'a'",
            "resource.type.startsWith('a')",
            "resourcename.startsWith('a')",
            "resource.names.startsWith('a')",
            "resource.name.startsWithin('a')",
            "api.getAttribute('storage.googleapis.com/objectListPrefix', 'orders/').startsWith('a')",
            "api.getAttribute('storage.googleapis.com/other', '').startsWith('a')",
            "api.getAttribute('storage.googleapis.com/objectListPrefix').startsWith('a')",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
