//! Secret fields of a request: a literal, a reference, the marker that keeps, or nothing.

use serde_json::Value;

use crate::credential_scan::in_reference;
use crate::secret::{REDACTED, Secret, SecretValue};
use crate::secret_ref::check_name;
use crate::strategy::FieldKind;

const MAX_SECRET: usize = 64 * 1024;

/// What a request says of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SecretWord {
    /// `null`: forget it.
    Clear,
    /// The redacted marker: keep what is stored.
    Keep,
    /// A value or a reference.
    Set(SecretValue),
}

/// Reads it. `strict` refuses literals. Messages never repeat a value.
pub(super) fn read(kind: FieldKind, value: &Value, strict: bool) -> Result<SecretWord, String> {
    let literal = |text: String| {
        if strict {
            return Err("literal secrets are refused here: give {\"secret_ref\": \"<name>\"}".to_owned());
        }
        if text.len() > MAX_SECRET {
            return Err(format!("is longer than {MAX_SECRET} bytes"));
        }
        Ok(SecretWord::Set(SecretValue::Literal(Secret::from(text))))
    };
    match value {
        Value::Null => Ok(SecretWord::Clear),
        Value::String(text) if text == REDACTED => Ok(SecretWord::Keep),
        Value::String(text) if text.trim().is_empty() => {
            Err(format!("is empty: leave it out, send {REDACTED} to keep the stored value, or null to remove it"))
        }
        Value::String(text) => literal(text.clone()),
        Value::Object(map) => match (map.get("secret_ref").or_else(|| map.get("secret-ref")), map.len()) {
            (Some(Value::String(name)), 1) => {
                check_name(name).map_err(|refused| refused.to_string())?;
                if let Some(kind) = in_reference(name) {
                    return Err(format!(
                        "has {kind} as secret_ref: give the name of a secret, names are shown in clear"
                    ));
                }
                Ok(SecretWord::Set(SecretValue::Reference(name.clone())))
            }
            (Some(_), _) => Err("a reference is {\"secret_ref\": \"<name>\"} and nothing else".to_owned()),
            // A key file pasted as it is.
            (None, _) if kind == FieldKind::Json => literal(value.to_string()),
            (None, _) => Err("must be text or {\"secret_ref\": \"<name>\"}".to_owned()),
        },
        _ => Err("must be text or {\"secret_ref\": \"<name>\"}".to_owned()),
    }
}
