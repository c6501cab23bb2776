//! YAML, from the parser's events: nothing is built, so that aliases multiply no lists and maps; what
//! they multiply of texts is bounded.

use std::collections::HashMap;
use std::rc::Rc;

use pangolin_core::credential_scan::{Leaf, Step};
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Unparsable;
use super::collected::{Collected, TooMuch};

const MOST_DEEP: usize = 128;

/// The texts of each document of a stream.
pub(super) fn documents(text: &str) -> Result<Vec<Vec<Leaf>>, Unparsable> {
    let wrong = |line: usize| Unparsable { line: line.max(1), what: "YAML" };
    let mut walk = Walk::default();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| wrong(error.marker().line()))?;
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                if anchor != 0 {
                    walk.anchors.insert(anchor, (Rc::from(&*text), is_plain));
                }
                walk.scalar(&text, is_plain, line).map_err(|_| wrong(line))?;
            }
            // A list or a map was searched where it stands.
            Event::Alias(anchor) => {
                let (text, is_plain) = walk.anchors.get(&anchor).cloned().unwrap_or_else(|| (Rc::from(""), true));
                walk.scalar(&text, is_plain, line).map_err(|_| wrong(line))?;
            }
            Event::MappingStart(..) => walk.open(Frame::Map { key: None }),
            Event::SequenceStart(..) => walk.open(Frame::List { at: 0 }),
            Event::MappingEnd | Event::SequenceEnd => walk.close(),
            Event::DocumentEnd => {
                walk.frames.clear();
                documents.push(std::mem::take(&mut walk.found.leaves));
            }
            _ => {}
        }
        if walk.frames.len() > MOST_DEEP {
            return Err(wrong(line));
        }
    }
    documents.push(walk.found.leaves);
    Ok(documents)
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
    anchors: HashMap<usize, (Rc<str>, bool)>,
    found: Collected,
}

impl Walk {
    fn scalar(&mut self, text: &str, is_plain: bool, line: usize) -> Result<(), TooMuch> {
        if let Some(Frame::Map { key: key @ None }) = self.frames.last_mut() {
            *key = Some(text.to_owned());
            return Ok(());
        }
        let lower = text.to_ascii_lowercase();
        let is_word =
            is_plain && matches!(lower.as_str(), "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off");
        if !is_word {
            self.found.add(&self.path(), text, line)?;
        }
        self.done();
        Ok(())
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
