//! Values of fields that are not secret, by kind. Messages never repeat a value.

use serde_json::Value;

use crate::strategy::FieldKind;

const MAX_TEXT: usize = 8 * 1024;
/// Documents come as text and as JSON; each vend hands them to the guest.
const MAX_JSON: usize = 64 * 1024;

/// The value in its normal form; none clears the field. Booleans and numbers are also taken as
/// text, as the documented forms write them.
pub(super) fn coerce(kind: FieldKind, value: &Value) -> Result<Option<Value>, String> {
    let most = if kind == FieldKind::Json { MAX_JSON } else { MAX_TEXT };
    match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) if text.len() > most => return Err(format!("is longer than {most} bytes")),
        _ => {}
    }
    match kind {
        FieldKind::Text => text(value).map(|text| text.to_owned().into()),
        FieldKind::Role => role(value).map(|text| text.to_owned().into()),
        FieldKind::Url => text(value).and_then(url).map(Value::from),
        FieldKind::Integer => integer(value).map(Value::from),
        FieldKind::Boolean => boolean(value).map(Value::from),
        FieldKind::Json => json(value).map(Value::from),
    }
    .map(Some)
}

/// Refuses a value that is not among the field's choices; none: any of the kind.
pub(super) fn choose(choices: &[String], value: &Value) -> Result<(), String> {
    let given = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if choices.is_empty() || choices.contains(&given) {
        return Ok(());
    }
    Err(format!("must be one of {}", choices.join(", ")))
}

/// One line, or certificates, which come as lines.
fn text(value: &Value) -> Result<&str, String> {
    let text = value.as_str().ok_or("must be text")?.trim();
    let is_pem = are_certificates(text);
    let is_wrong = |c: char| c.is_control() && !(is_pem && matches!(c, '\n' | '\r'));
    if text.chars().any(is_wrong) { Err("must not contain control characters".to_owned()) } else { Ok(text) }
}

/// Whether a text says whose word is taken for who a server is.
#[must_use]
pub(crate) fn are_certificates(text: &str) -> bool {
    text.starts_with("-----BEGIN CERTIFICATE-----") && text.ends_with("-----END CERTIFICATE-----")
}

fn role(value: &Value) -> Result<&str, String> {
    let text = text(value)?;
    if text.contains(char::is_whitespace) || text.len() > 2048 {
        return Err("must be one identifier without blanks, for example arn:aws:iam::123456789012:role/Lake".to_owned());
    }
    Ok(text)
}

/// An absolute http(s) URL without user, query and fragment; a lone `/` at the end goes.
fn url(text: &str) -> Result<String, String> {
    let wrong = || "must be an absolute http or https URL, for example https://storage.example.com".to_owned();
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user or a password: use the secret fields".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not contain a query or a fragment".to_owned());
    }
    Ok(if url.path() == "/" { text.trim_end_matches('/') } else { text }.to_owned())
}

pub(super) fn integer(value: &Value) -> Result<i64, String> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| "must be a whole number".to_owned())
}

pub(super) fn boolean(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| "must be true or false".to_owned())
}

/// A JSON document, kept as text: guests read fields as text, number or boolean.
fn json(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Ok(text.trim().to_owned()),
            Err(_) => Err("must be a JSON document".to_owned()),
        },
        other => Some(other.to_string())
            .filter(|text| text.len() <= MAX_JSON)
            .ok_or_else(|| format!("is longer than {MAX_JSON} bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\r\n-----END CERTIFICATE-----";

    #[test]
    fn a_document_is_bounded_in_both_forms() {
        let long = serde_json::json!(["x".repeat(MAX_JSON)]);
        for value in [Value::from(long.to_string()), long] {
            assert_eq!(coerce(FieldKind::Json, &value), Err(format!("is longer than {MAX_JSON} bytes")));
        }
        let fine = serde_json::json!(["x".repeat(MAX_TEXT)]);
        assert_eq!(coerce(FieldKind::Json, &fine), Ok(Some(fine.to_string().into())));
    }

    #[test]
    fn only_certificates_have_lines() {
        assert_eq!(coerce(FieldKind::Text, &Value::from(format!("{PEM}\n"))), Ok(Some(PEM.into())));
        assert_eq!(coerce(FieldKind::Text, &Value::from(" word ")), Ok(Some("word".into())));
        for text in ["two\nlines", "a\tb", &format!("{PEM}\nmore"), &format!("more\n{PEM}"), &PEM.replace("MI", "M\0")]
        {
            assert!(coerce(FieldKind::Text, &Value::from(text)).is_err(), "{text:?}");
        }
    }
}
