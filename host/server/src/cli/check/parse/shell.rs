//! Shell scripts, and Dockerfiles, whose lines are much the same: `NAME=value` wherever it stands, `--name=value`,
//! and every other word. What the shell would put in is a template, whatever its name.

use pangolin_core::credential_scan::{Leaf, Step};

use super::lines;

/// Longer substitutions are none: what is looked at for each has an end.
const LONGEST_SUBSTITUTION: usize = 1024;

/// The texts of a script.
pub(super) fn leaves(text: &str) -> Vec<Leaf> {
    let mut reader = Reader::of(text);
    let mut leaves = Vec::new();
    while let Some(command) = reader.command() {
        of_words(&command, &mut leaves);
    }
    leaves
}

/// The same of a Dockerfile: `ENV NAME value` has no `=`.
pub(super) fn dockerfile(text: &str) -> Vec<Leaf> {
    let mut reader = Reader::of(text);
    let mut leaves = Vec::new();
    while let Some(command) = reader.command() {
        match command.split_first_chunk() {
            Some(([instruction, name], value))
                if instruction.text.eq_ignore_ascii_case("env") && !name.text.contains('=') && !value.is_empty() =>
            {
                let value: Vec<&str> = value.iter().map(|word| word.text.as_str()).collect();
                leaves.push(leaf(&name.text, value.join(" "), name.line));
            }
            _ => of_words(&command, &mut leaves),
        }
    }
    leaves
}

/// `NAME=value` of one line, as systemd's `Environment=` has them.
pub(super) fn assignments(text: &str) -> Vec<(String, String)> {
    let words = Reader::of(text).command().unwrap_or_default();
    let pair = |word: &Word| assignment(&word.text).map(|(name, value)| (name.to_owned(), value.to_owned()));
    words.iter().filter_map(pair).collect()
}

/// A word without its quotes, with `${…}` for what the shell puts in.
#[derive(Debug)]
struct Word {
    text: String,
    line: usize,
}

fn of_words(words: &[Word], leaves: &mut Vec<Leaf>) {
    let mut others: Vec<&str> = Vec::new();
    for word in words {
        match assignment(&word.text) {
            Some((name, value)) => leaves.push(leaf(name, value.to_owned(), word.line)),
            None => others.push(&word.text),
        }
    }
    if let (Some(first), false) = (words.first(), others.is_empty()) {
        leaves.push(Leaf { path: Vec::new(), text: others.join(" "), line: first.line });
    }
}

fn leaf(name: &str, text: String, line: usize) -> Leaf {
    Leaf { path: vec![Step::Key(name.to_owned())], text, line }
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let bare = name.trim_start_matches('-').trim_end_matches('+');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && bare.chars().all(fits)).then_some((bare, value))
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    /// Where the texts that `<<` announces end.
    heredocs: Vec<String>,
}

impl<'t> Reader<'t> {
    fn of(text: &'t str) -> Self {
        Self { rest: text, line: 1, heredocs: Vec::new() }
    }

    /// The words up to the end of a command; none: the end of the text.
    fn command(&mut self) -> Option<Vec<Word>> {
        let mut words = Vec::new();
        let mut word: Option<Word> = None;
        while let Some(c) = self.rest.chars().next() {
            let starts_word = word.is_none();
            let line = self.line;
            let mut add =
                |text: &str| word.get_or_insert_with(|| Word { text: String::new(), line }).text.push_str(text);
            match c {
                '\n' => {
                    self.skip(1);
                    words.extend(word.take());
                    self.texts(&mut words);
                    return Some(words);
                }
                '#' if starts_word => self.skip_to('\n'),
                '<' if self.rest.starts_with("<<") && !self.rest.starts_with("<<<") => {
                    words.extend(word.take());
                    self.announced();
                }
                _ if c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>') => {
                    self.skip(c.len_utf8());
                    words.extend(word.take());
                    if matches!(c, ';' | '|') {
                        return Some(words);
                    }
                }
                '\\' => {
                    self.skip(1);
                    let next = self.rest.chars().next().unwrap_or_default();
                    self.skip(next.len_utf8().min(self.rest.len()));
                    if next != '\n' {
                        add(next.encode_utf8(&mut [0; 4]));
                    }
                }
                '\'' | '"' => match closed(self.rest, c) {
                    Some(inner) => {
                        add("");
                        if c == '"' {
                            add(&expanded(inner));
                        } else {
                            add(inner);
                        }
                        self.skip(inner.len() + 2);
                    }
                    None => {
                        add("\"");
                        self.skip(1);
                    }
                },
                '$' | '`' => {
                    let length = substitution(self.rest);
                    add(if length == 1 { "$" } else { "${…}" });
                    self.skip(length);
                }
                _ => {
                    let end = self.rest.find(|c: char| c.is_whitespace() || ";&|()<>\\'\"$`".contains(c));
                    let plain = self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default();
                    add(plain);
                    self.skip(plain.len());
                }
            }
        }
        words.extend(word.take());
        if words.is_empty() { None } else { Some(words) }
    }

    fn skip(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += gone.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
    }

    fn skip_to(&mut self, end: char) {
        self.skip(self.rest.find(end).unwrap_or(self.rest.len()));
    }

    /// `<<-'END'`.
    fn announced(&mut self) {
        self.skip(2);
        let rest = self.rest.trim_start_matches(['-', '~', ' ', '\'', '"', '\\']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().to_owned();
        let length = self.rest.len() - rest.len() + end;
        self.skip(length);
        self.rest = self.rest.strip_prefix(['\'', '"']).unwrap_or(self.rest);
        if !name.is_empty() {
            self.heredocs.push(name);
        }
    }

    /// What was announced, line by line.
    fn texts(&mut self, words: &mut Vec<Word>) {
        for end in std::mem::take(&mut self.heredocs) {
            let at = self.line;
            let mut length = 0;
            for line in self.rest.split_inclusive('\n') {
                if line.trim() == end {
                    break;
                }
                length += line.len();
            }
            if length == self.rest.len() {
                // It has no end, so it was none.
                continue;
            }
            let inner = expanded(self.rest.get(..length).unwrap_or_default());
            for found in lines::leaves(&inner) {
                let name: Vec<&str> = found.path.iter().map(key).collect();
                let text = if name.is_empty() { found.text } else { format!("{}={}", name.join("."), found.text) };
                words.push(Word { text, line: at + found.line - 1 });
            }
            self.skip(length);
            self.skip_to('\n');
        }
    }
}

fn key(step: &Step) -> &str {
    match step {
        Step::Key(key) => key,
        Step::Index(_) => "",
    }
}

/// What stands between a quote that a text begins with and the one that ends it.
fn closed(text: &str, quote: char) -> Option<&str> {
    let inner = text.get(1..)?;
    let mut is_escaped = false;
    let end = inner.find(|c: char| {
        let ends = c == quote && !is_escaped;
        is_escaped = quote == '"' && c == '\\' && !is_escaped;
        ends
    })?;
    inner.get(..end)
}

/// The text between double quotes with templates for what the shell puts in.
fn expanded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['$', '`', '\\']) {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        let length = if let Some(escaped) = here.strip_prefix('\\') {
            let next = escaped.chars().next().map_or(0, char::len_utf8);
            out.push_str(escaped.get(..next).unwrap_or_default());
            1 + next
        } else {
            let length = substitution(here);
            out.push_str(if length == 1 { "$" } else { "${…}" });
            length
        };
        rest = here.get(length..).unwrap_or_default();
    }
    out + rest
}

/// The length of `$name`, `$1`, `${…}`, `$(…)` or `` `…` `` at the beginning of a text; 1: it is none.
fn substitution(text: &str) -> usize {
    let near = || text.char_indices().take(LONGEST_SUBSTITUTION);
    let balanced = |open: char, close: char| {
        let mut deep = 0_usize;
        near().find_map(|(at, c)| {
            deep = if c == open {
                deep + 1
            } else if c == close {
                deep.saturating_sub(1)
            } else {
                deep
            };
            (deep == 0 && c == close).then_some(at + 1)
        })
    };
    if text.starts_with('`') {
        return near().skip(1).find(|(_, c)| *c == '`').map_or(1, |(at, _)| at + 1);
    }
    let rest = text.get(1..).unwrap_or_default();
    match rest.chars().next() {
        Some('{') => balanced('{', '}').unwrap_or(1),
        Some('(') => balanced('(', ')').unwrap_or(1),
        Some(c) if c.is_ascii_digit() || "@*#?".contains(c) => 2,
        Some(c) if c.is_ascii_alphabetic() || c == '_' => {
            1 + rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
        }
        _ => 1,
    }
}
