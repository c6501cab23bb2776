//! YAML, from the parser's events: nothing is built, so that aliases cannot multiply.

use std::collections::HashMap;

use pangolin_core::credential_scan::{Leaf, Step};
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Unparsable;

const MOST_DEEP: usize = 128;

/// The texts of all documents of a stream.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unparsable> {
    let wrong = |line: usize| Unparsable { line: line.max(1), what: "YAML" };
    let mut walk = Walk::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| wrong(error.marker().line()))?;
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                if anchor != 0 {
                    walk.anchors.insert(anchor, (text.to_string(), is_plain));
                }
                walk.scalar(&text, is_plain, line);
            }
            // A list or a map was searched where it stands.
            Event::Alias(anchor) => match walk.anchors.get(&anchor).cloned() {
                Some((text, is_plain)) => walk.scalar(&text, is_plain, line),
                None => walk.scalar("", true, line),
            },
            Event::MappingStart(..) => walk.open(Frame::Map { key: None }),
            Event::SequenceStart(..) => walk.open(Frame::List { at: 0 }),
            Event::MappingEnd | Event::SequenceEnd => walk.close(),
            Event::DocumentEnd => walk.frames.clear(),
            _ => {}
        }
        if walk.frames.len() > MOST_DEEP {
            return Err(wrong(line));
        }
    }
    Ok(walk.leaves)
}

/// What is open: a map with the name that waits for its value, or a list; or a map or a list that is
/// itself a name.
enum Frame {
    Map { key: Option<String> },
    List { at: usize },
    Name,
}

#[derive(Default)]
struct Walk {
    frames: Vec<Frame>,
    anchors: HashMap<usize, (String, bool)>,
    leaves: Vec<Leaf>,
}

impl Walk {
    fn scalar(&mut self, text: &str, is_plain: bool, line: usize) {
        if let Some(Frame::Map { key: key @ None }) = self.frames.last_mut() {
            *key = Some(text.to_owned());
            return;
        }
        let lower = text.to_ascii_lowercase();
        let is_word =
            is_plain && matches!(lower.as_str(), "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off");
        if !is_word {
            self.leaves.push(Leaf { path: self.path(), text: text.to_owned(), line });
        }
        self.done();
    }

    fn path(&self) -> Vec<Step> {
        let step = |frame: &Frame| match frame {
            Frame::Map { key } => Some(Step::Key(key.clone().unwrap_or_default())),
            Frame::List { at } => Some(Step::Index(*at)),
            Frame::Name => None,
        };
        self.frames.iter().filter_map(step).collect()
    }

    fn open(&mut self, frame: Frame) {
        // A map or a list as a name: its own texts are searched too.
        if let Some(Frame::Map { key: key @ None }) = self.frames.last_mut() {
            *key = Some(String::new());
            self.frames.push(Frame::Name);
        }
        self.frames.push(frame);
    }

    fn close(&mut self) {
        self.frames.pop();
        if let Some(Frame::Name) = self.frames.last() {
            self.frames.pop();
        } else {
            self.done();
        }
    }

    /// A value is complete.
    fn done(&mut self) {
        match self.frames.last_mut() {
            Some(Frame::Map { key }) => *key = None,
            Some(Frame::List { at }) => *at += 1,
            Some(Frame::Name) | None => {}
        }
    }
}
