//! Checks what a guest answers. Nothing in it is trusted: not its size, not its names, not where
//! it opens, not how long it lives. Pure.

mod key;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeSet;

use pangolin_core::access::{Access, Scope};
use pangolin_core::clock::UnixMillis;
use pangolin_core::location::Location;
use pangolin_core::revocation::Issued;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{
    ConfigProblem, Description, FieldKind, Minted, MintedCredential, Scoping, SecretUse, StrategyError,
    StrategyErrorKind,
};

use crate::bindings::strategy as wit;
use crate::bindings::types::{Credential, Entry, Value};
use crate::call::Call;
use crate::limits::Limits;
use crate::service::Needles;
use crate::text;

pub(crate) use self::url::{UrlTerms, presigned};

/// Properties of one credential (the contract's number).
const MAX_ENTRIES: usize = 32;

/// Problems that one `check-config` may report.
const MAX_PROBLEMS: usize = 64;

/// Bytes of a handle.
pub(crate) const MAX_HANDLE_BYTES: usize = 4 * 1024;

/// How far the issuer's clock may be ahead of ours.
const SKEW_SECONDS: i64 = 60;

/// 9999-12-31T23:59:59Z: later instants have no usual text.
const END_OF_CALENDAR: UnixMillis = UnixMillis(253_402_300_799_000);

fn bad(code: &str, message: impl Into<String>) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Plugin, code, message)
}

/// The problems that `check-config` found, cut and escaped.
pub(crate) fn problems(problems: Vec<wit::ConfigProblem>) -> Vec<ConfigProblem> {
    let shown = problems.into_iter().take(MAX_PROBLEMS).map(|problem| ConfigProblem {
        field: text::printable(&problem.field, 128),
        message: text::printable(&problem.message, 1_000),
    });
    shown.collect()
}

/// What an answer is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// Who answers.
    pub(crate) description: &'a Description,
    /// Digest of the component.
    pub(crate) digest: &'a str,
    /// Bounds of the call.
    pub(crate) limits: &'a Limits,
    /// What was asked for.
    pub(crate) scopes: &'a [Scope],
    /// The access that was asked for.
    pub(crate) access: Access,
    /// How narrow the strategy's credentials are for this warehouse.
    pub(crate) scoping: Scoping,
    /// Whether the host ends what the strategy mints.
    pub(crate) leases: bool,
    /// The life that was asked for.
    pub(crate) ttl_seconds: u32,
    /// Now.
    pub(crate) now: UnixMillis,
}

/// The answer as the host passes it on, or why it does not.
pub(crate) fn check(terms: &Terms<'_>, call: Call, answer: Vec<Credential>) -> Result<Minted, StrategyError> {
    let limits = terms.limits;
    if answer.is_empty() {
        return Err(bad("plugin-bad-answer", "the plugin answered without any credential"));
    }
    if answer.len() > limits.answer_credentials {
        let most = limits.answer_credentials;
        return Err(bad("plugin-answer-size", format!("the plugin answered with more than {most} credentials")));
    }
    let bytes = answer.iter().map(size).fold(0, usize::saturating_add);
    if bytes > limits.answer_bytes {
        let most = limits.answer_bytes;
        return Err(bad(
            "plugin-answer-size",
            format!("the plugin answered with more than {most} bytes (answer_bytes)"),
        ));
    }
    let life = Life::new(terms);
    let mut issued = call.issued.clone();
    if answer.iter().flat_map(|credential| &credential.entries).any(|entry| matches!(entry.value, Value::Slot(_))) {
        issued.push(Issued::StoredKey);
    }
    let mut credentials = Vec::with_capacity(answer.len());
    for credential in answer {
        check_prefix(&credential.prefix, terms.scopes)?;
        let expires_at = life.check(credential.expires_at_ms)?;
        let entries = entries(credential.entries, &call, terms.scoping)?;
        let handle = handle(credential.handle)?;
        if terms.leases && handle.is_none() && expires_at.is_none() {
            return Err(bad("plugin-bad-answer", "the plugin leases, and answered without a handle to end it by"));
        }
        credentials.push(MintedCredential { prefix: credential.prefix, entries, expires_at, handle });
    }
    Ok(Minted {
        credentials,
        access: terms.access,
        strategy: terms.description.name.clone(),
        version: terms.description.version.clone(),
        digest: terms.digest.to_owned(),
        proof: call.proof,
        issued,
    })
}

fn size(credential: &Credential) -> usize {
    let values = credential.entries.iter().map(|entry| {
        let value = match &entry.value {
            Value::Plain(text) | Value::Slot(text) => text,
        };
        entry.key.len().saturating_add(value.len())
    });
    values.fold(credential.prefix.len(), usize::saturating_add)
}

/// The prefix must be a scope, or lie below one. A scope ends in `/`, so a prefix without it
/// (`orders`, which clients also match against `orders2`) never passes.
fn check_prefix(prefix: &str, scopes: &[Scope]) -> Result<(), StrategyError> {
    let inside =
        Location::parse(prefix).is_ok() && scopes.iter().any(|scope| prefix.starts_with(scope.location.as_str()));
    if inside {
        return Ok(());
    }
    Err(bad(
        "plugin-wider-scope",
        format!(
            "the plugin answered with a credential for '{}', which is not inside what was asked for",
            text::printable(prefix, 200)
        ),
    ))
}

/// How long a credential may live.
struct Life {
    now: UnixMillis,
    latest: UnixMillis,
    /// A strategy that cannot narrow may mint what does not expire; it says so by `unscoped`. What is
    /// leased ends by the host.
    may_be_endless: bool,
}

impl Life {
    fn new(terms: &Terms<'_>) -> Self {
        // An issuer that cannot mint less than its least gives that.
        let ttl = terms.ttl_seconds.max(terms.description.min_ttl_seconds.unwrap_or(0));
        let asked = terms.now.plus_seconds(i64::from(ttl).saturating_add(SKEW_SECONDS));
        let is_unscoped = terms.scoping == Scoping::Unscoped;
        Self {
            now: terms.now,
            // Nor does a strategy that passes on what it gets choose how long that lives.
            latest: if is_unscoped { END_OF_CALENDAR } else { asked },
            may_be_endless: terms.leases || is_unscoped,
        }
    }

    fn check(&self, expires_at_ms: Option<u64>) -> Result<Option<UnixMillis>, StrategyError> {
        let Some(at) = expires_at_ms else {
            return if self.may_be_endless {
                Ok(None)
            } else {
                Err(bad("plugin-longer-life", "the plugin answered with a credential that does not expire"))
            };
        };
        let at = UnixMillis(i64::try_from(at).unwrap_or(i64::MAX));
        if at > self.latest {
            return Err(bad(
                "plugin-longer-life",
                format!(
                    "the plugin answered with a credential until {}, {} is the latest: it must not live longer than \
                     asked for, or the host's clock is behind the issuer's",
                    at.to_rfc3339(),
                    self.latest.to_rfc3339()
                ),
            ));
        }
        if at <= self.now {
            return Err(bad(
                "plugin-expired-answer",
                format!(
                    "the plugin answered with a credential that ended at {}: it is stale, or the host's clock is ahead",
                    at.to_rfc3339()
                ),
            ));
        }
        Ok(Some(at))
    }
}

/// By what the host ends a credential.
pub(crate) fn handle(text: Option<String>) -> Result<Option<Secret<String>>, StrategyError> {
    match text {
        Some(text) if text.is_empty() || text.len() > MAX_HANDLE_BYTES => {
            Err(bad("plugin-bad-answer", format!("a handle has 1 to {MAX_HANDLE_BYTES} bytes")))
        }
        text => Ok(text.map(Secret::new)),
    }
}

/// Properties with their values, slots filled in.
fn entries(entries: Vec<Entry>, call: &Call, scoping: Scoping) -> Result<Vec<(String, Secret<String>)>, StrategyError> {
    if !(1..=MAX_ENTRIES).contains(&entries.len()) {
        return Err(bad("plugin-bad-answer", format!("a credential has 1 to {MAX_ENTRIES} properties")));
    }
    let mut seen = BTreeSet::new();
    let mut out = Vec::with_capacity(entries.len());
    let kept = kept(call);
    for entry in entries {
        key::check(&entry.key)?;
        if !seen.insert(entry.key.clone()) {
            return Err(bad("plugin-bad-answer", format!("the property '{}' is there twice", entry.key)));
        }
        let value = match entry.value {
            Value::Plain(value) if value.is_empty() || value.chars().any(char::is_control) => {
                return Err(bad("plugin-bad-answer", format!("the value of '{}' has no valid form", entry.key)));
            }
            // It got there by no way that the host gave it.
            Value::Plain(value) if kept.are_in(value.as_bytes()) => {
                return Err(bad(
                    "plugin-secret",
                    format!("the value of '{}' holds a secret of the warehouse; a plugin names the slot", entry.key),
                ));
            }
            Value::Plain(value) => Secret::new(value),
            // A stored key opens what it opens: whoever hands it out has narrowed nothing.
            Value::Slot(_) if scoping != Scoping::Unscoped => {
                return Err(bad(
                    "plugin-slot-refused",
                    "the plugin answered with the value of a slot and does not describe itself as 'unscoped': a \
                     stored key opens all that it opens",
                ));
            }
            Value::Slot(slot) => match slot_value(&slot, call)? {
                // Clients write it into headers and files of settings.
                value if !value.is_one_line() && !is_document(&slot, call) => {
                    return Err(StrategyError::new(
                        StrategyErrorKind::InvalidConfig,
                        "secret-malformed",
                        format!("the value of '{slot}' has a line break or another control character: give it again"),
                    ));
                }
                value => value,
            },
        };
        out.push((entry.key, value));
    }
    Ok(out)
}

/// Whether a slot holds a JSON document, which has lines.
fn is_document(slot: &str, call: &Call) -> bool {
    call.fields.iter().any(|field| field.name == slot && field.kind == FieldKind::Json)
}

/// The warehouse's secrets, but for what could be a word of an answer by chance.
#[expect(clippy::disallowed_methods, reason = "values are looked for in the guest's answer")]
fn kept(call: &Call) -> Needles {
    const NO_WORD: usize = 12;
    let mut needles = Needles::default();
    for value in call.slots.values().map(Secret::expose).filter(|value| value.len() >= NO_WORD) {
        needles.add(value);
    }
    needles
}

/// The value of a slot that may go out as it is.
fn slot_value(slot: &str, call: &Call) -> Result<Secret<String>, StrategyError> {
    let may_go_out =
        call.fields.iter().any(|field| field.name == slot && field.secret_uses.contains(&SecretUse::CredentialValue));
    let value = may_go_out.then(|| call.slots.get(slot)).flatten();
    value.cloned().ok_or_else(|| {
        let why = match call.lacking.secret_use(slot, &SecretUse::CredentialValue) {
            Some(lines) => lines,
            None if may_go_out => "it has no value".to_owned(),
            None => "its field has no use 'credential-value'".to_owned(),
        };
        let slot = text::printable(slot, 100);
        bad("plugin-slot-refused", format!("the plugin answered with the value of slot '{slot}': {why}"))
    })
}
