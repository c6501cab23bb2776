//! What the parsers collect: texts with their paths and lines, within bounds. A small file can stand
//! for very many large ones: a long name above many values, or an alias that is used again and again.

use pangolin_core::credential_scan::{Leaf, Step};

/// Bytes of all texts and paths of one file.
const MOST_BYTES: usize = 128 * 1024 * 1024;
/// What a text and a step cost beside their bytes.
const LEAF: usize = 64;
const STEP: usize = 24;

/// The file stands for more than it is.
#[derive(Debug)]
pub(super) struct TooMuch;

/// The texts of a file.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) leaves: Vec<Leaf>,
    bytes: usize,
}

impl Collected {
    pub(super) fn add(&mut self, path: &[Step], text: &str, line: usize) -> Result<(), TooMuch> {
        let step = |step: &Step| match step {
            Step::Key(key) => STEP + key.len(),
            Step::Index(_) => STEP,
        };
        self.bytes += LEAF + text.len() + path.iter().map(step).sum::<usize>();
        if self.bytes > MOST_BYTES {
            return Err(TooMuch);
        }
        self.leaves.push(Leaf { path: path.to_vec(), text: text.to_owned(), line });
        Ok(())
    }
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect())
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at) + 1
    }
}
