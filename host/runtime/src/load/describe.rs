//! Judges what `describe` answered. Everything in it ends up in forms, logs and configuration, so
//! names have a form and texts a length. Pure.

use std::collections::BTreeSet;

use pangolin_core::strategy::{Description, Field, FieldKind, HostPattern, SecretUse};
use pangolin_core::warehouse;
use serde_json::Value;

use crate::grants;
use crate::text;

/// The longest life that a strategy may call its shortest: the host lets answers live that long.
const MAX_MIN_TTL_SECONDS: u32 = 43_200;

/// A description that the host refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`describe` gives {what} '{given}': {rule}")]
pub(crate) struct BadDescription {
    what: &'static str,
    given: String,
    rule: &'static str,
}

fn require(holds: bool, what: &'static str, given: &str, rule: &'static str) -> Result<(), BadDescription> {
    if holds { Ok(()) } else { Err(BadDescription { what, given: text::printable(given, 100), rule }) }
}

/// The description, if it is that of both answers. Forms, secrets and grants follow from it: they
/// cannot depend on chance or on the time of asking.
pub(super) fn steady(first: Description, second: &Description) -> Result<Description, BadDescription> {
    let rule = "the next answer is another; it must answer the same every time";
    let (a, b) = (&first, second);
    require(a.name == b.name, "the name", &a.name, rule)?;
    require(a.version == b.version, "the version", &a.version, rule)?;
    require(a.summary == b.summary, "the summary", &a.summary, rule)?;
    let other = a.fields.iter().find(|field| !b.fields.contains(field)).or_else(|| b.fields.get(a.fields.len()));
    require(a.fields == b.fields, "the field", other.map_or("", |field| &field.name), rule)?;
    require(a == b, "schemes, scoping, hosts or bounds of life of", &a.name, rule)?;
    Ok(first)
}

/// The description, or why it is refused.
pub(super) fn checked(mut description: Description) -> Result<Description, BadDescription> {
    let d = &description;
    require(is_name(&d.name, 64), "the name", &d.name, "1 to 64 letters, digits, '-' and '_', a letter first")?;
    // A warehouse writes these two for 'no strategy'.
    require(!["none", "null"].contains(&d.name.to_ascii_lowercase().as_str()), "the name", &d.name, "it is taken")?;
    require(is_version(&d.version), "the version", &d.version, "a semantic version such as 1.2.3")?;
    require(is_line(&d.summary, 300), "the summary", &d.summary, "one line of at most 300 characters")?;
    require((1..=16).contains(&d.schemes.len()), "schemes", &d.schemes.len().to_string(), "1 to 16")?;
    for scheme in &d.schemes {
        let fine =
            (1..=16).contains(&scheme.len()) && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        require(fine, "the scheme", scheme, "1 to 16 lower-case letters and digits")?;
    }
    require(d.fields.len() <= 64, "fields", &d.fields.len().to_string(), "at most 64")?;
    let mut names = BTreeSet::new();
    for field in &d.fields {
        check_field(field)?;
        for host in &field.secret_hosts {
            require(d.hosts.contains(host), "the server of", &field.name, "one of the hosts that are asked for")?;
        }
        for name in std::iter::once(&field.name).chain(&field.aliases) {
            require(names.insert(name.as_str()), "the field or alias", name, "each name once")?;
        }
    }
    require(d.scoping_rules.len() <= 16, "scoping-rules", &d.scoping_rules.len().to_string(), "at most 16")?;
    for rule in &d.scoping_rules {
        let field = d.fields.iter().find(|field| field.name == rule.field);
        let fine = field.is_some_and(|field| !field.is_secret());
        require(fine, "the scoping rule of", &rule.field, "a field that is no secret")?;
        require(is_line(&rule.equals, 100), "the scoping rule of", &rule.field, "a value of at most 100 characters")?;
    }
    require(d.hosts.len() <= 32, "hosts", &d.hosts.len().to_string(), "at most 32")?;
    for host in &d.hosts {
        check_host(host, &d.fields)?;
    }
    let (least, most) = (d.min_ttl_seconds.unwrap_or(0), d.max_ttl_seconds.unwrap_or(u32::MAX));
    require(most > 0 && least <= most, "max-ttl-seconds", &most.to_string(), "more than nothing and than the least")?;
    require(least <= MAX_MIN_TTL_SECONDS, "min-ttl-seconds", &least.to_string(), "at most 43200")?;
    mark_destinations(&mut description);
    Ok(description)
}

fn check_field(field: &Field) -> Result<(), BadDescription> {
    let name = &field.name;
    let snake = is_name(name, 64) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    require(snake, "the field", name, "1 to 64 of [a-z0-9_], a letter first")?;
    require(field.aliases.len() <= 16, "the field", name, "at most 16 aliases")?;
    for alias in &field.aliases {
        let fine = (1..=128).contains(&alias.len())
            && alias.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        require(fine, "the alias", alias, "1 to 128 of [A-Za-z0-9._-]")?;
    }
    // Else the host would take a key that is written there for a plain value, and the guest see it.
    let spellings = || std::iter::once(name).chain(&field.aliases);
    if let Some(secret) = spellings().find(|spelling| !field.is_secret() && warehouse::names_a_secret(spelling)) {
        require(false, "the field or alias", secret, "it is the name of a secret: give the field uses of a secret")?;
    }
    require(is_line(&field.help, 1_000), "the help of", name, "one line of at most 1000 characters")?;
    require(field.secret_uses.len() <= 8, "the field", name, "at most 8 uses of a secret")?;
    require(field.secret_hosts.len() <= 8, "the field", name, "at most 8 servers of a secret")?;
    require(field.is_secret() || field.secret_hosts.is_empty(), "the field", name, "servers are those of a secret")?;
    for secret_use in &field.secret_uses {
        let fine = match secret_use {
            SecretUse::Sigv4(word)
            | SecretUse::Header(word)
            | SecretUse::FormField(word)
            | SecretUse::JsonField(word)
            | SecretUse::Authorization(word) => {
                (1..=64).contains(&word.len())
                    && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            }
            _ => true,
        };
        require(fine, "a use of", name, "service, header, field or scheme: 1 to 64 of [A-Za-z0-9._-]")?;
        if let SecretUse::Other(unknown) = secret_use {
            require(false, "the use of a secret", unknown, "this host does not know it: a newer one may")?;
        }
    }
    if let Some(default) = &field.default {
        require(!field.is_secret(), "a default of", name, "a secret has none")?;
        require(is_line(default, 1_024), "the default of", name, "one line of at most 1024 characters")?;
        require(default_value(field, default).is_some(), "the default of", name, "it must be of the field's kind")?;
        let fine = field.choices.is_empty() || field.choices.contains(default);
        require(fine, "the default of", name, "it must be one of the choices")?;
    }
    require(field.choices.len() <= 64, "the field", name, "at most 64 choices")?;
    require(field.choices.is_empty() || !field.is_secret(), "choices of", name, "a secret has none")?;
    for choice in &field.choices {
        require(!choice.is_empty() && is_line(choice, 100), "a choice of", name, "one line of at most 100 characters")?;
    }
    if let Some(example) = &field.example {
        require(!field.is_secret(), "an example of", name, "a secret has none")?;
        require(is_line(example, 300), "the example of", name, "one line of at most 300 characters")?;
    }
    Ok(())
}

fn check_host(host: &HostPattern, fields: &[Field]) -> Result<(), BadDescription> {
    match host {
        HostPattern::Literal(name) => {
            require(grants::is_host(name), "the host", name, "a lower-case name, or '*.' and a suffix of two labels")
        }
        HostPattern::OfField(name) => {
            let field = fields.iter().find(|field| &field.name == name);
            let fine = field.is_some_and(|field| field.kind == FieldKind::Url && !field.is_secret());
            require(fine, "the host of field", name, "a field of kind url that is no secret")
        }
    }
}

/// A field whose host gets requests decides where secrets go, whether the plugin says so or not.
fn mark_destinations(description: &mut Description) {
    for field in &mut description.fields {
        if description.hosts.iter().any(|host| matches!(host, HostPattern::OfField(name) if *name == field.name)) {
            field.destination = true;
        }
    }
}

/// Values that stand for missing ones, by field name.
pub(crate) fn defaults(description: &Description) -> Vec<(String, Value)> {
    let with_default = |field: &Field| {
        let value = default_value(field, field.default.as_deref()?)?;
        Some((field.name.clone(), value))
    };
    description.fields.iter().filter_map(with_default).collect()
}

fn default_value(field: &Field, default: &str) -> Option<Value> {
    match field.kind {
        FieldKind::Integer => default.parse::<i64>().ok().map(Value::from),
        FieldKind::Boolean => default.parse::<bool>().ok().map(Value::from),
        FieldKind::Text | FieldKind::Url | FieldKind::Role | FieldKind::Json => Some(Value::from(default)),
    }
}

fn is_name(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'))
        && core.split('.').count() == 3
        && core.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_line(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && text::printable(text, longest) == text
}

#[cfg(test)]
mod tests;
