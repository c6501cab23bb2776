//! SQL: texts with the word before them, as in `CREATE SECRET (TYPE s3, SECRET '…')`, `PASSWORD '…'`,
//! `SET s3_secret_access_key = '…'`.

use pangolin_core::credential_scan::{Leaf, Step};

/// Words between a name and its text.
const BETWEEN: &[&str] = &["to", "as", "is"];

/// The texts of a script.
pub(super) fn leaves(text: &str) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut rest = text;
    let mut line = 1;
    let mut name: Option<String> = None;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '\'' => {
                let (inner, length) = quoted(rest, '\'');
                let path = name.take().into_iter().map(Step::Key).collect();
                leaves.push(Leaf { path, text: inner, line });
                length
            }
            '"' | '`' => {
                let (inner, length) = quoted(rest, c);
                name = Some(inner);
                length
            }
            _ if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.".contains(c))).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                if word.eq_ignore_ascii_case("by")
                    && name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("identified"))
                {
                    name = Some("password".to_owned());
                } else if !BETWEEN.iter().any(|between| word.eq_ignore_ascii_case(between)) {
                    name = Some(word.to_owned());
                } else if word.eq_ignore_ascii_case("is") {
                    // `COMMENT ON COLUMN a.password IS '…'`
                    name = None;
                }
                end
            }
            // `name = '…'`, `name => '…'`, `name := '…'`, `MAP {'name': '…'}`.
            ':' if name.is_none() => {
                name = leaves.last().map(|leaf| leaf.text.clone()).filter(|text| text.len() <= 64);
                1
            }
            '=' | ':' | '>' => 1,
            _ => {
                if !c.is_whitespace() {
                    name = None;
                }
                c.len_utf8()
            }
        };
        let (gone, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        line += gone.bytes().filter(|byte| *byte == b'\n').count();
        rest = after;
    }
    leaves
}

/// A text between quotes, in which two of them stand for one, and its length with them.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let inner = text.get(1..).unwrap_or_default();
    let mut out = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            out.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            out.push(quote);
        } else {
            return (out, at + 2);
        }
    }
    (out, text.len())
}
