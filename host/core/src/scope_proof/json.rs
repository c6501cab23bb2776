//! JSON without repeated keys. Parsers disagree on which of two wins, so a policy that has them
//! proves nothing.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::too_wide::{TooWide, shown};

/// A value of a policy document. Numbers, booleans and nulls have no place in one.
#[derive(Debug)]
pub(super) enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn parse(text: &str) -> Result<Self, TooWide> {
        serde_json::from_str(text).map_err(|error| TooWide::Malformed(shown(&error.to_string())))
    }

    pub(super) fn into_text(self, place: &'static str) -> Result<String, TooWide> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(TooWide::Malformed(format!("{place} is not a text"))),
        }
    }

    pub(super) fn into_object(self, place: &'static str) -> Result<Vec<(String, Self)>, TooWide> {
        match self {
            Self::Object(members) => Ok(members),
            _ => Err(TooWide::Malformed(format!("{place} is not an object"))),
        }
    }

    /// A list, or the one value that stands for a list of one.
    pub(super) fn into_list(self) -> Vec<Self> {
        match self {
            Self::List(values) => values,
            single => vec![single],
        }
    }

    /// One text, or a list of at least one.
    pub(super) fn into_texts(self, place: &'static str) -> Result<Vec<String>, TooWide> {
        let values = self.into_list();
        if values.is_empty() {
            return Err(TooWide::Malformed(format!("{place} is empty")));
        }
        values.into_iter().map(|value| value.into_text(place)).collect()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text, a list or an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            // IAM compares some names without case.
            if members.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                return Err(A::Error::custom(format_args!("repeated key '{name}'")));
            }
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}
