//! JSON. Each value is taken as it stands in the text, so that its place gives its line; a name that
//! is given twice is seen twice.

use std::fmt;

use pangolin_core::credential_scan::{Leaf, Step};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Unparsable, line_of};

/// serde_json's own bound is 128.
const MOST_DEEP: usize = 128;

/// The texts of a document.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unparsable> {
    let root: &RawValue = serde_json::from_str(text).map_err(|error| wrong(error.line()))?;
    let mut leaves = Vec::new();
    let mut walk = Walk { text, path: Vec::new(), leaves: &mut leaves };
    walk.value(root)?;
    Ok(leaves)
}

fn wrong(line: usize) -> Unparsable {
    Unparsable { line: line.max(1), what: "JSON" }
}

struct Walk<'t, 'l> {
    text: &'t str,
    path: Vec<Step>,
    leaves: &'l mut Vec<Leaf>,
}

impl<'t> Walk<'t, '_> {
    fn value(&mut self, raw: &'t RawValue) -> Result<(), Unparsable> {
        let line = || line_of(self.text, (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize));
        let inner = raw.get();
        match inner.as_bytes().first() {
            _ if self.path.len() > MOST_DEEP => return Err(wrong(line())),
            Some(b'{') => {
                let pairs: Pairs<'t> = serde_json::from_str(inner).map_err(|_| wrong(line()))?;
                for (key, value) in pairs.0 {
                    self.step(Step::Key(key), value)?;
                }
            }
            Some(b'[') => {
                let items: Vec<&'t RawValue> = serde_json::from_str(inner).map_err(|_| wrong(line()))?;
                for (at, value) in items.into_iter().enumerate() {
                    self.step(Step::Index(at), value)?;
                }
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(inner).map_err(|_| wrong(line()))?;
                let line = line();
                self.leaves.push(Leaf { path: self.path.clone(), text, line });
            }
            Some(b't' | b'f' | b'n') | None => {}
            Some(_) => {
                let line = line();
                self.leaves.push(Leaf { path: self.path.clone(), text: inner.to_owned(), line });
            }
        }
        Ok(())
    }

    fn step(&mut self, step: Step, value: &'t RawValue) -> Result<(), Unparsable> {
        self.path.push(step);
        let done = self.value(value);
        self.path.pop();
        done
    }
}

/// All pairs of an object, in their order.
struct Pairs<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
