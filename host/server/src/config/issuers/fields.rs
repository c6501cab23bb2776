//! Fields of a table, taken one by one. What is of the wrong type, and what is left, is a problem.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// A table that is being read.
pub(super) struct Fields<'p> {
    place: String,
    table: Table,
    problems: &'p mut Vec<String>,
    sound: bool,
}

impl<'p> Fields<'p> {
    /// `place` leads each problem.
    pub(super) fn new(place: String, table: Table, problems: &'p mut Vec<String>) -> Self {
        Self { place, table, problems, sound: true }
    }

    /// Records a problem.
    pub(super) fn wrong(&mut self, field: &str, message: impl std::fmt::Display) {
        self.sound = false;
        self.problems.push(format!("{}{field}: {message}", self.place));
    }

    fn take<T>(&mut self, field: &str, wanted: &str, read: impl FnOnce(Value) -> Option<T>) -> Option<T> {
        let value = self.table.remove(field)?;
        let found = read(value);
        if found.is_none() {
            self.wrong(field, format!("use {wanted}"));
        }
        found
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        self.take(field, "a text that is not empty", text)
    }

    /// A text or an array of texts.
    pub(super) fn texts(&mut self, field: &str) -> Option<Vec<String>> {
        self.take(field, "a text, or an array of texts that is not empty", |value| match value {
            Value::Array(values) if !values.is_empty() => values.into_iter().map(text).collect(),
            value => text(value).map(|text| vec![text]),
        })
    }

    /// A table of texts.
    pub(super) fn map(&mut self, field: &str) -> Option<BTreeMap<String, String>> {
        self.take(field, "a table of texts", |value| match value {
            Value::Table(table) if !table.is_empty() => {
                table.into_iter().map(|(key, value)| Some((key, text(value)?))).collect()
            }
            _ => None,
        })
    }

    /// An array of tables; none where there is no such field.
    pub(super) fn tables(&mut self, field: &str) -> Vec<Table> {
        let read = self.take(field, "an array of tables", |value| match value {
            Value::Array(values) => values
                .into_iter()
                .map(|value| match value {
                    Value::Table(table) => Some(table),
                    _ => None,
                })
                .collect(),
            _ => None,
        });
        read.unwrap_or_default()
    }

    /// The fields that nobody took are unknown. Says whether nothing was wrong.
    pub(super) fn finish(mut self) -> bool {
        for field in std::mem::take(&mut self.table).into_iter().map(|(field, _)| field) {
            self.wrong(&field, "is not a field here");
        }
        self.sound
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    }
}
