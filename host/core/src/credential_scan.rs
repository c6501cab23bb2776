//! Credentials where none should stand: in configuration files, and in fields that are not secret.
//!
//! Three rules, each weaker than the one before: a form that only credentials have; any literal
//! under a name that says secret; a text that looks drawn by lot. A finding has a place and a kind,
//! never the value. Pure: files are read and taken apart elsewhere.

mod document;
mod entropy;
mod forms;
mod kind;
mod names;
mod reference;
#[cfg(test)]
mod tests;
mod urls;

use serde_json::Value;

pub use self::document::{Found, Leaf, Step, in_document};
pub use self::kind::CredentialKind;

/// A form that only credentials have, anywhere in a text.
#[must_use]
pub fn in_text(text: &str) -> Option<CredentialKind> {
    forms::find(text)
}

/// A credential in a field. References and templates (`${NAME}`, `{{ name }}`, `<name>`) are none.
#[must_use]
pub fn in_field(name: &str, text: &str) -> Option<CredentialKind> {
    let text = text.trim();
    if reference::is_none(text) {
        return None;
    }
    let name = names::Name::of(name);
    let form = forms::find(text).filter(|kind| !(kind.is_weak() && name.is_public()));
    form.or_else(|| (name.says_secret() && reference::is_literal(text)).then_some(CredentialKind::SecretField))
        .or_else(|| (!name.is_public() && entropy::looks_random(text)).then_some(CredentialKind::HighEntropy))
}

/// A credential where the name of one was asked for. Names are shown in clear, so a key that was
/// pasted in the wrong place is told from a name by how it looks.
#[must_use]
pub fn in_reference(name: &str) -> Option<CredentialKind> {
    let drawn = entropy::looks_random(name) || entropy::is_like_aws_key(name);
    forms::find(name).or_else(|| drawn.then_some(CredentialKind::HighEntropy))
}

/// A credential in a JSON value under a name: in one of its texts, or under one of its names.
/// Gives the path below the name, and the kind.
#[must_use]
pub fn in_value(name: &str, value: &Value) -> Option<(String, CredentialKind)> {
    let mut leaves = Vec::new();
    flatten(value, &mut vec![Step::Key(name.to_owned())], &mut leaves);
    in_document(&leaves).into_iter().next().map(|found| (found.path, found.kind))
}

fn flatten(value: &Value, path: &mut Vec<Step>, leaves: &mut Vec<Leaf>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                path.push(Step::Key(key.clone()));
                flatten(value, path, leaves);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                path.push(Step::Index(at));
                flatten(value, path, leaves);
                path.pop();
            }
        }
        Value::String(text) => leaves.push(Leaf { path: path.clone(), text: text.clone(), line: 0 }),
        Value::Number(number) => leaves.push(Leaf { path: path.clone(), text: number.to_string(), line: 0 }),
        Value::Bool(_) | Value::Null => {}
    }
}
