//! TOML.

use pangolin_core::credential_scan::{Leaf, Step};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Unparsable;
use super::collected::{Collected, LineStarts, TooMuch};

/// The texts of a document.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unparsable> {
    let lines = LineStarts::of(text);
    let wrong = |line| Unparsable { line, what: "TOML" };
    let table = DeTable::parse(text).map_err(|error| wrong(lines.line(error.span().map_or(0, |span| span.start))))?;
    let mut walk = Walk { lines: &lines, path: Vec::new(), found: Collected::default() };
    walk.table(table.get_ref()).map_err(|_| wrong(1))?;
    let mut leaves = walk.found.leaves;
    leaves.sort_by_key(|leaf| leaf.line);
    Ok(leaves)
}

struct Walk<'t> {
    lines: &'t LineStarts,
    path: Vec<Step>,
    found: Collected,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Result<(), TooMuch> {
        for (key, value) in table {
            self.step(Step::Key(key.get_ref().to_string()), value)?;
        }
        Ok(())
    }

    fn step(&mut self, step: Step, value: &Spanned<DeValue<'_>>) -> Result<(), TooMuch> {
        self.path.push(step);
        let text = match value.get_ref() {
            DeValue::Table(table) => {
                self.table(table)?;
                None
            }
            DeValue::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.step(Step::Index(at), item)?;
                }
                None
            }
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            DeValue::Boolean(_) | DeValue::Datetime(_) => None,
        };
        if let Some(text) = text {
            self.found.add(&self.path, &text, self.lines.line(value.span().start))?;
        }
        self.path.pop();
        Ok(())
    }
}
