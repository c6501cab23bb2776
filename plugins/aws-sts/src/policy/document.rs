//! The policy's text. Written as it goes: there is nothing to serialise.

use super::escape;

/// One statement that allows.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) actions: Vec<&'static str>,
    pub(super) resources: Vec<String>,
    /// `StringLike`, all of them.
    pub(super) conditions: Vec<(&'static str, Vec<String>)>,
}

/// A policy as far as it is written.
#[derive(Debug)]
pub(super) struct Document {
    text: String,
    is_first: bool,
}

impl Document {
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(1024);
        text.push_str(r#"{"Version":"2012-10-17","Statement":["#);
        Self { text, is_first: true }
    }

    pub(super) fn allow(&mut self, statement: &Statement) {
        self.text.push_str(if self.is_first {
            r#"{"Effect":"Allow","Action":"#
        } else {
            r#",{"Effect":"Allow","Action":"#
        });
        self.is_first = false;
        self.texts(&statement.actions);
        self.text.push_str(r#","Resource":"#);
        self.texts(&statement.resources);
        if !statement.conditions.is_empty() {
            self.text.push_str(r#","Condition":{"StringLike":{"#);
            for (at, (key, values)) in statement.conditions.iter().enumerate() {
                if at > 0 {
                    self.text.push(',');
                }
                escape::json(&mut self.text, key);
                self.text.push(':');
                self.texts(values);
            }
            self.text.push_str("}}");
        }
        self.text.push('}');
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("]}");
        self.text
    }

    /// A list, or the one text without brackets.
    fn texts(&mut self, texts: &[impl AsRef<str>]) {
        if let [single] = texts {
            escape::json(&mut self.text, single.as_ref());
            return;
        }
        self.text.push('[');
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            escape::json(&mut self.text, text.as_ref());
        }
        self.text.push(']');
    }
}
