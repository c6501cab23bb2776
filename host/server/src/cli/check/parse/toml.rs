//! TOML.

use pangolin_core::credential_scan::{Leaf, Step};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Unparsable, line_of};

/// The texts of a document.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unparsable> {
    let table = DeTable::parse(text)
        .map_err(|error| Unparsable { line: line_of(text, error.span().map_or(0, |span| span.start)), what: "TOML" })?;
    let mut walk = Walk { text, path: Vec::new(), leaves: Vec::new() };
    walk.table(table.get_ref());
    walk.leaves.sort_by_key(|leaf| leaf.line);
    Ok(walk.leaves)
}

struct Walk<'t> {
    text: &'t str,
    path: Vec<Step>,
    leaves: Vec<Leaf>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.step(Step::Key(key.get_ref().to_string()), value);
        }
    }

    fn step(&mut self, step: Step, value: &Spanned<DeValue<'_>>) {
        self.path.push(step);
        let text = match value.get_ref() {
            DeValue::Table(table) => {
                self.table(table);
                None
            }
            DeValue::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.step(Step::Index(at), item);
                }
                None
            }
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            DeValue::Boolean(_) | DeValue::Datetime(_) => None,
        };
        if let Some(text) = text {
            let line = line_of(self.text, value.span().start);
            self.leaves.push(Leaf { path: self.path.clone(), text, line });
        }
        self.path.pop();
    }
}
