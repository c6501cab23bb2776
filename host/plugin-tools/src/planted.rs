//! Secrets that are looked for: in logs, errors and requests, in every form in which they travel.

mod forms;

use std::collections::BTreeMap;

use pangolin_core::ports::SlotValues;
use pangolin_core::secret::REDACTED;
use zeroize::Zeroizing;

pub(crate) use self::forms::decoded;

/// Shorter values are words that occur by chance.
const SHORTEST: usize = 8;

/// Values by the name of their field.
#[derive(Default)]
pub(crate) struct Planted {
    needles: BTreeMap<String, Vec<Zeroizing<String>>>,
}

impl std::fmt::Debug for Planted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Planted({} secrets)", self.needles.len())
    }
}

impl Planted {
    /// The secrets of a warehouse.
    #[expect(clippy::disallowed_methods, reason = "values become what is looked for")]
    pub(crate) fn of(slots: &SlotValues) -> Self {
        let mut planted = Self::default();
        for (name, value) in slots {
            planted.add(name, value.expose());
        }
        planted
    }

    /// Adds a value; of a key in PEM or JSON each line of the key.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let needles = self.needles.entry(name.to_owned()).or_default();
        for part in forms::parts(value) {
            if part.len() >= SHORTEST {
                needles.extend(forms::of(part));
            }
        }
        // The longest first: a mask must not leave the rest of a longer form.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        needles.dedup();
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.needles.values().all(Vec::is_empty)
    }

    /// The field of which the value is in the bytes.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<&str> {
        let texts = forms::decoded(bytes);
        let is_in = |needle: &Zeroizing<String>| texts.iter().any(|text| text.contains(needle.as_str()));
        self.needles.iter().find(|(_, needles)| needles.iter().any(is_in)).map(|(name, _)| name.as_str())
    }

    /// The same, but for one field.
    pub(crate) fn has(&self, name: &str, bytes: &[u8]) -> bool {
        let texts = forms::decoded(bytes);
        let is_in = |needle: &Zeroizing<String>| texts.iter().any(|text| text.contains(needle.as_str()));
        self.needles.get(name).is_some_and(|needles| needles.iter().any(is_in))
    }

    /// Names of the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.needles.keys().map(String::as_str)
    }

    /// The text without the values.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.mask_with(text, |_| REDACTED.to_owned())
    }

    /// The text with each form of a value replaced by what `mask` makes of it.
    pub(crate) fn mask_with(&self, text: &str, mask: impl Fn(&str) -> String) -> String {
        let mut out = text.to_owned();
        for needle in self.needles.values().flatten() {
            if out.contains(needle.as_str()) {
                out = out.replace(needle.as_str(), &mask(needle));
            }
        }
        // What is written in another way than those that are known goes as a whole.
        if self.find(out.as_bytes()).is_some() { REDACTED.to_owned() } else { out }
    }
}

#[cfg(test)]
mod tests;
