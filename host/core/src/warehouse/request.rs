//! The body of a request, taken apart.

use serde_json::{Map, Value};

use super::problem::{Problems, shown};
use super::spelling::{self, fold};
use super::strategy_form::{self, StrategyForm};
use super::{StorageKind, value};
use crate::credential_scan;

/// What a body says; what it does not say is none.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub name: Option<&'a str>,
    pub use_sts: Option<bool>,
    pub kind: Option<StorageKind>,
    /// Fields of `storage_config`, without `type`.
    pub storage: Vec<(&'a str, &'a Value)>,
    pub strategy: StrategyForm<'a>,
    pub allow_unscoped: Option<bool>,
    /// Said, and the number or null.
    pub max_ttl_seconds: Option<Option<u32>>,
    /// What replies show and nobody sets: `id` and the like.
    pub read_only: Vec<(&'static str, &'a Value)>,
}

const FIELDS: &[&str] = &["name", "use_sts", "storage_config", "vending_strategy", "allow_unscoped", "max_ttl_seconds"];
const READ_ONLY: &[&str] = &["id", "tenant_id", "base_location", "created_at", "updated_at"];

/// The longest life that may be set, in seconds: a week, the longest of any presigned URL.
const MAX_TTL: i64 = 604_800;

/// Takes the body apart. Problems are collected; what is wrong is left out.
pub(super) fn read<'a>(body: &'a Value, problems: &mut Problems) -> Option<Request<'a>> {
    let Value::Object(map) = body else {
        problems.add("", "the body must be a JSON object");
        return None;
    };
    let top = Top::sort(map, problems);
    let (kind, storage) = storage_config(top.get("storage_config"), problems);
    let strategy = problems.take("vending_strategy", strategy_form::read(top.get("vending_strategy")));
    Some(Request {
        name: top.get("name").and_then(|name| problems.take("name", self::name(name))),
        use_sts: flag(&top, "use_sts", problems),
        kind,
        storage,
        strategy: strategy.unwrap_or(StrategyForm::Unsaid),
        allow_unscoped: flag(&top, "allow_unscoped", problems),
        max_ttl_seconds: top.get("max_ttl_seconds").and_then(|value| problems.take("max_ttl_seconds", max_ttl(value))),
        read_only: READ_ONLY.iter().filter_map(|name| Some((*name, top.get(name)?))).collect(),
    })
}

/// The outermost fields by canonical name.
struct Top<'a>(Vec<(&'static str, &'a Value)>);

impl<'a> Top<'a> {
    fn sort(map: &'a Map<String, Value>, problems: &mut Problems) -> Self {
        let mut sorted: Vec<(&'static str, &'a Value)> = Vec::with_capacity(map.len());
        for (spelling, value) in map {
            let folded = fold(spelling);
            let Some(name) = FIELDS.iter().chain(READ_ONLY).find(|name| **name == folded) else {
                let known = FIELDS.join(", ");
                problems.add(&shown(spelling), format!("unknown field '{}': known are {known}", shown(spelling)));
                continue;
            };
            match sorted.iter().find(|(seen, _)| seen == name) {
                Some((_, other)) if *other != value => {
                    problems.add(name, "is given in two spellings that disagree: give one of them");
                }
                Some(_) => {}
                None => sorted.push((name, value)),
            }
        }
        Self(sorted)
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

fn storage_config<'a>(
    value: Option<&'a Value>,
    problems: &mut Problems,
) -> (Option<StorageKind>, Vec<(&'a str, &'a Value)>) {
    let map = match value {
        None | Some(Value::Null) => return (None, Vec::new()),
        Some(Value::Object(map)) => map,
        Some(_) => {
            problems.add("storage_config", "must be an object");
            return (None, Vec::new());
        }
    };
    let kind = map.get("type").filter(|value| !value.is_null()).and_then(|value| {
        let kind = value.as_str().and_then(spelling::kind);
        problems.take("type", kind.ok_or_else(|| "must be s3, azure, gcs or local".to_owned()))
    });
    (kind, map.iter().filter(|(key, _)| *key != "type").map(|(key, value)| (key.as_str(), value)).collect())
}

fn flag(top: &Top<'_>, name: &str, problems: &mut Problems) -> Option<bool> {
    let value = top.get(name).filter(|value| !value.is_null())?;
    problems.take(name, value::boolean(value))
}

fn max_ttl(value: &Value) -> Result<Option<u32>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let seconds = value::integer(value)?;
    match u32::try_from(seconds) {
        Ok(seconds @ 1..) if i64::from(seconds) <= MAX_TTL => Ok(Some(seconds)),
        _ => Err(format!("must be 1 to {MAX_TTL} seconds")),
    }
}

/// A name stands in paths and is shown to people.
fn name(value: &Value) -> Result<&str, String> {
    let name = value.as_str().ok_or("must be text")?;
    let fits = !name.is_empty() && name.len() <= 128 && name.trim() == name && !name.starts_with('.');
    if let Some(kind) = credential_scan::in_text(name) {
        return Err(format!("holds {kind}: a name is shown to everybody"));
    }
    let plain = !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '?' | '#' | '%'));
    if fits && plain {
        Ok(name)
    } else {
        Err("must be 1 to 128 bytes without '/', '\\', '?', '#', '%', a leading '.' or blanks around it".to_owned())
    }
}
