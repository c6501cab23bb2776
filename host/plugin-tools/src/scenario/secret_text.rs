//! Values of secrets in a scenario.

use std::collections::BTreeMap;

use pangolin_core::secret::Secret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

/// Texts, or tables for what is a JSON document.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Secret<String>>, D::Error> {
    let values = BTreeMap::<String, Value>::deserialize(from)?;
    let secret = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, Secret::new(text))),
        Value::Object(_) => Ok((name, Secret::new(value.to_string()))),
        _ => Err(D::Error::custom(format!("the secret '{}' is neither a text nor a table", name.escape_debug()))),
    };
    values.into_iter().map(secret).collect()
}

/// Names, and in the place of each value the text that stands for one that is made up.
pub(super) fn serialize<S: Serializer>(secrets: &BTreeMap<String, Secret<String>>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(secrets.keys().map(|name| (name, "")))
}
