//! Properties for a client. The one type through which minted secrets are serialised.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::secret::Secret;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// Minted: seen by the client alone.
    Secret(Secret<String>),
    /// Anything else.
    Plain(Cow<'static, str>),
}

/// Properties by name. `Debug` redacts; `Serialize` is the vend itself and writes the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientProperties(BTreeMap<Cow<'static, str>, Property>);

impl ClientProperties {
    /// Sets a property.
    pub fn insert(&mut self, key: impl Into<Cow<'static, str>>, value: Property) {
        self.0.insert(key.into(), value);
    }

    /// A property.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Property> {
        self.0.get(key)
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(Cow::as_ref)
    }
}

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            Self::Secret(secret) => serializer.serialize_str(vended(secret)),
        }
    }
}

impl Serialize for ClientProperties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The text that goes to the client.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the vend: the minted value goes to the caller it was minted for"
)]
pub(super) fn vended(secret: &Secret<String>) -> &str {
    secret.expose()
}
