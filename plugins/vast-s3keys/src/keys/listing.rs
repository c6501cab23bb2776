//! Lists of keys. The vendor's schema does not say how they look, so every plain form is read. Pure.

use serde_json::Value;

use crate::instant;

/// One key of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) access_key: String,
    /// When it was made, by VMS's clock, in milliseconds since the Unix epoch.
    pub(crate) made_at_ms: Option<u64>,
}

/// The keys: an array of objects or of names, the object around such an array, one key alone, or
/// nothing. `None`: it is none of these, and must not be taken for an empty list.
pub(super) fn read(value: &Value) -> Option<Vec<Listed>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(entries) => entries.iter().map(one).collect(),
        Value::Object(members) => match members.get("access_keys").or_else(|| members.get("results")) {
            Some(entries @ (Value::Array(_) | Value::Null)) => read(entries),
            Some(_) => None,
            None => one(value).map(|key| vec![key]),
        },
        _ => None,
    }
}

fn one(entry: &Value) -> Option<Listed> {
    let name = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(access_key) = name(entry) {
        return Some(Listed { access_key, made_at_ms: None });
    }
    let made_at = entry.get("creation_time").and_then(Value::as_str);
    Some(Listed { access_key: entry.get("access_key").and_then(name)?, made_at_ms: made_at.and_then(instant::parse) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(value: &Value) -> Option<Vec<String>> {
        read(value).map(|keys| keys.into_iter().map(|key| key.access_key).collect())
    }

    #[test]
    fn every_plain_form_is_read() {
        let two = || Some(vec!["A".to_owned(), "B/+=".to_owned()]);
        let objects = json!([{ "access_key": "A", "enabled": true }, { "access_key": "B/+=", "enabled": false }]);
        assert_eq!(names(&objects), two());
        assert_eq!(names(&json!({ "access_keys": objects, "identifier_type": "uid" })), two());
        assert_eq!(names(&json!({ "count": 2, "results": objects })), two());
        assert_eq!(names(&json!(["A", "B/+="])), two());
        assert_eq!(names(&json!({ "access_key": "A", "enabled": true })), Some(vec!["A".to_owned()]));
        for empty in [json!([]), json!(null), json!({ "access_keys": [] }), json!({ "access_keys": null })] {
            assert_eq!(names(&empty), Some(Vec::new()), "{empty}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_empty_list() {
        for value in [
            json!({}),
            json!("A"),
            json!(3),
            json!([{ "key": "A" }]),
            json!([{ "access_key": "" }]),
            json!([{ "access_key": "A" }, 1]),
            json!({ "access_keys": "A" }),
            json!({ "detail": "no" }),
        ] {
            assert_eq!(names(&value), None, "{value}");
        }
    }

    #[test]
    fn a_time_is_there_or_not() {
        let keys = read(&json!([
            { "access_key": "A", "creation_time": "2026-01-01T00:00:00Z" },
            { "access_key": "B", "creation_time": "yesterday" },
            { "access_key": "C" },
        ]));
        let times: Vec<_> = keys.unwrap().into_iter().map(|key| key.made_at_ms).collect();
        assert_eq!(times, [Some(1_767_225_600_000), None, None]);
    }
}
