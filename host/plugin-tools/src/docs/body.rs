//! The body of `POST /api/v1/warehouses` for a strategy, with a value in each field that needs one.

use pangolin_core::strategy::{Description, Field, FieldKind};
use serde_json::{Map, Value, json};

/// A body to copy.
pub(super) fn of(description: &Description) -> Value {
    let storage = storage(&description.schemes);
    let place: Vec<&str> = storage.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let mut parameters = Map::new();
    for field in &description.fields {
        // Where the objects are is said by the storage.
        if !place.contains(&field.name.as_str()) && (field.required || field.is_secret()) {
            parameters.insert(field.name.clone(), value(field, &description.name));
        }
    }
    let strategy = Map::from_iter([(description.name.clone(), Value::Object(parameters))]);
    json!({
        "name": slug(&description.name),
        "storage_config": storage,
        "vending_strategy": strategy,
    })
}

/// Where the objects are, by the first scheme that a host has storage for.
fn storage(schemes: &[String]) -> Value {
    let has = |wanted: &[&str]| schemes.iter().any(|scheme| wanted.contains(&scheme.as_str()));
    if has(&["s3", "s3a", "s3n"]) {
        json!({"type": "s3", "bucket": "my-bucket", "prefix": "warehouse", "region": "us-east-1"})
    } else if has(&["abfss", "abfs", "wasb", "wasbs"]) {
        json!({"type": "azure", "account_name": "myaccount", "container": "lake", "prefix": "warehouse"})
    } else if has(&["gs"]) {
        json!({"type": "gcs", "bucket": "my-bucket", "prefix": "warehouse"})
    } else {
        json!({"type": "s3", "bucket": "my-bucket", "prefix": "warehouse"})
    }
}

fn value(field: &Field, strategy: &str) -> Value {
    if field.is_secret() {
        return json!({"secret_ref": format!("{}-{}", slug(strategy), field.name.replace('_', "-"))});
    }
    let text = field.example.as_deref().or(field.default.as_deref()).or(field.choices.first().map(String::as_str));
    match (field.kind, text) {
        (FieldKind::Integer, text) => text.and_then(|text| text.parse::<i64>().ok()).unwrap_or(1).into(),
        (FieldKind::Boolean, text) => (text == Some("true")).into(),
        (_, Some(text)) => text.into(),
        (FieldKind::Url, None) => "https://service.example.com/".into(),
        (FieldKind::Role, None) => "arn:aws:iam::123456789012:role/my-role".into(),
        (FieldKind::Json, None) => "{}".into(),
        (FieldKind::Text, None) => "…".into(),
    }
}

/// `TokenShop` as `token-shop`.
pub(super) fn slug(name: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    for c in name.chars() {
        let starts_word = c.is_ascii_uppercase() && before.is_some_and(|c: char| c.is_ascii_lowercase());
        if starts_word {
            out.push('-');
        }
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
        before = Some(c);
    }
    out
}
