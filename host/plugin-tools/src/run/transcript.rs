//! A run as a scenario that repeats it, without any secret: those of the configuration, what was
//! minted, and what servers answered under the name of one.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use pangolin_core::strategy::Minted;
use pangolin_egress::{EgressError, Response};
use serde_json::Value;

use crate::call::Setting;
use crate::planted::Planted;
use crate::scenario::{Exchange, Failure, Recorded, Scenario};
use crate::upstream::Seen;

/// Shorter texts are words.
const SHORTEST: usize = 8;

/// Headers of an answer that a strategy may read.
const KEPT_HEADERS: [&str; 3] = ["content-type", "retry-after", "location"];

/// Whether a value of this name is a secret.
pub(crate) fn is_sensitive(name: &str) -> bool {
    let folded = name.to_ascii_lowercase().replace(['-', '_'], "");
    let parts =
        ["token", "secret", "password", "passwd", "signature", "assertion", "authorization", "credential", "cookie"];
    (parts.iter().any(|part| folded.contains(part)) || folded.ends_with("key") || folded == "value")
        && !folded.ends_with("type")
}

/// The scenario of a run.
pub(super) fn of(
    base: &str,
    recorded: Recorded,
    setting: &Setting,
    seen: &[Seen],
    minted: Option<&Minted>,
) -> Scenario {
    let hidden = hidden(setting, seen, minted);
    let masks = RefCell::new(Vec::new());
    let mask = |text: &str| hidden.mask_with(text, |found| shape(found, &mut masks.borrow_mut()));
    let secrets = setting.slots.keys().map(|name| (name.clone(), "".into())).collect();
    let upstream = seen.iter().map(|seen| exchange(seen, &mask)).collect();
    Scenario {
        base: Some(base.to_owned()),
        recorded: Some(recorded),
        config: setting.config.clone(),
        secrets,
        upstream,
    }
}

/// Writes a file that its owner alone reads.
pub(super) fn write(scenario: &Scenario, path: &Path) -> anyhow::Result<()> {
    let text = scenario.to_text(path)?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritten = || format!("{} cannot be written", path.display());
    // Made with mode 0600, and put in place whole.
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(unwritten)?;
    file.write_all(text.as_bytes()).with_context(unwritten)?;
    file.persist(path).with_context(unwritten)?;
    Ok(())
}

fn exchange(seen: &Seen, mask: &impl Fn(&str) -> String) -> Exchange {
    let url = seen.request.url.as_str();
    let masked = mask(url);
    // A URL with a secret in it is known by what stands before.
    let same: usize = url.chars().zip(masked.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let url = if masked == url { masked } else { format!("{}*", url.get(..same).unwrap_or_default()) };
    let empty = Exchange {
        method: seen.request.method.to_string(),
        url,
        body_contains: Vec::new(),
        requires: Vec::new(),
        times: Some(1),
        delay_ms: None,
        failure: None,
        status: 200,
        body: String::new(),
        headers: std::collections::BTreeMap::new(),
    };
    match &seen.answer {
        Err(error) => Exchange { failure: Some(failure(error)), ..empty },
        Ok(answer) => {
            let kept = answer.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
            let headers =
                kept.map(|(name, value)| (name.as_str().to_owned(), mask(&String::from_utf8_lossy(value.as_bytes()))));
            let body = mask(&String::from_utf8_lossy(&answer.body));
            Exchange { status: answer.status.as_u16(), headers: headers.collect(), body, ..empty }
        }
    }
}

fn failure(error: &EgressError) -> Failure {
    match error {
        EgressError::Dns { .. } => Failure::Dns,
        EgressError::Connect { .. } | EgressError::Denied(_) | EgressError::Setup(_) => Failure::Connect,
        EgressError::Tls { .. } => Failure::Tls,
        EgressError::Timeout { .. } => Failure::Timeout,
        EgressError::TooLarge { .. } | EgressError::Protocol { .. } => Failure::Protocol,
    }
}

/// Everything that must not be in a transcript.
#[expect(clippy::disallowed_methods, reason = "values become what is masked")]
fn hidden(setting: &Setting, seen: &[Seen], minted: Option<&Minted>) -> Planted {
    let mut hidden = setting.planted();
    for (key, value) in minted.iter().flat_map(|minted| &minted.credentials).flat_map(|credential| &credential.entries)
    {
        hidden.add(key, value.expose());
    }
    for answer in seen.iter().filter_map(|seen| seen.answer.as_ref().ok()) {
        for value in sensitive(answer) {
            hidden.add("answer", &value);
        }
    }
    hidden
}

/// Values of an answer under the name of a secret.
fn sensitive(answer: &Response) -> Vec<String> {
    let text = String::from_utf8_lossy(&answer.body);
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        members(&value, &mut found);
    }
    // Elements of XML without others in them.
    for element in text.split('<').skip(1) {
        if let Some((name, value)) = element.split_once('>')
            && is_sensitive(name)
        {
            found.push(value.trim().to_owned());
        }
    }
    for (name, value) in url::form_urlencoded::parse(&answer.body) {
        if is_sensitive(&name) {
            found.push(value.into_owned());
        }
    }
    found.retain(|value| value.len() >= SHORTEST);
    found
}

fn members(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text) if is_sensitive(name) => found.push(text.clone()),
                    other => members(other, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

/// A text of the same form that says nothing: letters and digits are `A`, but the first, which
/// tells one value from another.
fn shape(found: &str, known: &mut Vec<String>) -> String {
    let index = known.iter().position(|text| text == found).unwrap_or_else(|| {
        known.push(found.to_owned());
        known.len() - 1
    });
    let letter = u8::try_from(index % 26).map_or('A', |index| char::from(b'A' + index));
    let mut first = Some(letter);
    found.chars().map(|c| if c.is_alphanumeric() { first.take().unwrap_or('A') } else { c }).collect()
}
