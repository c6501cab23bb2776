//! Brings the fields of `storage_config` and of the strategy to one canonical form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Warehouse;
use super::field::{Fields, Meaning};
use super::problem::{Problems, shown};
use super::secrets::{self, SecretWord};
use super::value::coerce;
use crate::credential_scan;
use crate::secret::SecretValue;
use crate::strategy::FieldKind;

/// Where a field stands in the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'r> {
    /// `storage_config` or `vending_strategy`.
    pub name: &'static str,
    pub entries: &'r [(&'r str, &'r Value)],
}

/// Configuration and secrets by canonical name.
#[derive(Debug, Default)]
pub(super) struct Normal {
    pub config: BTreeMap<String, Value>,
    pub secrets: BTreeMap<String, SecretValue>,
    /// Secrets that the request itself gives.
    pub given: BTreeSet<String>,
}

/// What one spelling says.
#[derive(Debug, PartialEq)]
enum Word {
    Plain(Option<Value>),
    Secret(SecretWord),
}

/// What is said of one field, each with its spelling.
type Said = Vec<(String, Word)>;

/// Merges what the request says over what is stored. Fields that the kind and the strategy do
/// not know any more are dropped.
pub(super) fn normalise(
    fields: Fields<'_>,
    groups: &[Group<'_>],
    stored: Option<&Warehouse>,
    strict: bool,
    problems: &mut Problems,
) -> Normal {
    let mut normal = Normal::default();
    if let Some(stored) = stored {
        let known = |name: &String, secret: bool| fields.knows(name) && fields.is_secret(name) == secret;
        let config = stored.config.iter().filter(|(name, _)| known(name, false));
        normal.config = config.map(|(name, value)| (name.clone(), value.clone())).collect();
        let secrets = stored.secrets.iter().filter(|(name, _)| known(name, true));
        normal.secrets = secrets.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    for (name, said) in collect(fields, groups, strict, problems) {
        if let Some((spelling, word)) = settle(&name, said, stored, problems) {
            apply(&mut normal, &name, &spelling, word, problems);
        }
    }
    normal
}

fn collect(fields: Fields<'_>, groups: &[Group<'_>], strict: bool, problems: &mut Problems) -> BTreeMap<String, Said> {
    let mut all: BTreeMap<String, Said> = BTreeMap::new();
    for group in groups {
        for (key, value) in group.entries {
            let spelling = format!("{}.{}", group.name, shown(key));
            let Some(meaning) = fields.find(key) else {
                problems.add(&shown(key), unknown(fields, &spelling));
                continue;
            };
            let word = if meaning.secret {
                secrets::read(meaning.kind, value, strict).map(Word::Secret)
            } else {
                coerce(meaning.kind, value)
                    .and_then(|value| without_credential(meaning, value, strict))
                    .map(Word::Plain)
            };
            if let Some(word) = problems.take(meaning.name, word.map_err(|message| format!("{spelling} {message}"))) {
                all.entry(meaning.name.to_owned()).or_default().push((spelling, word));
            }
        }
    }
    all
}

/// A credential belongs in a secret field: in another one it would be stored and shown in clear. In
/// strict mode a literal under a name that says secret is one too, inside a document.
fn without_credential(meaning: Meaning<'_>, value: Option<Value>, strict: bool) -> Result<Option<Value>, String> {
    let Some(text) = value.as_ref().and_then(Value::as_str) else { return Ok(value) };
    let inside = || {
        let document: Value = serde_json::from_str(text).ok().filter(|_| strict && meaning.kind == FieldKind::Json)?;
        credential_scan::in_value(meaning.name, &document)
    };
    let found = credential_scan::in_text(text).map(|kind| (meaning.name.to_owned(), kind)).or_else(inside);
    match found {
        None => Ok(value),
        Some((path, kind)) => {
            let at = if path == meaning.name { String::new() } else { format!("at {path} ") };
            Err(format!("{at}holds {kind}: give it in a secret field, or by {{\"secret_ref\": \"<name>\"}}"))
        }
    }
}

fn unknown(fields: Fields<'_>, spelling: &str) -> String {
    let strategy = fields.strategy.map_or_else(String::new, |description| format!(" with {}", description.name));
    format!("unknown field {spelling}: {} storage{strategy} knows {}", fields.kind.as_str(), fields.names())
}

/// One word for the field. A reply shows some fields in two places; when it is sent back with
/// one of them changed, the one that still says what is stored says nothing.
fn settle(name: &str, mut said: Said, stored: Option<&Warehouse>, problems: &mut Problems) -> Option<(String, Word)> {
    if said.len() > 1 {
        let news = |word: &Word| match word {
            Word::Secret(SecretWord::Keep) => false,
            Word::Plain(value) => stored.is_none_or(|stored| stored.config.get(name) != value.as_ref()),
            Word::Secret(_) => true,
        };
        if said.iter().any(|(_, word)| news(word)) {
            said.retain(|(_, word)| news(word));
        }
    }
    let mut said = said.into_iter();
    let first = said.next()?;
    if let Some((other, _)) = said.find(|(_, word)| *word != first.1) {
        problems.add(name, format!("{} and {other} disagree: give one of them", first.0));
        return None;
    }
    Some(first)
}

fn apply(normal: &mut Normal, name: &str, spelling: &str, word: Word, problems: &mut Problems) {
    match word {
        Word::Plain(Some(value)) => {
            normal.config.insert(name.to_owned(), value);
        }
        Word::Plain(None) => {
            normal.config.remove(name);
        }
        Word::Secret(SecretWord::Clear) => {
            normal.secrets.remove(name);
        }
        Word::Secret(SecretWord::Set(secret)) => {
            normal.secrets.insert(name.to_owned(), secret);
            normal.given.insert(name.to_owned());
        }
        Word::Secret(SecretWord::Keep) => {
            if !normal.secrets.contains_key(name) {
                problems.add(name, format!("{spelling} is the redacted marker, and there is no stored value to keep"));
            }
        }
    }
}
