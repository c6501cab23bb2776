//! The three spellings of `vending_strategy`: `{"AwsSts": {…}}`, `{"type": "AwsSts", …}` and
//! `"AwsSts"`.

use serde_json::{Map, Value};

/// What a request says of the strategy.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StrategyForm<'a> {
    /// Nothing: `use_sts` or the stored strategy decides.
    Unsaid,
    /// `None`: nothing is vended.
    Nothing,
    /// A name, and the parameters beside it.
    Named(&'a str, Vec<(&'a str, &'a Value)>),
}

const FORMS: &str = "is written {\"AwsSts\": {…}}, {\"type\": \"AwsSts\", …} or \"AwsSts\"";

/// Reads any of them.
pub(super) fn read(value: Option<&Value>) -> Result<StrategyForm<'_>, String> {
    match value {
        None | Some(Value::Null) => Ok(StrategyForm::Unsaid),
        Some(Value::String(name)) => named(name, Vec::new()),
        Some(Value::Object(map)) => match map.get("type") {
            Some(Value::String(name)) => named(name, entries(map).filter(|(key, _)| *key != "type").collect()),
            Some(_) => Err(FORMS.to_owned()),
            None => tagged(map),
        },
        Some(_) => Err(FORMS.to_owned()),
    }
}

fn tagged(map: &Map<String, Value>) -> Result<StrategyForm<'_>, String> {
    let mut all = entries(map);
    match (all.next(), all.next()) {
        (Some((name, Value::Object(parameters))), None) => named(name, entries(parameters).collect()),
        (Some((name, Value::Null)), None) => named(name, Vec::new()),
        _ => Err(FORMS.to_owned()),
    }
}

fn named<'a>(name: &'a str, parameters: Vec<(&'a str, &'a Value)>) -> Result<StrategyForm<'a>, String> {
    if !name.eq_ignore_ascii_case("none") {
        return Ok(StrategyForm::Named(name, parameters));
    }
    if parameters.is_empty() { Ok(StrategyForm::Nothing) } else { Err("None takes no parameters".to_owned()) }
}

fn entries(map: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    map.iter().map(|(key, value)| (key.as_str(), value))
}
