//! Finds secrets in bytes: as they are, in hex or base64, percent-encoded, or escaped as writers of
//! JSON, HTML and XML do it.

mod escape;
mod starts;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;
use pangolin_core::secret::REDACTED;
use zeroize::Zeroizing;

use self::starts::Starts;

/// Shorter values are words that occur by chance.
pub(crate) const SHORTEST: usize = 8;

/// What to look for. Wiped on drop.
#[derive(Default)]
pub(crate) struct Needles {
    raw: Vec<Zeroizing<Vec<u8>>>,
    /// In hex and base64, where what stands around them is part of the word.
    encoded: Vec<Zeroizing<Vec<u8>>>,
    /// All of them, to be looked for at once.
    starts: Starts,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({})", self.raw.len())
    }
}

impl Needles {
    /// Adds a value in its forms.
    pub(crate) fn add(&mut self, value: &str) {
        if value.len() < SHORTEST || self.raw.iter().any(|known| known.as_slice() == value.as_bytes()) {
            return;
        }
        self.starts.add(value.as_bytes());
        self.raw.push(Zeroizing::new(value.as_bytes().to_vec()));
        self.add_encoded(hex::encode(value).as_bytes());
        self.add_encoded(hex::encode_upper(value).as_bytes());
        // Inside a longer text the value begins at any of three places of a base64 quantum.
        for shift in 0..3_usize {
            let padded = Zeroizing::new([vec![0; shift], value.as_bytes().to_vec()].concat());
            let whole = padded.len() - padded.len() % 3;
            // The first quantum shares bits with what stands before, the last with what follows.
            let skip = if shift == 0 { 0 } else { 4 };
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = Zeroizing::new(engine.encode(padded.get(..whole).unwrap_or_default()));
                let certain = encoded.as_bytes().get(skip..).unwrap_or_default();
                if certain.len() >= SHORTEST {
                    self.add_encoded(certain);
                }
            }
        }
    }

    fn add_encoded(&mut self, form: &[u8]) {
        if self.encoded.iter().all(|known| known.as_slice() != form) {
            self.starts.add(form);
            self.encoded.push(Zeroizing::new(form.to_vec()));
        }
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether one of the values is in the bytes.
    pub(crate) fn are_in(&self, bytes: &[u8]) -> bool {
        if self.is_empty() {
            return false;
        }
        self.starts.are_in(bytes) || escape::readings(bytes).any(|reading| self.starts.are_in(&reading))
    }

    /// The text without the values. Of a word that holds one in hex or base64 nothing is left, and of
    /// a text that holds one otherwise encoded nothing at all.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for needle in &self.raw {
            if let Ok(needle) = std::str::from_utf8(needle)
                && out.contains(needle)
            {
                out = out.replace(needle, REDACTED);
            }
        }
        for needle in &self.encoded {
            while let Some(at) = memmem::find(out.as_bytes(), needle) {
                let (before, rest) = out.split_at_checked(at).unwrap_or((out.as_str(), ""));
                let (before, after) = (before.trim_end_matches(is_of_word), rest.trim_start_matches(is_of_word));
                out = format!("{before}{REDACTED}{after}");
            }
        }
        if self.are_in(out.as_bytes()) { REDACTED.to_owned() } else { out }
    }
}

/// Characters of hex and of both alphabets of base64.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

#[cfg(test)]
mod tests;
