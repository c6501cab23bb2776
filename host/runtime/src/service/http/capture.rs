//! Texts that are taken out of answers into slots of the call, so that a token that one request
//! got can authenticate the next without the guest ever holding it.

use std::collections::BTreeMap;

use pangolin_core::secret::Secret;
use serde_json::Value;
use url::{Origin, Url};

use super::super::leak::{Needles, SHORTEST};
use super::failure::{HttpFailure, HttpFailureKind};
use crate::call::Call;

/// In one request, and in one call.
const MOST: usize = 8;
const MOST_OF_CALL: usize = 16;
/// Longer is no token that a header carries.
const LONGEST: usize = 16 * 1024;
const LONGEST_POINTER: usize = 256;
/// Bytes of an answer that something is taken from: read as JSON it takes many times as much.
const LARGEST_ANSWER: usize = 256 * 1024;

/// What was taken so far, by slot.
#[derive(Debug, Default)]
pub(crate) struct Captured(BTreeMap<String, Held>);

#[derive(Debug)]
struct Held {
    value: Secret<String>,
    /// Where it came from, and may go.
    origin: Origin,
}

impl Captured {
    /// The value of a slot for a request to this URL; none: nothing was taken into the slot.
    pub(super) fn value(&self, slot: &str, url: &Url) -> Option<Result<&Secret<String>, HttpFailure>> {
        let held = self.0.get(slot)?;
        Some(if held.origin == url.origin() {
            Ok(&held.value)
        } else {
            Err(HttpFailure::denied(format!(
                "slot '{slot}' was taken from an answer of {}, and goes back to that server only",
                held.origin.ascii_serialization()
            )))
        })
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Secret<String>> {
        self.0.values().map(|held| &held.value)
    }
}

/// Judges what a request wants to take, before it is sent.
pub(super) fn check(call: &Call, url: &Url, captures: &[(String, String)]) -> Result<(), HttpFailure> {
    if captures.len() > MOST {
        return Err(HttpFailure::invalid(format!("more than {MOST} captures")));
    }
    let new = captures.iter().filter(|(slot, _)| !call.captured.0.contains_key(slot)).count();
    if call.captured.0.len() + new > MOST_OF_CALL {
        return Err(HttpFailure::invalid(format!("more than {MOST_OF_CALL} captured slots in one call")));
    }
    for (at, (slot, pointer)) in captures.iter().enumerate() {
        let shown = || crate::text::printable(slot, 64);
        let is_name = (1..=64).contains(&slot.len())
            && slot.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name {
            return Err(HttpFailure::invalid(format!(
                "'{}' is no name of a captured slot: [a-z0-9_]{{1,64}}",
                shown()
            )));
        }
        let is_field = call.fields.iter().any(|field| field.name == *slot || field.aliases.contains(slot));
        if is_field || call.slots.contains_key(slot) || call.config.contains_key(slot) {
            return Err(HttpFailure::denied(format!("slot '{}' is one of the configuration's", shown())));
        }
        if pointer.len() > LONGEST_POINTER || !(pointer.is_empty() || pointer.starts_with('/')) {
            return Err(HttpFailure::invalid(format!("the pointer of '{}' is none of RFC 6901", shown())));
        }
        let earlier = captures.iter().take(at);
        if earlier.into_iter().any(|(other, place)| other == slot || place == pointer) {
            return Err(HttpFailure::invalid(format!("'{}' is captured twice", shown())));
        }
        if let Some(Err(elsewhere)) = call.captured.value(slot, url) {
            return Err(elsewhere);
        }
    }
    Ok(())
}

/// Takes out of the answer what was asked for. The result is the body that the guest gets
/// instead, if anything was taken; the values are then among `never`, which must not be in it.
#[expect(clippy::disallowed_methods, reason = "values are added to what is looked for in the answer")]
pub(super) fn take(
    call: &mut Call,
    url: &Url,
    captures: &[(String, String)],
    body: &[u8],
    never: &mut Needles,
) -> Result<Option<Vec<u8>>, HttpFailure> {
    if captures.is_empty() {
        return Ok(None);
    }
    if body.len() > LARGEST_ANSWER {
        return Err(withheld(&format!(
            "it has more than {LARGEST_ANSWER} bytes, and something was to be taken from it"
        )));
    }
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return Ok(None) };
    let mut taken = false;
    for (slot, pointer) in captures {
        let Some(Value::String(place)) = document.pointer_mut(pointer) else { continue };
        let value = Secret::new(std::mem::replace(place, format!("<captured:{slot}>")));
        if !is_token(value.expose()) {
            return Err(withheld(&format!(
                "what stands where '{slot}' is taken from is no token of {SHORTEST} to {LONGEST} printable characters"
            )));
        }
        never.add(value.expose());
        call.masked.push(value.clone());
        call.captured.0.insert(slot.clone(), Held { value, origin: url.origin() });
        taken = true;
    }
    if !taken {
        return Ok(None);
    }
    serde_json::to_vec(&document).map(Some).map_err(|_| withheld("it cannot be written again"))
}

/// Long enough to be found again wherever it turns up, and of characters that every form carries.
fn is_token(text: &str) -> bool {
    (SHORTEST..=LONGEST).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

fn withheld(why: &str) -> HttpFailure {
    HttpFailure { kind: HttpFailureKind::Protocol, message: format!("the server's answer is withheld: {why}") }
}
