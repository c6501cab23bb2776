//! One warehouse's configuration, with typed access.

use serde_json::{Map, Value};

use crate::error::Problem;

/// The configuration of one warehouse: fields with values, and names of the secrets that have
/// one. Beside the strategy's own fields it has the warehouse's `bucket`, `prefix`, `region`,
/// `endpoint` and the like. No secret's value is in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    fields: Map<String, Value>,
    slots: Vec<String>,
}

impl Config {
    /// Reads what the host gives: a JSON object, and the names of the slots that have a value.
    ///
    /// # Errors
    /// The text is not a JSON object.
    pub fn parse(fields: &str, slots: Vec<String>) -> Result<Self, Problem> {
        match serde_json::from_str(fields) {
            Ok(Value::Object(fields)) => Ok(Self { fields, slots }),
            Ok(_) => Err(Problem::new("", "the configuration is not a JSON object")),
            Err(error) => Err(Problem::new("", format!("the configuration is not JSON: {error}"))),
        }
    }

    /// The text of a field; `None` if it is missing, empty, or not text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The text of a field that must be there.
    ///
    /// # Errors
    /// It is missing, empty, or not text.
    pub fn required(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| Problem::missing(name))
    }

    /// A whole number, also written as text.
    ///
    /// # Errors
    /// There is a value, and it is no whole number.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Problem> {
        let number = match self.fields.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(other) => other.as_i64(),
        };
        number.map(Some).ok_or_else(|| Problem::new(name, format!("{name} must be a whole number")))
    }

    /// `true` or `false`, also written as text; missing is `false`.
    ///
    /// # Errors
    /// There is a value, and it is neither.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        self.flag_or(name, false)
    }

    /// `true` or `false`, also written as text; missing is `default`.
    ///
    /// # Errors
    /// There is a value, and it is neither.
    pub fn flag_or(&self, name: &str, default: bool) -> Result<bool, Problem> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text.is_empty() => Ok(default),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(_) => Err(Problem::new(name, format!("{name} must be true or false"))),
        }
    }

    /// The name of a secret if it has a value: what host calls take in its place.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&str> {
        self.slots.iter().map(String::as_str).find(|slot| *slot == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> Config {
        Config::parse(json, vec!["key".to_owned()]).unwrap()
    }

    #[test]
    fn text_is_text_and_not_empty() {
        let config = config(r#"{"a":"x","b":"","c":5}"#);
        assert_eq!(config.text("a"), Some("x"));
        assert_eq!((config.text("b"), config.text("c"), config.text("d")), (None, None, None));
        assert_eq!(config.required("b").unwrap_err().field, "b");
    }

    #[test]
    fn numbers_and_flags_may_be_written_as_text() {
        let config = config(r#"{"n":7,"t":" 8 ","f":1.5,"yes":"True","no":false,"odd":"perhaps","null":null}"#);
        assert_eq!(config.integer("n"), Ok(Some(7)));
        assert_eq!(config.integer("t"), Ok(Some(8)));
        assert_eq!(config.integer("missing"), Ok(None));
        assert_eq!(config.integer("null"), Ok(None));
        assert_eq!(config.integer("f").unwrap_err().field, "f");
        assert_eq!(config.integer("odd").unwrap_err().field, "odd");
        assert_eq!((config.flag("yes"), config.flag("no"), config.flag("missing")), (Ok(true), Ok(false), Ok(false)));
        assert_eq!((config.flag_or("missing", true), config.flag_or("no", true)), (Ok(true), Ok(false)));
        assert_eq!(config.flag("odd").unwrap_err().field, "odd");
        assert_eq!(config.flag("n").unwrap_err().field, "n");
    }

    #[test]
    fn a_slot_is_its_name_and_only_when_it_has_a_value() {
        let config = config("{}");
        assert_eq!(config.slot("key"), Some("key"));
        assert_eq!(config.slot("other"), None);
    }

    #[test]
    fn only_an_object_is_a_configuration() {
        for text in ["", "[]", "1", "{", "\"x\""] {
            assert!(Config::parse(text, Vec::new()).is_err(), "{text}");
        }
    }
}
