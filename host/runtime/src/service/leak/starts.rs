//! Looks for many words in one pass: two bytes at each place rule out nearly all of them. What is
//! looked through is megabytes that a guest or a server made, and nobody else is served meanwhile.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

/// One bit for each two bytes.
const BITS: usize = 1 << 16;

/// Words by the two bytes that they begin with.
#[derive(Default)]
pub(super) struct Starts {
    /// Which two bytes begin a word; empty while there is none.
    known: Vec<u64>,
    words: BTreeMap<u16, Vec<Zeroizing<Vec<u8>>>>,
}

impl Starts {
    /// Adds a word of two bytes or more.
    pub(super) fn add(&mut self, word: &[u8]) {
        let Some(start) = start(word) else { return };
        if self.known.is_empty() {
            self.known = vec![0; BITS / 64];
        }
        if let Some(bits) = self.known.get_mut(usize::from(start / 64)) {
            *bits |= 1 << (start % 64);
        }
        self.words.entry(start).or_default().push(Zeroizing::new(word.to_vec()));
    }

    /// Whether one of the words is in the bytes.
    pub(super) fn are_in(&self, bytes: &[u8]) -> bool {
        let begins =
            |start: u16| self.known.get(usize::from(start / 64)).is_some_and(|bits| bits >> (start % 64) & 1 == 1);
        let is_at = |(at, pair): (usize, &[u8])| {
            let Some(start) = start(pair).filter(|start| begins(*start)) else { return false };
            let rest = bytes.get(at..).unwrap_or_default();
            self.words.get(&start).is_some_and(|words| words.iter().any(|word| rest.starts_with(word)))
        };
        bytes.windows(2).enumerate().any(is_at)
    }
}

fn start(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Starts;

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            words in proptest::collection::vec("[ab]{2,4}", 0..4),
            text in "[abc]{0,12}",
        ) {
            let mut starts = Starts::default();
            words.iter().for_each(|word| starts.add(word.as_bytes()));
            prop_assert_eq!(starts.are_in(text.as_bytes()), words.iter().any(|word| text.contains(word)));
        }
    }
}
