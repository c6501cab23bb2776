//! The conditions that the proof understands.

use super::json::Json;
use super::pattern::Pattern;
use super::too_wide::{TooWide, shown};

/// One key with the values that it may have. Several conditions of a statement all hold.
#[derive(Debug)]
pub(super) struct Condition {
    /// The key as written.
    pub(super) key: String,
    /// Whether globs count in the values.
    pub(super) like: bool,
    /// Any of these.
    pub(super) values: Vec<String>,
}

impl Condition {
    /// Reads a `Condition` block of `StringLike` and `StringEquals`.
    pub(super) fn parse_all(block: Json) -> Result<Vec<Self>, TooWide> {
        let mut conditions = Vec::new();
        for (operator, keys) in block.into_object("Condition")? {
            let like = match operator.as_str() {
                "StringLike" => true,
                "StringEquals" => false,
                _ => return Err(TooWide::Condition(shown(&operator))),
            };
            for (key, values) in keys.into_object("Condition")? {
                conditions.push(Self { key, like, values: values.into_texts("Condition")? });
            }
        }
        if conditions.is_empty() {
            return Err(TooWide::Malformed("Condition is empty".to_owned()));
        }
        Ok(conditions)
    }

    /// Checks the form of a block whose content does not matter: that of a `Deny`.
    pub(super) fn check_form(block: Json) -> Result<(), TooWide> {
        for (_, keys) in block.into_object("Condition")? {
            for (_, values) in keys.into_object("Condition")? {
                values.into_texts("Condition")?;
            }
        }
        Ok(())
    }

    /// The patterns of the values. None: one of them has a variable.
    pub(super) fn patterns(&self) -> Option<Vec<Pattern>> {
        self.values
            .iter()
            .map(|value| if self.like { Pattern::with_globs(value) } else { Pattern::exact(value) })
            .collect()
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        shown(&format!("{} {}", self.key, self.values.join(", ")))
    }
}
