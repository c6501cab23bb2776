//! Configurations: what is whole is taken, what is not is refused with the field's name, and
//! nothing stops the component.

use std::collections::BTreeMap;

use pangolin_core::ports::Strategies as _;
use pangolin_core::strategy::{Field, FieldKind};
use serde_json::Value;

use super::suite::{Suite, told};
use crate::lab::was_stopped;

const GROUP: &str = "config";

/// Values that nobody expects.
const ODD: [&str; 6] = ["\u{1f511}", "' OR 1=1 --", "${jndi:ldap://x}", "%00%0a", "{\"a\":[1,2]}", "\u{202e}abc"];

pub(super) async fn run(suite: &mut Suite<'_>) {
    let why = match suite.setting.invented.as_slice() {
        [] => None,
        invented => Some(format!("made up: {}", invented.join(", "))),
    };
    suite.report.judge(GROUP, "complete", Ok(why));
    let fields: Vec<Field> = suite.description().fields.clone();
    for field in fields.iter().filter(|field| field.required) {
        missing(suite, field).await;
    }
    for field in fields.iter().filter(|field| !field.is_secret()) {
        wrong_kind(suite, field).await;
        wrong_choice(suite, field).await;
    }
    unknown(suite).await;
    odd(suite, &fields).await;
    judged(suite, "no-secrets-stop-nothing", suite.setting.without_secrets().warehouse.config.clone(), true).await;
}

/// The host names the field, and the component survives without it.
async fn missing(suite: &mut Suite<'_>, field: &Field) {
    let spellings: Vec<&String> = std::iter::once(&field.name).chain(&field.aliases).collect();
    let mut config = suite.setting.config.clone();
    config.retain(|name, _| !spellings.contains(&name));
    let mut slots = suite.setting.slots.clone();
    slots.remove(&field.name);
    let named = names(suite, &config, &slots, &field.name);
    let mut without = suite.setting.warehouse.config.clone();
    without.remove(&field.name);
    let survived = survives(suite, without, field.is_secret()).await;
    suite.report.judge(GROUP, format!("missing-{}", field.name), named.and(survived));
}

async fn wrong_kind(suite: &mut Suite<'_>, field: &Field) {
    let wrong = match field.kind {
        FieldKind::Integer => "three",
        FieldKind::Boolean => "perhaps",
        FieldKind::Url => "no url",
        FieldKind::Json => "{",
        FieldKind::Role => "two words",
        FieldKind::Text => return,
    };
    refused(suite, &format!("kind-{}", field.name), field, wrong).await;
}

async fn wrong_choice(suite: &mut Suite<'_>, field: &Field) {
    if !field.choices.is_empty() && matches!(field.kind, FieldKind::Text | FieldKind::Role) {
        refused(suite, &format!("choice-{}", field.name), field, "none-of-the-choices").await;
    }
}

/// The host refuses the value, and the component survives it.
async fn refused(suite: &mut Suite<'_>, name: &str, field: &Field, wrong: &str) {
    let mut config = suite.setting.config.clone();
    config.retain(|name, _| !field.aliases.contains(name));
    config.insert(field.name.clone(), Value::from(wrong));
    let named = names(suite, &config, &suite.setting.slots.clone(), &field.name);
    let mut with = suite.setting.warehouse.config.clone();
    with.insert(field.name.clone(), Value::from(wrong));
    let survived = survives(suite, with, false).await;
    suite.report.judge(GROUP, name, named.and(survived));
}

/// Whether a warehouse of this body is refused by the field's name.
fn names(
    suite: &Suite<'_>,
    config: &BTreeMap<String, Value>,
    slots: &pangolin_core::ports::SlotValues,
    field: &str,
) -> Result<Option<String>, String> {
    match suite.lab.maker().make(&suite.base, config, slots) {
        Ok(_) => Err("a warehouse without it, or with this value, is accepted".to_owned()),
        Err(problems) if problems.problems().iter().any(|problem| problem.field == field) => Ok(None),
        Err(problems) => Err(format!("no problem names '{field}': {problems}")),
    }
}

/// Asked past the host's judgement, the component answers.
async fn survives(
    suite: &Suite<'_>,
    config: BTreeMap<String, Value>,
    without_secrets: bool,
) -> Result<Option<String>, String> {
    let setting = if without_secrets { &suite.setting.without_secrets() } else { suite.setting };
    match suite.lab.loaded.runtime.check_config(&setting.with_config(config).warehouse).await {
        Ok(problems) => match problems.iter().find(|problem| suite.watch.has_secret(&problem.message)) {
            Some(_) => Err("a problem holds the value of a secret".to_owned()),
            None => Ok(None),
        },
        Err(error) if was_stopped(&error) => Err(format!("check-config was stopped: {}", told(&error))),
        Err(error) => Err(format!("check-config failed: {}", told(&error))),
    }
}

async fn judged(suite: &mut Suite<'_>, name: &str, config: BTreeMap<String, Value>, without_secrets: bool) {
    let survived = survives(suite, config, without_secrets).await;
    suite.report.judge(GROUP, name, survived);
}

/// Later versions of the host give more.
async fn unknown(suite: &mut Suite<'_>) {
    let mut config = suite.setting.warehouse.config.clone();
    config.insert("zz_of_a_later_host".to_owned(), Value::from("x"));
    config.insert("zz_number".to_owned(), Value::from(1.5));
    config.insert("zz_null".to_owned(), Value::Null);
    let setting = suite.setting.with_config(config);
    suite.report.judge(
        GROUP,
        "unknown-names-are-ignored",
        match suite.lab.loaded.runtime.check_config(&setting.warehouse).await {
            Ok(problems) if problems.is_empty() => Ok(None),
            Ok(problems) => Err(format!(
                "a field of a later host is a problem: {}",
                problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>().join("; ")
            )),
            Err(error) => Err(told(&error)),
        },
    );
}

/// What is refused with a reason is well; what stops the component is not.
async fn odd(suite: &mut Suite<'_>, fields: &[Field]) {
    let long = "x".repeat(8_000);
    let mut failed = Ok(None);
    for field in fields.iter().filter(|field| !field.is_secret()) {
        for value in ODD.iter().copied().chain([long.as_str()]) {
            let mut config = suite.setting.warehouse.config.clone();
            config.insert(field.name.clone(), Value::from(value));
            if let Err(why) = survives(suite, config, false).await {
                failed = Err(format!("'{}' as {}: {why}", field.name, crate::shown::printable(value, 40)));
            }
        }
    }
    suite.report.judge(GROUP, "odd-values-stop-nothing", failed);
}
