//! Everything that is wrong with a warehouse's definition, at once.

use crate::strategy::ConfigProblem;

/// Problems of one request that are told. A request can be wrong in as many places as it has fields, and each of
/// them may name all that the strategy knows.
const MOST: usize = 32;

/// At least one problem. A message says what is wrong and how to mend it; it never contains the
/// value of a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct WarehouseProblems(Vec<ConfigProblem>);

impl WarehouseProblems {
    /// The problems, in the order in which they were found.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }

    fn text(&self) -> String {
        let lines = self.0.iter().map(|problem| format!("{}: {}", problem.field, problem.message));
        lines.collect::<Vec<_>>().join("; ")
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<ConfigProblem>);

impl Problems {
    /// Beyond the first ones nothing is kept: mending those shows the next.
    pub(super) fn add(&mut self, field: &str, message: impl Into<String>) {
        if self.0.len() < MOST {
            self.0.push(ConfigProblem { field: field.to_owned(), message: message.into() });
        }
    }

    /// Takes the value out of a result, and its message as a problem of `field`.
    pub(super) fn take<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(field, message)).ok()
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field)
    }

    pub(super) fn into_error(self) -> WarehouseProblems {
        WarehouseProblems(self.0)
    }

    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, WarehouseProblems> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.into_error()),
        }
    }
}

/// A name from the request, safe to be shown: short, without control characters, no credential.
pub(super) fn shown(name: &str) -> String {
    if let Some(kind) = crate::credential_scan::in_text(name) {
        return format!("<{kind}>");
    }
    name.chars().take(64).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_wrong_everywhere_gets_a_short_answer() {
        let mut problems = Problems::default();
        for at in 0..100_000 {
            problems.add(&format!("f{at}"), "unknown");
        }
        assert!(problems.has("f0"));
        assert_eq!(problems.into_error().problems().len(), MOST);
    }
}
