//! JSON. Each value is taken as it stands in the text, so that its place gives its line; a name that
//! is given twice is seen twice.

use std::fmt;

use pangolin_core::credential_scan::{Leaf, Step};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Unparsable;
use super::collected::{Collected, LineStarts};

/// serde_json's own bound is 128.
const MOST_DEEP: usize = 128;

/// The texts of a document.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unparsable> {
    let root: &RawValue = serde_json::from_str(text).map_err(|error| wrong(error.line()))?;
    let mut walk = Walk { text, lines: LineStarts::of(text), path: Vec::new(), found: Collected::default() };
    walk.value(root)?;
    Ok(walk.found.leaves)
}

fn wrong(line: usize) -> Unparsable {
    Unparsable { line: line.max(1), what: "JSON" }
}

struct Walk<'t> {
    text: &'t str,
    lines: LineStarts,
    path: Vec<Step>,
    found: Collected,
}

impl<'t> Walk<'t> {
    fn value(&mut self, raw: &'t RawValue) -> Result<(), Unparsable> {
        let at = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let line = self.lines.line(at);
        let inner = raw.get();
        match inner.as_bytes().first() {
            _ if self.path.len() > MOST_DEEP => return Err(wrong(line)),
            Some(b'{') => {
                let pairs: Pairs<'t> = serde_json::from_str(inner).map_err(|_| wrong(line))?;
                for (key, value) in pairs.0 {
                    self.step(Step::Key(key), value)?;
                }
            }
            Some(b'[') => {
                let items: Vec<&'t RawValue> = serde_json::from_str(inner).map_err(|_| wrong(line))?;
                for (at, value) in items.into_iter().enumerate() {
                    self.step(Step::Index(at), value)?;
                }
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(inner).map_err(|_| wrong(line))?;
                self.found.add(&self.path, &text, line).map_err(|_| wrong(line))?;
            }
            Some(b't' | b'f' | b'n') | None => {}
            Some(_) => self.found.add(&self.path, inner, line).map_err(|_| wrong(line))?,
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
