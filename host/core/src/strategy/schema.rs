//! The configuration of a strategy as a JSON Schema, for forms and for tools that check a
//! warehouse before the host does. Pure.

use serde_json::{Map, Value, json};

use super::{Description, Field, FieldKind};

/// JSON Schema (2020-12) of the object that `vending_strategy` holds below the strategy's name. It
/// knows canonical names; the host also takes those in `x-aliases`, and numbers and booleans as text.
#[must_use]
pub fn configuration_schema(description: &Description) -> Value {
    let properties: Map<String, Value> = description
        .fields
        .iter()
        .enumerate()
        .map(|(order, field)| (field.name.clone(), Value::Object(property(field, order))))
        .collect();
    let needed = description.fields.iter().filter(|field| field.required && field.default.is_none());
    let required: Vec<&str> = needed.map(|field| field.name.as_str()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": description.name,
        "description": description.summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(field: &Field, order: usize) -> Map<String, Value> {
    let mut schema = if field.is_secret() { secret(field.kind) } else { plain(field.kind) };
    let mut set = |key: &str, value: Value| {
        schema.insert(key.to_owned(), value);
    };
    if !field.help.is_empty() {
        set("description", field.help.clone().into());
    }
    if let Some(default) = &field.default {
        set("default", typed(field.kind, default));
    }
    if !field.choices.is_empty() {
        set("enum", field.choices.iter().map(|choice| typed(field.kind, choice)).collect());
    }
    if let Some(example) = &field.example {
        set("examples", json!([typed(field.kind, example)]));
    }
    if !field.aliases.is_empty() {
        set("x-aliases", json!(field.aliases));
    }
    // A change of it wants the secrets again.
    if field.destination {
        set("x-destination", true.into());
    }
    // Members of an object have no order of their own.
    set("x-order", order.into());
    schema
}

fn plain(kind: FieldKind) -> Map<String, Value> {
    object(match kind {
        FieldKind::Text => json!({"type": "string"}),
        FieldKind::Integer => json!({"type": "integer"}),
        FieldKind::Boolean => json!({"type": "boolean"}),
        FieldKind::Url => json!({"type": "string", "format": "uri", "pattern": "^https?://"}),
        FieldKind::Role => json!({"type": "string", "maxLength": 2048, "pattern": r"^\S+$"}),
        FieldKind::Json => json!({"type": ["object", "array", "string"], "contentMediaType": "application/json"}),
    })
}

/// A literal, or the name of one that the host finds elsewhere.
fn secret(kind: FieldKind) -> Map<String, Value> {
    let reference = json!({
        "type": "object",
        "properties": {"secret_ref": {"type": "string", "minLength": 1}},
        "required": ["secret_ref"],
        "additionalProperties": false,
    });
    let literal = json!({"type": "string", "minLength": 1});
    let forms = match kind {
        // A key file, pasted as it is. A reference is such an object too.
        FieldKind::Json => json!([literal, {"type": "object"}]),
        _ => json!([literal, reference]),
    };
    object(json!({"writeOnly": true, "anyOf": forms}))
}

/// A value that `describe` gives as text.
fn typed(kind: FieldKind, text: &str) -> Value {
    let typed = match kind {
        FieldKind::Integer => text.parse::<i64>().ok().map(Value::from),
        FieldKind::Boolean => text.parse::<bool>().ok().map(Value::from),
        FieldKind::Text | FieldKind::Url | FieldKind::Role | FieldKind::Json => None,
    };
    typed.unwrap_or_else(|| text.into())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Scoping, SecretUse};
    use super::*;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.to_owned(),
            aliases: Vec::new(),
            kind,
            required: false,
            default: None,
            secret_uses: Vec::new(),
            choices: Vec::new(),
            example: None,
            secret_hosts: Vec::new(),
            destination: false,
            help: String::new(),
        }
    }

    fn schema(fields: Vec<Field>) -> Value {
        configuration_schema(&Description {
            name: "Mint".to_owned(),
            version: "1.0.0".to_owned(),
            summary: "Mints.".to_owned(),
            schemes: vec!["s3".to_owned()],
            scoping: Scoping::Exact,
            scoping_rules: Vec::new(),
            fields,
            hosts: Vec::new(),
            max_ttl_seconds: None,
            min_ttl_seconds: None,
        })
    }

    #[test]
    fn a_field_is_a_property_with_all_that_it_says() {
        let endpoint = Field {
            aliases: vec!["mint.endpoint".to_owned()],
            required: true,
            example: Some("https://mint.example.com".to_owned()),
            destination: true,
            help: "Where the mint is.".to_owned(),
            ..field("endpoint", FieldKind::Url)
        };
        let level = Field {
            required: true,
            default: Some("2".to_owned()),
            choices: vec!["1".to_owned(), "2".to_owned()],
            ..field("level", FieldKind::Integer)
        };
        assert_eq!(
            schema(vec![endpoint, level]),
            json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": "Mint",
                "description": "Mints.",
                "type": "object",
                "additionalProperties": false,
                // The default stands for the level.
                "required": ["endpoint"],
                "properties": {
                    "endpoint": {
                        "type": "string", "format": "uri", "pattern": "^https?://",
                        "description": "Where the mint is.", "examples": ["https://mint.example.com"],
                        "x-aliases": ["mint.endpoint"], "x-destination": true, "x-order": 0,
                    },
                    "level": {"type": "integer", "default": 2, "enum": [1, 2], "x-order": 1},
                },
            })
        );
    }

    #[test]
    fn a_secret_is_written_only_and_may_be_a_reference() {
        let secret = |kind| Field { secret_uses: vec![SecretUse::Bearer], ..field("key", kind) };
        let text = schema(vec![secret(FieldKind::Text)]);
        let key = &text["properties"]["key"];
        assert_eq!(key["writeOnly"], true);
        assert_eq!(key["anyOf"][0]["type"], "string");
        assert_eq!(key["anyOf"][1]["required"], json!(["secret_ref"]));
        assert_eq!(key["anyOf"][1]["additionalProperties"], false);
        let document = schema(vec![secret(FieldKind::Json)]);
        assert_eq!(document["properties"]["key"]["anyOf"][1], json!({"type": "object"}));
    }

    #[test]
    fn each_kind_has_a_type() {
        for (kind, wanted) in [
            (FieldKind::Text, json!("string")),
            (FieldKind::Integer, json!("integer")),
            (FieldKind::Boolean, json!("boolean")),
            (FieldKind::Url, json!("string")),
            (FieldKind::Role, json!("string")),
            (FieldKind::Json, json!(["object", "array", "string"])),
        ] {
            assert_eq!(schema(vec![field("f", kind)])["properties"]["f"]["type"], wanted, "{kind:?}");
        }
    }
}
