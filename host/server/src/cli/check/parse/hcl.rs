//! Terraform and the like: `name = "value"` in blocks. What is computed is no literal and is left out.

use pangolin_core::credential_scan::{Leaf, Step};

use super::Unparsable;
use super::collected::{Collected, TooMuch};

const MOST_DEEP: usize = 128;

/// The texts of a file.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unparsable> {
    let mut walk = Walk {
        rest: text,
        line: 1,
        path: Vec::new(),
        depths: Vec::new(),
        head: Vec::new(),
        name: None,
        found: Collected::default(),
    };
    let done = walk.run();
    done.map_err(|TooMuch| Unparsable { line: walk.line, what: "HCL" })?;
    Ok(walk.found.leaves)
}

struct Walk<'t> {
    rest: &'t str,
    line: usize,
    path: Vec<Step>,
    /// How many steps each open bracket put on the path; of a list the items so far.
    depths: Vec<(usize, Option<usize>)>,
    /// Words and labels of the line so far: of a block, or the name before `=`.
    head: Vec<String>,
    /// What stands before `=`.
    name: Option<String>,
    found: Collected,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), TooMuch> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '#' => self.skip_to("\n"),
                '/' if self.rest.starts_with("//") => self.skip_to("\n"),
                '/' if self.rest.starts_with("/*") => {
                    self.skip_to("*/");
                    self.skip(2);
                }
                '"' => self.string()?,
                '<' if self.rest.starts_with("<<") => self.heredoc()?,
                // `data.vault.x["name"]` is computed: the name in it is no value.
                '[' if self.name.is_some() && !self.head.is_empty() => {
                    self.skip_to("]");
                    self.skip(1);
                }
                '{' | '[' | '(' => self.open()?,
                '}' | ']' | ')' => self.close(),
                '=' | ':' if !self.rest.starts_with("==") => {
                    self.name = self.head.pop();
                    self.head.clear();
                    self.skip(1);
                }
                '\n' | ',' => {
                    self.head.clear();
                    // The items of a list share its name.
                    if c == ',' || !self.rest.trim_start().starts_with(['{', '[']) {
                        self.name = None;
                    }
                    self.skip(1);
                }
                _ if c.is_alphanumeric() || c == '_' => {
                    let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
                    let word = self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default();
                    self.head.push(word.to_owned());
                    self.skip(word.len());
                }
                _ => self.skip(c.len_utf8().max(1)),
            }
        }
        Ok(())
    }

    fn skip(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += gone.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
    }

    fn skip_to(&mut self, end: &str) {
        self.skip(self.rest.find(end).unwrap_or(self.rest.len()));
    }

    /// A label, a name, or a value.
    fn string(&mut self) -> Result<(), TooMuch> {
        let inner = self.rest.get(1..).unwrap_or_default();
        let mut is_escaped = false;
        let end = inner.find(|c: char| {
            let ends = (c == '"' && !is_escaped) || c == '\n';
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let text = inner.get(..end.unwrap_or(inner.len())).unwrap_or_default();
        let length = text.len() + 2;
        let after = self.rest.get(length..).unwrap_or_default().trim_start_matches([' ', '\t']);
        let is_name = self.name.is_none() && (after.starts_with(['=', ':', '{', '"']) || self.depths.is_empty());
        if is_name {
            self.head.push(text.to_owned());
        } else {
            self.value(text)?;
        }
        self.skip(length);
        Ok(())
    }

    fn heredoc(&mut self) -> Result<(), TooMuch> {
        let line = self.rest.lines().next().unwrap_or_default();
        let end = line.trim_start_matches(['<', '-', '~']).trim();
        let body = self.rest.get(line.len() + 1..).unwrap_or_default();
        let lengths = body.split_inclusive('\n').take_while(|line| line.trim() != end).map(str::len);
        let length = lengths.sum::<usize>();
        if end.is_empty() || length == body.len() {
            self.skip(2);
            return Ok(());
        }
        self.value(body.get(..length).unwrap_or_default())?;
        self.skip(line.len() + 1 + length);
        self.skip_to("\n");
        Ok(())
    }

    fn value(&mut self, text: &str) -> Result<(), TooMuch> {
        let mut path = self.path.clone();
        path.extend(self.name.clone().map(Step::Key));
        if let Some((_, Some(at))) = self.depths.last_mut() {
            path.push(Step::Index(*at));
            *at += 1;
        }
        self.found.add(&path, text, self.line)
    }

    fn open(&mut self) -> Result<(), TooMuch> {
        let steps: Vec<Step> = match self.name.take() {
            Some(name) => vec![Step::Key(name)],
            None => std::mem::take(&mut self.head).into_iter().map(Step::Key).collect(),
        };
        self.head.clear();
        let is_list = self.rest.starts_with('[');
        self.depths.push((steps.len(), is_list.then_some(0)));
        self.path.extend(steps);
        self.skip(1);
        if self.depths.len() > MOST_DEEP { Err(TooMuch) } else { Ok(()) }
    }

    fn close(&mut self) {
        let (steps, _) = self.depths.pop().unwrap_or_default();
        self.path.truncate(self.path.len() - steps.min(self.path.len()));
        self.head.clear();
        self.name = None;
        self.skip(1);
    }
}
