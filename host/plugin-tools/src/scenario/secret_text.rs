//! Values of secrets in a scenario.

use std::collections::BTreeMap;

use pangolin_core::secret::Secret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Texts, or tables for what is a JSON document.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Secret<String>>, D::Error> {
    let values = BTreeMap::<String, Value>::deserialize(from)?;
    let secret = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, Secret::new(text))),
        Value::Object(_) => Ok((name, Secret::new(value.to_string()))),
        _ => Err(D::Error::custom(format!("the secret '{}' is neither a text nor a table", name.escape_debug()))),
    };
    values.into_iter().map(secret).collect()
}
