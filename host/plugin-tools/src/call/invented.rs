//! Values for fields that a strategy needs and no scenario gives.

use std::collections::BTreeMap;

use pangolin_core::ports::SlotValues;
use pangolin_core::strategy::{ConfigProblem, Description, Field, FieldKind};
use pangolin_core::warehouse::StorageKind;
use serde_json::Value;

use super::storage;

/// The next field to make up: one that a problem names, else the first secret if there is none.
pub(super) fn next<'d>(
    description: &'d Description,
    config: &BTreeMap<String, Value>,
    slots: &SlotValues,
    problems: &[ConfigProblem],
) -> Option<&'d Field> {
    let spelled = |field: &Field| {
        let mut spellings = std::iter::once(&field.name).chain(&field.aliases);
        spellings.any(|name| config.contains_key(name))
    };
    let is_open = |field: &&Field| !slots.contains_key(&field.name) && !spelled(field);
    let named =
        problems.iter().filter_map(|problem| description.fields.iter().find(|field| field.name == problem.field));
    // Without any the strategy would use the host's own identity.
    let secrets = description.fields.iter().filter(|field| field.is_secret() && slots.is_empty());
    named.chain(secrets).find(is_open)
}

/// A value of the field's kind.
pub(super) fn value(field: &Field, description: &Description) -> Value {
    if let Some(example) = field.example.as_ref().or(field.default.as_ref()).or(field.choices.first()) {
        return Value::from(example.as_str());
    }
    let name = field.name.replace('_', "-");
    match field.kind {
        FieldKind::Url => Value::from(format!("https://{name}.example.com")),
        FieldKind::Integer => Value::from(1),
        FieldKind::Boolean => Value::from(true),
        FieldKind::Json => Value::from("{}"),
        FieldKind::Role if storage::kind(description) == Some(StorageKind::S3) => {
            Value::from("arn:aws:iam::123456789012:role/example")
        }
        FieldKind::Role => Value::from("33333333-3333-3333-3333-333333333333"),
        FieldKind::Text => Value::from("example"),
    }
}
